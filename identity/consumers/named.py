"""Whom an event concerns."""

from __future__ import annotations

from typing import Any

from identity.ports.delivery import LoggedEvent

__all__ = ["golden_ids", "listed"]


def golden_ids(event: LoggedEvent) -> set[str]:
    """Return the golden ids that an event names: its subject, who answers for it, and who was merged away."""
    body = event.body
    return {event.subject, str(body.get("golden_id") or event.subject), *listed(body.get("retired"))}


def listed(told: Any) -> list[str]:
    """Return the names in a list of an event; none where it is no list."""
    return [str(each) for each in told] if isinstance(told, list | tuple) else []
