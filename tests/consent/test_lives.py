"""No life, however it goes, ends with somebody reached against their last word."""

from __future__ import annotations

from random import Random

import pytest

from .lives import CONSENTS, granted_wrongly, live_through, shuffled

LIVES = 1_500


def check(seed: int) -> None:
    """Live one life, and look after each step whether what holds may hold."""
    before: dict[int, dict[str, str]] = {}
    for life in live_through(Random(seed)):
        assert granted_wrongly(life) == [], seed
        before = life.holds()
    assert shuffled(life) == before, seed


@pytest.mark.parametrize("part", range(5))
def test_nobody_is_reached_against_their_last_word(part: int) -> None:
    for seed in range(part * LIVES // 5, (part + 1) * LIVES // 5):
        check(seed)


def test_lives_are_not_all_alike() -> None:
    """Yeses and noes, merges and undoes, and people who came back: all of them happen often."""
    seen: dict[str, int] = {}
    for seed in range(400):
        *_, last = live_through(Random(seed))
        for statuses in last.holds().values():
            for consent in CONSENTS:
                status = statuses.get(consent, "nothing")
                seen[status] = seen.get(status, 0) + 1
    assert min(seen[status] for status in ("granted", "denied", "withdrawn", "objected", "nothing")) > 40
