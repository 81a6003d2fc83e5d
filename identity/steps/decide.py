"""decide: a match weight → what a machine may say about the pair."""

from __future__ import annotations

from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement
from identity.model.match import Thresholds

__all__ = ["decide"]


def decide(match_weight: MatchWeight, thresholds: Thresholds) -> Judgement:
    """Return the machine's judgement. It advises: the partition decides membership."""
    if match_weight >= thresholds.match:
        return Judgement.MATCH
    if match_weight >= thresholds.review:
        return Judgement.POSSIBLE_MATCH
    return Judgement.NO_MATCH
