"""What a person allowed, and how the statements of several records become one."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["RESTRICTIVENESS", "UNKNOWN", "most_restrictive"]

UNKNOWN = "unknown"

# From silence to a legal objection. A "no" outranks a "yes", and an act outranks a default.
RESTRICTIVENESS = (UNKNOWN, "granted", "denied", "withdrawn", "objected")

_RANK = {status: rank for rank, status in enumerate(RESTRICTIVENESS)}


def most_restrictive(statuses: Iterable[str]) -> str:
    """Return the status that allows least: objected, withdrawn, denied, granted, unknown.

    Nothing said is unknown, and so is a word that is none of the five: it can never count as a yes.
    """
    return RESTRICTIVENESS[max((_RANK.get(status, 0) for status in statuses), default=0)]
