"""When what failed is tried again. A table for events, a rule for subscribers that do not answer at all."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["GIVE_UP", "LONGEST_WAIT", "TRIPPED", "WAITS", "again_after", "breath"]

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long an event waits after its first failure, its second, …: ten attempts in three days, then it is given up."""

GIVE_UP = timedelta(days=5)
"""A subscriber that has taken nothing for so long is disabled."""

TRIPPED = 5
"""After so many failures in a row it is the subscriber that fails, not an event: it is tried with one at a time."""

LONGEST_WAIT = timedelta(hours=1)
_FIRST_BREATH = timedelta(seconds=10)


def again_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many attempts; None: it is given up."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else None


def breath(failures: int) -> timedelta:
    """Return how long a subscriber is left alone after so many failures in a row: twice as long each time, an hour at
    most; not at all before it has tripped."""
    if failures < TRIPPED:
        return timedelta(0)
    return min(_FIRST_BREATH * float(2 ** min(failures - TRIPPED, 20)), LONGEST_WAIT)
