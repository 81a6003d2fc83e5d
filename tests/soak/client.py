"""A client as the documentation wants it: what is refused for now, or not answered, comes again under its key."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from .ledger import Ledger

__all__ = ["Caller", "Unexpected"]

_LATER = (429, 503)
_PATIENCE = 180.0
"""Seconds after which what was not answered is a violation."""
_LONGEST_WAIT = 2.0


class Unexpected(Exception):
    """An answer that no client is prepared for; it is a violation, and has been noted."""


@dataclass
class Caller:
    """One client. `leave` is set when nobody is to wait any more for an answer to what was not acknowledged."""

    http: httpx2.Client
    ledger: Ledger
    leave: threading.Event = field(default_factory=threading.Event)
    patience: float = _PATIENCE

    def ask(
        self, operation: str, method: str, path: str, body: Any = None, expected: tuple[int, ...] = (200,)
    ) -> httpx2.Response:
        """Return the answer, when there is one. Unexpected for any that is neither expected nor asks to come again."""
        headers = {"Idempotency-Key": uuid4().hex} if method != "GET" else {}
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            answer = self._tried(method, path, body, headers)
            if answer is None:
                wait = 0.2
            elif answer.status_code in expected:
                self.ledger.did(operation)
                return answer
            elif (later := _later(answer)) is None:
                self._noted(operation, method, path, answer)
            else:
                wait = later
                self.ledger.again(f"{answer.status_code} {_code(answer)}")
            time.sleep(wait)
        self.ledger.violate(f"{operation}: no answer in {self.patience:g} s")
        raise Unexpected

    def _tried(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx2.Response | None:
        try:
            return self.http.request(method, path, json=body, headers=headers)
        except httpx2.HTTPError as error:
            self.ledger.again(type(error).__name__)
            return None

    def _noted(self, operation: str, method: str, path: str, answer: httpx2.Response) -> None:
        self.ledger.violate(
            f"{operation}: {method} {path} answered {answer.status_code}: {answer.text[:300]}"
        )
        raise Unexpected


def _later(answer: httpx2.Response) -> float | None:
    """Return after how many seconds to come again, where the answer says so; None where it is final."""
    told = answer.headers.get("retry-after")
    if told is None or not (answer.status_code in _LATER or _code(answer) == "STILL_RUNNING"):
        return None
    return min(float(told), _LONGEST_WAIT)


def _code(answer: httpx2.Response) -> str:
    if "json" not in answer.headers.get("content-type", ""):
        return "page"
    return str(answer.json().get("code", ""))
