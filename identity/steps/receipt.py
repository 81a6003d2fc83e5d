"""receipt: a fact of consent → the record of it that a person, a regulator or another system can keep.

Shaped on ISO/IEC TS 27560:2023 (consent record information structure).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from identity.model.consent_fact import ConsentFact
from identity.model.consent_policy import ConsentPolicy

__all__ = ["EVENT_STATES", "receipt"]

SCHEMA = "ISO/IEC TS 27560:2023"
EVENT_STATES = {
    "granted": "consent_given",
    "denied": "consent_refused",
    "withdrawn": "consent_withdrawn",
    "objected": "processing_objected",
    "unknown": "consent_unknown",
}


def receipt(fact: ConsentFact, policy: ConsentPolicy, golden_ids: Sequence[str] = ()) -> dict[str, Any]:
    """Return the receipt as JSON would hold it. The person is named by golden ids and records only; what the consent
    is for, by its kind."""
    return {
        "schema_version": SCHEMA,
        "record_id": fact.fact_id,
        "pii_principal_id": list(golden_ids),
        "pii_processing": {
            "privacy_notice": fact.notice,
            "purpose": fact.purpose,
            "collection_method": fact.evidence,
            "communication_channel": fact.channel,
            "identifier_kind": fact.identifier[0] if fact.identifier else None,
            "source_records": [str(key) for key in fact.records],
            "lawful_basis": fact.basis,
            "jurisdiction": fact.jurisdiction,
        },
        "party_identification": [
            {"role": "pii_controller", "name": policy.controller},
            {"role": "source", "name": fact.source},
        ],
        "event": {
            "event_state": EVENT_STATES[fact.status],
            "event_time": _iso(fact.captured_at),
            "received_at": _iso(fact.received_at),
            "valid_until": _iso(fact.expires_at),
            "entity": fact.actor,
        },
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
