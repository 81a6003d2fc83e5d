"""What `identity redo` does: shows what waits to be decided again, and decides it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.engines.stages import Stages
from identity.ports import RedoKind

__all__ = ["drain_report", "waiting_report"]

_AT_ONCE = 500
_LOOKED_AT = 1_000
"""Of so many items, the oldest, ages are told: what waits for another reason came later than all of them."""


def waiting_report(service: Service) -> dict[str, Any]:
    """Return what waits to be decided again, by kind and reason, and since when the oldest of each does."""
    now, oldest = SystemClock().now(), _oldest(service)
    waiting = [
        {
            "kind": str(found.kind),
            "reason": found.reason,
            "count": found.count,
            "oldest": since.isoformat() if since else None,
            "oldest_seconds": max(0.0, round((now - since).total_seconds(), 1)) if since else None,
        }
        for found in service.store.views.redo_waiting()
        for since in (oldest.get((found.kind, found.reason)),)
    ]
    return {"waiting": waiting, "queued": sum(found["count"] for found in waiting)}


def drain_report(service: Service, most: int | None, stages: Stages) -> dict[str, Any]:
    """Decide again what waits, about `most` items of it; return how many were and what waits still. Consents that have
    run out since are let go of first."""
    service.consents.lapse()
    waiting, decided = waiting_report(service)["queued"], 0
    start = time.perf_counter()
    with stages.stage("decide again"):
        while waiting and (most is None or decided < most):
            stages.reached("decide again", decided, max(waiting, decided))
            done = service.redo(_AT_ONCE if most is None else min(_AT_ONCE, most - decided))
            if not done:
                break
            decided += done
    seconds = round(time.perf_counter() - start, 3)
    return {"decided": decided, "seconds": seconds, **waiting_report(service)}


def _oldest(service: Service) -> dict[tuple[RedoKind, str], datetime]:
    oldest: dict[tuple[RedoKind, str], datetime] = {}
    for item in service.store.views.redo(_LOOKED_AT):
        oldest.setdefault((item.kind, item.reason), item.queued_at)
    return oldest
