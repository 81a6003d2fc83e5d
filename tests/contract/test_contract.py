"""A small share of `make contract`."""

from __future__ import annotations

from pathlib import Path

from tests.contract.fuzz import fuzz
from tests.contract.world import world_at


def test_every_answer_is_one_that_is_documented(url: str, tmp_path: Path) -> None:
    with world_at(url, tmp_path) as world:
        counted = fuzz(world, cases=12, chosen=1)
    assert counted.failures == {}
    assert counted.cases > 300
    assert counted.share_of_successes() > 0.5
