"""What `identity consents` and `identity consent` report: what holds for a person, why, and all that was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from identity.bootstrap import Service
from identity.flows.consent import Agreement, Said, Teller, Told
from identity.model.cluster import GoldenId
from identity.model.consent import Effective, Held, Identifier
from identity.model.consent_fact import ConsentFact
from identity.model.errors import LookupFailed
from identity.steps.disclose import mask
from identity.steps.receipt import receipt

__all__ = ["agreement_report", "consents_report", "receipt_report", "told_report", "was_told_report"]


def consents_report(service: Service, golden_id: GoldenId, *, clear: bool) -> dict[str, Any]:
    """Return what a person agreed to. LookupFailed E501 for an id never issued, E533 for one who was erased."""
    found = service.consents.agreement(golden_id)
    if found is None:
        raise LookupFailed("E533", "The person was erased, with all that they said.", "Forget the id.")
    return agreement_report(found, clear=clear)


def agreement_report(found: Agreement, *, clear: bool) -> dict[str, Any]:
    """Return what holds, then facts and statements; identifiers are masked unless the reader sees in `clear`."""
    return {
        "golden_id": found.golden_id,
        "redirected_from": found.redirected_from,
        "version": found.version,
        "consents": [_consent(name, each, clear) for name, each in found.effective.items()],
        "facts": [_fact(fact, clear) for fact in found.facts],
        "statements": [
            {
                "record": str(record.key),
                **_names(consent),
                "status": status,
                "captured_at": _iso(record.captured.get(consent)),
                "observed_at": _iso(record.observed_at),
            }
            for record in found.records
            for consent, status in sorted(record.consents.items())
        ],
    }


def _consent(name: str, found: Effective, clear: bool) -> dict[str, Any]:
    return {
        **_names(name),
        **_held(found.held),
        "identifiers": [
            {**_identifier(identifier, clear), **_held(each)}
            for identifier, each in found.identifiers.items()
        ],
    }


def _names(consent: str) -> dict[str, str]:
    purpose, _, channel = consent.partition(".")
    return {"purpose": purpose, "channel": channel}


def _held(held: Held) -> dict[str, Any]:
    return {
        "status": held.status,
        "reason": held.reason,
        "since": _iso(held.since),
        "until": _iso(held.until),
    }


def _identifier(identifier: Identifier, clear: bool) -> dict[str, str]:
    kind, value = identifier
    return {"kind": kind, "value": value if clear or kind == "record" else mask(kind, value)}


def _fact(fact: ConsentFact, clear: bool) -> dict[str, Any]:
    return {
        "fact_id": fact.fact_id,
        "origin": fact.origin.value,
        "purpose": fact.purpose,
        "channel": fact.channel,
        "status": fact.status,
        "captured_at": _iso(fact.captured_at),
        "received_at": _iso(fact.received_at),
        "expires_at": _iso(fact.expires_at),
        "told_by": fact.source,
        "jurisdiction": fact.jurisdiction,
        "basis": fact.basis,
        "notice_version": fact.notice,
        "evidence": fact.evidence if clear else None,
        "identifier": _identifier(fact.identifier, clear) if fact.identifier else None,
        "records": [str(key) for key in fact.records],
    }


def told_report(service: Service, said: Sequence[Said], teller: Teller) -> dict[str, Any]:
    """Keep what was said; return the facts, and what holds since for everybody concerned."""
    return _told(teller.operation_id, service.consents.tell(said, teller))


def was_told_report(service: Service, operation_id: str) -> dict[str, Any] | None:
    """Return what an operation kept, and what holds now; None for one that kept nothing."""
    found = service.consents.told_in(operation_id)
    return _told(operation_id, found) if found else None


def _told(operation_id: str, told: Sequence[Told]) -> dict[str, Any]:
    return {"operation_id": operation_id, "facts": [_outcome(each) for each in told]}


def _outcome(told: Told) -> dict[str, Any]:
    fact = told.fact
    return {
        "fact_id": fact.fact_id,
        "purpose": fact.purpose,
        "channel": fact.channel,
        "status": fact.status,
        "captured_at": _iso(fact.captured_at),
        "expires_at": _iso(fact.expires_at),
        "profiles": [
            {"golden_id": golden_id, "status": status} for golden_id, status in _sorted(told.statuses)
        ],
    }


def _sorted(statuses: Mapping[GoldenId, str]) -> list[tuple[GoldenId, str]]:
    return sorted(statuses.items())


def receipt_report(service: Service, fact_id: str) -> dict[str, Any]:
    """Return the receipt of a fact. LookupFailed E531 for one nobody knows."""
    found = service.consents.told(fact_id)
    if found is None:
        raise LookupFailed("E531", "No fact of consent is known by this.", "Look at the person's consents.")
    return receipt(found.fact, service.consents.policy, sorted(found.statuses))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
