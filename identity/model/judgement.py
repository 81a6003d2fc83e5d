"""What was decided about a pair, and by whom. A person outranks a machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from identity.model.evidence import MatchWeight
from identity.model.record import RecordKey

__all__ = ["DecidedBy", "Judgement", "Link"]


class Judgement(StrEnum):
    MATCH = "match"
    POSSIBLE_MATCH = "possible_match"
    NO_MATCH = "no_match"


class DecidedBy(StrEnum):
    MACHINE = "machine"
    STEWARD = "steward"


@dataclass(frozen=True, slots=True)
class Link:
    """A judged pair. Machine links are remade at every re-match; a steward's link is never overwritten."""

    left: RecordKey
    right: RecordKey
    judgement: Judgement
    match_weight: MatchWeight | None = None
    decided_by: DecidedBy = DecidedBy.MACHINE
