"""What is known about two records being the same person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NewType

from identity.model.record import RecordKey

__all__ = ["CandidatePair", "ComparisonVector", "Contribution", "MatchWeight", "ScoredPair"]

MatchWeight = NewType("MatchWeight", float)
"""log2 odds of Match against everything else; 0 means even odds, +10 means about 1000 to 1."""


@dataclass(frozen=True, slots=True, order=True)
class CandidatePair:
    """Two records worth comparing, in key order so that a pair has one spelling."""

    left: RecordKey
    right: RecordKey


@dataclass(frozen=True, slots=True)
class ComparisonVector:
    """The level each comparison reached (0 is always 'missing on one side')."""

    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one comparison moved the match weight by, in bits."""

    comparison: str
    level: str
    match_weight: MatchWeight


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A pair with its match weight and the steps that lead from the prior to it (they sum to the weight)."""

    pair: CandidatePair
    match_weight: MatchWeight
    contributions: tuple[Contribution, ...] = ()
