"""keep: what a record said, and what it says now → the refusals that it says no more, as facts.

A source that forgets a no, deletes the record, or is heard in another order than it spoke must not undo it. What a
record agreed to and says no more is not kept: silence is not a yes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from identity.features.reach import reached
from identity.model.consent import REFUSALS, dated
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.consent_policy import ConsentPolicy
from identity.model.record import RecordKey, SourceRecord

__all__ = ["keep", "kept"]


def keep(
    said: SourceRecord, says: SourceRecord | None, policy: ConsentPolicy, at: datetime, change_id: str = ""
) -> list[ConsentFact]:
    """Return what a record refused and does not refuse now (None: it is gone), as of a moment."""
    return [
        _fact(said, consent, status, policy, at, change_id)
        for consent, status in said.consents.items()
        if status in REFUSALS and not _still(said, says, consent)
    ]


def _still(said: SourceRecord, says: SourceRecord | None, consent: str) -> bool:
    """Say whether a record refuses in the same word as before, and no earlier than it was captured to have done."""
    if says is None or says.consents.get(consent) != said.consents[consent]:
        return False
    before, now = said.captured.get(consent), says.captured.get(consent) or says.observed_at
    return before is None or now is None or now >= before


def _fact(
    said: SourceRecord, consent: str, status: str, policy: ConsentPolicy, at: datetime, change_id: str
) -> ConsentFact:
    captured = dated(status, said.captured.get(consent) or said.observed_at, at)
    identifier = reached(said, policy.kind(consent))
    return kept(
        said.key,
        consent,
        status,
        captured,
        at,
        change_id,
        identifier=None if identifier[0] == "record" else identifier,
    )


def kept(
    key: RecordKey,
    consent: str,
    status: str,
    captured: datetime | None,
    at: datetime,
    change_id: str,
    identifier: tuple[str, str] | None = None,
) -> ConsentFact:
    """Return a refusal that a record is taken to state. The same one has the same id, however often it is kept."""
    purpose, _, channel = consent.partition(".")
    content = "\x1f".join((*_texts(key), consent, status, captured.isoformat() if captured else ""))
    return ConsentFact(
        hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        FactOrigin.KEPT,
        purpose,
        channel,
        status,
        captured,
        at,
        key.source,
        "machine",
        change_id,
        (key,),
        identifier,
    )


def _texts(key: RecordKey) -> tuple[str, str]:
    return key.source, key.source_record_id
