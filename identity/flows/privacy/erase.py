"""erase: a person → an id that answers 410, and marks by which they stay away.

Their records are taken out as if their sources had deleted them, which settles whoever they were linked with; then
everything that is stored of them goes, in the same transaction as the event that tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import orjson

from identity.flows.online.blinds import blind_unheld, reached_by
from identity.flows.online.desk import Desk, claims_on_profiles, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.settle import attempt, refuse_another_index, settle
from identity.flows.redo import drain
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId
from identity.model.consent import Identifier
from identity.model.errors import Contention, DecisionRefused, LookupFailed
from identity.model.loyalty import LOYALTY
from identity.model.privacy import Erasure, PrivacyRequest, PrivacyStatus
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival, Change, Event, OnlineWork, ProfileRow, ProfileState, StoredRecord
from identity.steps.normalise import normalise
from identity.steps.suppress import key_mark, marks

__all__ = ["erase", "members_of", "reached_of", "taken_out"]

_INLINE = 500
_CONTACTS = ("email", "phone", "tax_id", "loyalty_id", "street_address")


def erase(desk: Desk, request: PrivacyRequest, correlation_id: str | None = None, actor: str = "") -> Erasure:
    """Erase the person that `request` is about, and keep the request with what was done; `actor` carries it out, by
    default who received it.

    LookupFailed E501 for an id that was never issued; DecisionRefused where it is merged away (its survivor has to be
    asked for) or erased already.
    """
    erasure, queued = attempt(desk, partial(_erase, desk, request, correlation_id, actor or request.actor))
    if queued:
        drain(desk, _INLINE)
    return erasure


def _erase(
    desk: Desk, request: PrivacyRequest, correlation_id: str | None, actor: str, work: OnlineWork
) -> tuple[Erasure, int]:
    refuse_another_index(work, desk)
    _state(work, request.golden_id)
    traces = work.traces(request.golden_id)
    everything = (*traces.records, *traces.former)
    work.claim([*claims_on_profiles(desk, traces.golden_ids), *claims_on_records(desk, everything)])
    if work.traces(request.golden_id) != traces:
        raise Contention("E406", "Somebody else changed this person meanwhile.", "Try again.")
    stored = work.stored(everything)
    erasure = Erasure(
        request.request_id, traces.golden_ids, len(everything), _marks(desk, everything, stored), work.at
    )
    settled = settle(
        work, desk, taken_out(work, [stored[key] for key in traces.records]), "erase", correlation_id
    )
    texts = {text for each in stored.values() for text in _contacts(each)}
    reached = reached_of(work, stored)
    work.erase(erasure, everything, members_of(desk, everything))
    blind_unheld(work, desk, reached)
    work.forget_texts(texts)
    _tell(work, desk, erasure, everything)
    _close(work, desk, erasure, _state(work, request.golden_id), correlation_id, changed=settled is not None)
    work.put_request(_carried_out(request, erasure))
    work.audit(_entry(request, erasure, actor))
    return erasure, settled.queued if settled else 0


def _state(work: OnlineWork, golden_id: GoldenId) -> ProfileState:
    state = work.profiles([golden_id]).get(golden_id)
    if state is None:
        raise LookupFailed("E501", "No profile has this golden id.", "Look it up by something else.")
    if state.status not in ("live", "empty"):
        raise DecisionRefused(
            "NOT_LIVE",
            f"The profile is {state.status}.",
            "Ask for the id that answers for it, if there is one.",
        )
    return state


def _marks(desk: Desk, keys: Sequence[RecordKey], stored: Mapping[RecordKey, StoredRecord]) -> frozenset[int]:
    digest = desk.cabinet.digest
    found = {key_mark(key, digest) for key in keys}
    for key, record in stored.items():
        found |= marks(key, normalise(record.record).features, digest)
    return frozenset(found)


def taken_out(work: OnlineWork, live: Sequence[StoredRecord]) -> list[Restated]:
    """Take live records out as their source would; return what that restates."""
    gone = [Arrival(SourceRecord(each.record.key, {}, None), "", each.mode, deleted=True) for each in live]
    numbers = work.put(gone)
    return [Restated(each.record.key, numbers[each.record.key], each, None) for each in live]


def reached_of(work: OnlineWork, stored: Mapping[RecordKey, StoredRecord]) -> set[Identifier]:
    """Return what these records are reached by, and what facts about them are for: what they were reached by once."""
    facts = work.facts(stored.keys()) if work.facts_known else []
    return reached_by(each.record for each in stored.values()) | {
        fact.identifier for fact in facts if fact.identifier
    }


def _contacts(stored: StoredRecord) -> list[str]:
    return [stored.record.attributes[name] for name in _CONTACTS if name in stored.record.attributes]


def _tell(work: OnlineWork, desk: Desk, erasure: Erasure, keys: Sequence[RecordKey]) -> None:
    """Say to those who keep systems in step which accounts are concerned: the event names none."""
    known = work.followers()
    told = {system.name for system in desk.systems() if system.named or system.name in known}
    if told:
        accounts = _accounts(desk, keys)
        work.put_errands(erasure.erasure_id, {name: accounts[name] for name in accounts if name in told})


def members_of(desk: Desk, keys: Sequence[RecordKey]) -> Sequence[str]:
    """Return the numbers under which a loyalty platform knows these records."""
    return _accounts(desk, keys).get(LOYALTY, ())


def _accounts(desk: Desk, keys: Sequence[RecordKey]) -> dict[str, list[str]]:
    """Return the numbers under which each system knows these records."""
    return {
        system.name: sorted({key.source_record_id for key in keys if key.source in system.sources})
        for system in desk.systems()
    }


def _close(
    work: OnlineWork,
    desk: Desk,
    erasure: Erasure,
    state: ProfileState,
    correlation_id: str | None,
    *,
    changed: bool,
) -> None:
    """Say of the profile that it is erased, and tell everybody."""
    golden_id, version = state.golden_id, state.version + 1
    if not changed:
        work.put_change(Change(desk.new_id(), "erase", "machine", work.at, "", correlation_id, None))
    work.put_profiles([ProfileRow(golden_id, version, "erased", 0, "", state.created_at, "{}", "{}")])
    told = {"golden_id": golden_id, "erasure_id": erasure.erasure_id}
    retired = erasure.golden_ids[1:]
    body = orjson.dumps({**told, **({"retired": list(retired)} if retired else {})}).decode()
    work.append_events([Event("customer.erased", golden_id, version, correlation_id, body)])


def _entry(request: PrivacyRequest, erasure: Erasure, actor: str) -> AuditEntry:
    details: dict[str, str | int | list[str]] = {
        "erasure_id": erasure.erasure_id,
        "golden_ids": list(erasure.golden_ids),
        "records": erasure.records,
    }
    return AuditEntry(actor, AuditAction.ERASE, request.golden_id, details=details)


def _carried_out(request: PrivacyRequest, erasure: Erasure) -> PrivacyRequest:
    report = {"golden_ids": list(erasure.golden_ids), "records": erasure.records, "marks": len(erasure.marks)}
    return replace(request, status=PrivacyStatus.DONE, decided_at=erasure.at, report=report)
