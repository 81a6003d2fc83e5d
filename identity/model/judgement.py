"""What was decided about a pair, and by whom. A person outranks a machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from identity.model.evidence import MatchWeight
from identity.model.record import RecordKey

__all__ = ["Judgement", "Link", "Verdict", "verdict"]


class Judgement(StrEnum):
    """What is said of two records: one person, worth a person's look, or two people."""

    MATCH = "match"
    POSSIBLE_MATCH = "possible_match"
    NO_MATCH = "no_match"


@dataclass(frozen=True, slots=True)
class Link:
    """What the machine says of a pair: it follows from both records and the model, and is made anew with them."""

    left: RecordKey
    right: RecordKey
    judgement: Judgement
    match_weight: MatchWeight | None = None


@dataclass(frozen=True, slots=True, order=True)
class Verdict:
    """What a person said of a pair, in one operation: the same person (MATCH) or not (NO_MATCH). No machine may
    overrule it; only undoing the operation takes it back."""

    left: RecordKey
    right: RecordKey
    judgement: Judgement
    operation_id: str = ""


def verdict(one: RecordKey, other: RecordKey, judgement: Judgement, operation_id: str = "") -> Verdict:
    """Return the verdict on a pair in its one spelling: the smaller key on the left."""
    left, right = sorted((one, other))
    return Verdict(left, right, judgement, operation_id)
