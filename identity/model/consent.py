"""What a person allowed, and how the statements of several records become one."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["REFUSALS", "RESTRICTIVENESS", "UNKNOWN", "most_restrictive", "stricter"]

UNKNOWN = "unknown"

# From silence to a legal objection. A "no" outranks a "yes", and an act outranks a default.
RESTRICTIVENESS = (UNKNOWN, "granted", "denied", "withdrawn", "objected")
REFUSALS = RESTRICTIVENESS[2:]
"""The statuses that say no."""

_RANK = {status: rank for rank, status in enumerate(RESTRICTIVENESS)}


def most_restrictive(statuses: Iterable[str]) -> str:
    """Return the status that allows least: objected, withdrawn, denied, granted, unknown.

    Nothing said is unknown, and so is a word that is none of the five: it can never count as a yes.
    """
    return RESTRICTIVENESS[max((_RANK.get(status, 0) for status in statuses), default=0)]


def stricter(status: str, than: str) -> bool:
    """Say whether `status` allows less than another one."""
    return _RANK.get(status, 0) > _RANK.get(than, 0)
