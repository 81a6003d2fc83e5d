"""What happened, told to one address: written with the change, signed by Standard Webhooks, tried until it arrives."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
from standardwebhooks import Webhook

from reference_loyalty.database import Database, Work, iso

__all__ = ["Courier", "announce"]

_TOLD = ("program", "merge_id", "survivor", "sources", "golden_id", "points_moved", "tier_after")
_LONGEST_PAUSE_SECONDS = 3600.0
_MOST_ATTEMPTS = 20
_AT_ONCE = 20


def announce(work: Work, kind: str, told: Mapping[str, Any]) -> None:
    """Write an announcement, which is delivered when the transaction is there."""
    body = {"type": kind, "timestamp": work.at, "data": {name: told[name] for name in _TOLD}}
    work.run(
        "insert into outbox (message, body, due_at) values (?, ?, ?)",
        work.new_id("msg"),
        json.dumps(body),
        work.at,
    )


@dataclass(frozen=True, slots=True)
class _Letter:
    position: int
    message: str
    body: str
    attempts: int


class Courier:
    """Delivers announcements, in a thread of its own once it is started."""

    def __init__(self, database: Database, url: str, secret: str, first_retry_seconds: float) -> None:
        self._database = database
        self._url = url
        self._seal = Webhook(secret)
        self._first_retry_seconds = first_retry_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the letter at hand."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx2.Client(timeout=5.0, follow_redirects=False) as client:
            while not self._stopped.is_set():
                if not self._round(client):
                    self._stopped.wait(min(0.2, self._first_retry_seconds))

    def _round(self, client: httpx2.Client) -> int:
        with self._database.reading() as work:
            due = work.rows(
                """select position, message, body, attempts from outbox
                   where delivered_at is null and due_at <= ? and attempts < ? order by position limit ?""",
                work.at,
                _MOST_ATTEMPTS,
                _AT_ONCE,
            )
        for row in due:
            if self._stopped.is_set():
                break
            letter = _Letter(*row)
            self._note(letter, arrived=self._deliver(client, letter))
        return len(due)

    def _deliver(self, client: httpx2.Client, letter: _Letter) -> bool:
        with self._database.reading() as work:
            now = work.now
        headers = {
            "content-type": "application/json",
            "webhook-id": letter.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._seal.sign(letter.message, now, letter.body),
        }
        try:
            return client.post(self._url, content=letter.body.encode(), headers=headers).is_success
        except httpx2.HTTPError:
            return False

    def _note(self, letter: _Letter, *, arrived: bool) -> None:
        pause = min(self._first_retry_seconds * 2**letter.attempts, _LONGEST_PAUSE_SECONDS)
        with self._database.writing() as work:
            work.run(
                "update outbox set attempts = attempts + 1, due_at = ?, delivered_at = ? where position = ?",
                iso(work.now + timedelta(seconds=pause)),
                work.at if arrived else None,
                letter.position,
            )
