"""Every error this service raises on purpose, drawn once.

    IdentityError                         code, one sentence, what to do next
    ├── RulesError          E1xx          a rules file is wrong
    ├── FileError           E2xx          a whole file cannot be read
    ├── RowError            E3xx          one row (or one value of it) is wrong: quarantined, the rest goes on
    ├── StoreError          E4xx          the database is missing, behind or busy
    │   └── Contention      E409          another change got in the way: the same may be tried again
    ├── LookupFailed        E5xx          an id or record nobody knows
    ├── ModelError          E6xx          a match model does not fit or cannot be trained
    ├── DeliveryError       E7xx          events cannot be delivered as wanted
    └── DecisionRefused     a word        what a person wants contradicts what is decided, or is out of date

The edges (command line, HTTP) translate; nothing inside speaks of exit codes or status codes.
"""

from __future__ import annotations

__all__ = [
    "AWAY",
    "Contention",
    "DecisionRefused",
    "DeliveryError",
    "FileError",
    "IdentityError",
    "LookupFailed",
    "ModelError",
    "RowError",
    "RulesError",
    "StoreError",
]


class IdentityError(Exception):
    """Base of every deliberate error: a stable code, one clear sentence, and what to do next."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


class RulesError(IdentityError):
    """E1xx: a rules file names something unknown, out of order or missing."""


class FileError(IdentityError):
    """E2xx: a file as a whole cannot be read; none of its rows were taken."""


class RowError(IdentityError):
    """E3xx: one row is wrong; it is quarantined with this code while the others go on."""


class StoreError(IdentityError):
    """E4xx: the database cannot be used as it is."""


class Contention(StoreError):
    """E409: another change got in the way, nothing was kept, and the same change may be tried again."""


AWAY = ("E402", "E405", "E415")
"""Codes of a database that does not answer for now, or not in time: whoever can wait does."""


class LookupFailed(IdentityError):
    """E5xx: the id or record asked for is not known."""


class ModelError(IdentityError):
    """E6xx: a match model is missing, does not fit the columns or cannot be trained."""


class DeliveryError(IdentityError):
    """E7xx: a subscriber, or what it is reached by, cannot be as wanted."""


class DecisionRefused(IdentityError):
    """A decision that cannot be taken as things stand; nothing of it was kept. Its code is a word that callers branch
    on: STALE_VERSION, CONTRADICTION, NOT_LIVE, NOTHING_TO_DECIDE, MERGE_SUPERSEDED, MERGE_ALREADY_REVERSED,
    MERGE_NOT_REVERSIBLE; of review tasks: NOT_OPEN, NOT_AHEAD, NOT_DEFERRED, NOT_A_SAMPLE, NOT_LABELLED; of
    rows that were set aside: NOT_WAITING, BEING_MENDED."""
