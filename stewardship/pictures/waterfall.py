"""The weight of a pair: from two strangers, comparison by comparison, to what they are worth together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Bar", "Waterfall", "waterfall"]

_WIDTH, _LABEL, _ROW = 640, 150, 26
_ROOM = 56
"""Left of the bars for what they are called, right of the last one for its number."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One comparison: from where to where it moves the weight, where that is in the picture, and what it says."""

    name: str
    level: str
    weight: float
    total: float
    x: float
    y: float
    width: float
    meets: float

    @property
    def way(self) -> str:
        return "for" if self.weight > 0 else "against" if self.weight < 0 else "nothing"


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`zero` is where even odds are, `threshold` where two records count as one person."""

    bars: Sequence[Bar]
    width: int
    height: int
    zero: float
    threshold: float
    total: float


def waterfall(pair: Mapping[str, Any], match_threshold: float) -> Waterfall:
    """Return where everything stands in the picture of a pair's report; comparisons that say nothing are left out."""
    steps = [step for step in pair["contributions"] if abs(step["match_weight"]) >= 0.05]
    totals, total = [], 0.0
    for step in steps:
        total += step["match_weight"]
        totals.append(total)
    low, high = min(0.0, match_threshold, *totals), max(0.0, match_threshold, *totals)
    scale = (_WIDTH - _LABEL - 2 * _ROOM) / max(high - low, 1e-9)

    def place(weight: float) -> float:
        return float(round(_LABEL + _ROOM + (weight - low) * scale, 1))

    bars = [
        Bar(
            step["comparison"], step["level"], step["match_weight"], end,
            place(min(end, end - step["match_weight"])), row * _ROW + 22,
            round(max(abs(step["match_weight"]) * scale, 1.0), 1), place(end),
        )
        for row, (step, end) in enumerate(zip(steps, totals, strict=True))
    ]  # fmt: skip
    return Waterfall(
        bars, _WIDTH, len(bars) * _ROW + 34, place(0), place(match_threshold), pair["match_weight"]
    )
