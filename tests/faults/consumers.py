"""Consumers that are killed: twenty thousand events, with faults of the loyalty platform, on both databases.

Not part of the suite, which it would hold up for a quarter of an hour: `make faults` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumers.killed import Plan, kill_again_and_again
from tests.reference_loyalty.serving import Shop, shop

EVENTS = 20_000


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "loyalty.db") as running:
        yield running


@pytest.mark.parametrize("seed", [1])
def test_effects_happen_once_in_twenty_thousand_events(url: str, platform: Shop, seed: int) -> None:
    plan = Plan(members=300, acts=EVENTS // 2, at_once=100, longest_life=4.0)
    master = kill_again_and_again(url, platform, plan, seed)
    assert master.told > EVENTS * 3 // 4
