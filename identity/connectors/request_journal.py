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
            lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        found = (noted for line in lines if line and (noted := _noted(line)) is not None)
        return {noted.request.request_id: noted for noted in found}


def _line(noted: NotedRequest) -> dict[str, Any]:
    request = noted.request
    return {
        "request_id": request.request_id,
        "kind": request.kind.value,
        "golden_id": request.golden_id,
        "status": request.status.value,
        "received_at": request.received_at.isoformat(),
        "due_at": request.due_at.isoformat(),
        "actor": request.actor,
        "decided_at": request.decided_at.isoformat() if request.decided_at else None,
        "released_at": noted.released_at.isoformat() if noted.released_at else None,
        "fields": noted.fields,
        "marks": sorted(noted.marks),
    }


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
