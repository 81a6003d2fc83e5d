"""What was acknowledged: records that have to be found, people who were erased, and who last said no."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

__all__ = ["Ledger", "Person"]


@dataclass
class Person:
    """Made-up, and unlike any other: no two share a name or, but by chance, a birthday; the machine takes nobody for
    somebody else. `canary` stands in the family name and the e-mail address, and nowhere else."""

    canary: str
    records: list[tuple[str, str]] = field(default_factory=list)
    golden_id: str = ""
    ids: set[str] = field(default_factory=set)
    erased: bool = False
    last: str = ""
    """The last consent status that was acknowledged."""
    merged: str = ""
    """The operation that put this person together with `partner`, until it is taken back."""
    partner: Person | None = None
    own: set[str] = field(default_factory=set)
    """The golden ids from before the merge: those that are this person's when it is taken back."""

    @property
    def email(self) -> str:
        return f"{self.canary}@example.com"


@dataclass
class Ledger:
    """One for all clients; each has people of its own, so that nobody else changes what it expects."""

    people: list[Person] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    began: float = field(default_factory=monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, person: Person) -> None:
        with self._lock:
            self.people.append(person)

    def did(self, operation: str) -> None:
        with self._lock:
            self.done[operation] += 1

    def again(self, why: str) -> None:
        with self._lock:
            self.retried[why] += 1

    def violate(self, what: str) -> None:
        with self._lock:
            self.violations.append(f"{monotonic() - self.began:.0f} s: {what}")
