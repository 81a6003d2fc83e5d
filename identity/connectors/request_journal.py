"""What people asked about themselves, kept beside the database: a backup that is restored does not know of it.

Opaque ids, moments and digests only: reasons, checks and the values that somebody wanted are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from identity.connectors import journals
from identity.model.cluster import GoldenId
from identity.model.privacy import NotedRequest, PrivacyKind, PrivacyRequest, PrivacyStatus

__all__ = ["RequestJournal"]

_TOLD = ("request_id", "kind", "golden_id", "status", "received_at", "due_at", "actor", "decided_at")
"""What is written of a request: no word that anybody said."""
_reached = partial(journals.reached, "requests", "IDENTITY_CONSENT_JOURNAL")


@dataclass(frozen=True, slots=True)
class RequestJournal:
    """A file with a line for each step of each request of a database. It only grows."""

    path: Path

    def append(self, noted: Sequence[NotedRequest]) -> None:
        """Write down how requests stand, on disk when this returns. StoreError E420 where that is not possible."""
        with _reached():
            journals.append(self.path, [_line(each) for each in noted])

    def exists(self) -> bool:
        """Say whether anything was ever written. StoreError E420 where nobody may look."""
        with _reached():
            return self.path.exists()

    def requests(self) -> dict[str, NotedRequest]:
        """Return how each request stood last, in the order in which they came. A line that broke off is none."""
        with _reached():
            lines = journals.lines(self.path)
        found = (noted for line in lines if (noted := _noted(line)) is not None)
        return {noted.request.request_id: noted for noted in found}


def _line(noted: NotedRequest) -> dict[str, Any]:
    told = {name: getattr(noted.request, name) for name in _TOLD}
    return told | {"released_at": noted.released_at, "fields": noted.fields, "marks": sorted(noted.marks)}


def _noted(line: bytes) -> NotedRequest | None:
    """Return what a line tells; None for one that broke off."""
    try:
        told = orjson.loads(line)
        request = PrivacyRequest(
            told["request_id"],
            PrivacyKind(told["kind"]),
            GoldenId(told["golden_id"]),
            PrivacyStatus(told["status"]),
            datetime.fromisoformat(told["received_at"]),
            datetime.fromisoformat(told["due_at"]),
            told["actor"],
            decided_at=_moment(told["decided_at"]),
        )
        marks, fields = frozenset(told["marks"]), tuple(told["fields"])
        return NotedRequest(request, marks, fields, _moment(told["released_at"]))
    except (ValueError, KeyError, TypeError):
        return None


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
