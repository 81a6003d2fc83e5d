"""Consumer and relay are killed at random moments, with events that repeat and overtake each other, a platform that
fails and a Redis that forgets: effects happen once, each profile's events in their order, and no point is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference_loyalty.serving import Shop

from .killed import Plan, kill_again_and_again


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("carried", [False, True], ids=["log", "stream"])
def test_effects_happen_once_however_often_everybody_is_killed(
    url: str, here: Shop, redis_url: str, tmp_path: Path, carried: bool
) -> None:
    plan = Plan(members=24, events=110, at_once=12, longest_life=0.4, redis_url=redis_url if carried else "")
    kill_again_and_again(url, here, plan, tmp_path, seed=7)
