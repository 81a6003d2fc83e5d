"""Consumers and relays that are killed: twenty thousand events, with faults of the loyalty platform and a Redis that
forgets, on both databases.

Not part of the suite, which it would hold up for long: `make faults` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumers.killed import Plan, kill_again_and_again
from tests.jobs.redis import redis_server
from tests.reference_loyalty.serving import Shop, shop

EVENTS = 20_000


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "loyalty.db") as running:
        yield running


@pytest.fixture
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.mark.parametrize("seed", [1])
def test_effects_happen_once_in_twenty_thousand_events(
    url: str, platform: Shop, redis_url: str, tmp_path: Path, seed: int
) -> None:
    plan = Plan(members=300, events=EVENTS, at_once=150, longest_life=4.0, redis_url=redis_url)
    master = kill_again_and_again(url, platform, plan, tmp_path, seed)
    assert master.told >= EVENTS
