"""What was said of a consent, as it is kept for good: one fact each, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from identity.model.consent import Identifier
from identity.model.record import RecordKey

__all__ = ["BlindFact", "ConsentFact", "FactOrigin"]


class FactOrigin(StrEnum):
    """`told`: somebody told it as a fact. `kept`: a record said so and says it no more, or is taken to say so."""

    TOLD = "told"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ConsentFact:
    """An act and all that proves it, shaped on ISO/IEC TS 27560.

    It is for an `identifier` (a kind and its value, spelled as it is compared), or for the person who had `records`
    then: a no holds for whoever has any of them, a yes only where all of them that are left are one person. A kept
    fact may have both. `captured_at` is never later than `received_at`; None: nobody knows.
    """

    fact_id: str
    origin: FactOrigin
    purpose: str
    channel: str
    status: str
    captured_at: datetime | None
    received_at: datetime
    source: str
    actor: str
    change_id: str
    records: tuple[RecordKey, ...] = ()
    identifier: Identifier | None = None
    expires_at: datetime | None = None
    jurisdiction: str | None = None
    basis: str | None = None
    notice: str | None = None
    evidence: str | None = None

    @property
    def consent(self) -> str:
        return f"{self.purpose}.{self.channel}"


@dataclass(frozen=True, slots=True)
class BlindFact:
    """A fact as it is written down outside the database: whom it is for can be recognised there, and not be read.

    `held` is the number under which the index finds who has its identifier.
    """

    fact: ConsentFact
    held: int | None = None
