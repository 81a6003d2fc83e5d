"""What `identity audit` does: whether the trail is as it was written, and what stands in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from identity.bootstrap import Service, SystemClock
from identity.model.audit import SealedEntry
from identity.steps.prove import prove

__all__ = ["entries_report", "verify_report"]


def verify_report(service: Service) -> dict[str, Any]:
    """Return how many entries and anchors there are, and each flaw: where, what kind, how it shows."""
    anchors = service.anchors.heads()  # read first: none is later than what is looked at
    trail, counted = service.store.audit(SystemClock()), [0]
    with trail.whole() as (head, entries):

        def told() -> Any:
            for entry in entries:
                counted[0] += 1
                yield entry

        flaws = prove(trail.key, told(), head, anchors)
    return {
        "whole": not flaws,
        "entries": counted[0],
        "anchors": len(anchors),
        "flaws": [{"seq": each.seq, "kind": each.kind.value, "message": each.message} for each in flaws],
    }


def entries_report(
    service: Service, subject: str = "", since: datetime | None = None, after: int = 0, limit: int = 100
) -> dict[str, Any]:
    """Return entries, oldest first, and what to ask for the next of them with."""
    found = service.store.audit(SystemClock()).entries(subject, since, after, limit)
    return {
        "entries": [_told(entry) for entry in found],
        "next": found[-1].seq if found else after,
        "more": len(found) == limit,
    }


def _told(entry: SealedEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject or None,
        "purpose": entry.purpose or None,
        "details": orjson.loads(entry.details),
    }
