"""What clients were told: acknowledged writes, people's last words, who was erased; and what went wrong."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["CANARY", "Book", "Person"]

CANARY = re.compile("zq[0-9a-f]{12}x")
"""A word that stands in the family name and e-mail address of one person, and nowhere else in the world."""


@dataclass
class Person:
    """Somebody made up, all of whose records tell of the same canary. `said` is the last word on marketing by e-mail;
    "?" while nobody knows whether it was heard."""

    canary: str
    records: list[tuple[str, str]] = field(default_factory=list)
    golden_id: str = ""
    said: str = ""
    met: bool = False
    """Whether they were merged with somebody else, and parted again."""
    erased: bool = False

    @property
    def email(self) -> str:
        return f"{self.canary}@example.com"


@dataclass
class Book:
    """Kept by all clients together."""

    people: list[Person] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that ask to come back later, by status or kind of error."""
    violations: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def did(self, what: str, many: int = 1) -> None:
        with self._lock:
            self.done[what] += many

    def later(self, why: str) -> None:
        with self._lock:
            self.refused[why] += 1

    def violated(self, what: str) -> None:
        with self._lock:
            self.violations.append(what)

    def knows(self, person: Person) -> None:
        with self._lock:
            self.people.append(person)

    def asked(self, job_id: str) -> None:
        with self._lock:
            self.jobs.append(job_id)
