"""Curves go through what was measured, and hubs are where a population has them."""

from __future__ import annotations

import pytest

from bench.capacity import FIGURES, fitted
from bench.hubs import simulated_hubs


def test_a_line_through_costs_is_found_again_at_larger_sizes() -> None:
    points = [{"records": n, **dict.fromkeys(FIGURES, 3.0 + 0.5 * n)} for n in (2_000, 10_000, 50_000)]
    for curve in fitted(points):
        assert curve["per_record"] == pytest.approx(0.5)
        assert curve["at"][1_000_000] == pytest.approx(500_003)


def test_a_line_never_costs_less_than_nothing() -> None:
    points = [{"records": n, **dict.fromkeys(FIGURES, float(n**2))} for n in (10, 100, 1_000)]
    assert all(curve["base"] >= 0 for curve in fitted(points))


def test_more_people_fill_more_blocks_and_the_simulation_is_quick() -> None:
    small, large = (simulated_hubs(records) for records in (1_000_000, 100_000_000))
    for few, many in zip(small["keys"], large["keys"], strict=True):
        assert few["over_cap"] <= many["over_cap"]
        assert few["largest"] <= many["largest"]
    assert large["seconds"] < 120
