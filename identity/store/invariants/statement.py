"""Invariant: a promise about what is stored, and the SQL that finds what breaks it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Invariant"]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise, the rows it is about (`looked`: a query of one number), and what breaks it (one column, `found`)."""

    name: str
    promise: str
    looked: str
    broken: str
