"""Calls to other systems over HTTP: bounded in time and size, and with two ways to fail (`ports/remote.py`)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Self

import httpx2
import orjson

from identity.model.errors import IdentityError
from identity.observing.counts import took
from identity.observing.traces import carried, span
from identity.ports.remote import Refused, Unavailable

__all__ = ["Refused", "Remote", "RemoteSettings", "Unavailable", "unreadable"]


def unreadable(system: str, problem: str) -> Unavailable:
    """Return the error of an answer that makes no sense. Its effect may be there: a repetition will tell."""
    return Unavailable("UNREADABLE_REPLY", f"The answer of {system} cannot be understood: {problem}.")


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Where a system is, what it is called in errors, and how much patience there is with it.

    `timeout_seconds` is for each wait, `patience_seconds` for an answer as a whole.
    """

    base_url: str
    system: str
    token: str = ""
    timeout_seconds: float = 10.0
    patience_seconds: float = 30.0
    largest_reply: int = 4_000_000


# Nothing of these has been carried out for good, or nobody knows: all may be tried again.
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WORD = 64
_LONGEST_SENTENCE = 300


@cache
def _trusted() -> ssl.SSLContext:
    # Reading all authorities takes fifty milliseconds: once is enough.
    return httpx2.create_ssl_context(trust_env=False)


class Remote:
    """One other system. Thread-safe; closed when it is no longer needed."""

    def __init__(self, settings: RemoteSettings) -> None:
        self.settings = settings
        headers = {"accept": "application/json"}
        if settings.token:
            headers["authorization"] = f"Bearer {settings.token}"
        # Neither redirects nor the environment's proxies: a token goes to the address it was given for.
        self._client = httpx2.Client(
            base_url=settings.base_url,
            headers=headers,
            timeout=settings.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            verify=_trusted(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, object]:
        """Return the JSON object of a successful answer. Unavailable, Refused."""
        told = dict(headers or {})
        content = None
        if body is not None:
            content = orjson.dumps(body)
            told["content-type"] = "application/json"
        # The address may name somebody: spans and counts tell the system and the method.
        with (
            span(f"{method} {self.settings.system}", "client", system=self.settings.system),
            self._timed() as end,
        ):
            told |= carried()
            with (
                self._translated(),
                self._client.stream(method, path, content=content, params=query, headers=told) as reply,
            ):
                end(str(reply.status_code))
                text = self._text(reply)
            if reply.is_success:
                return self._object(text)
            raise self._failure(reply, text)

    @contextmanager
    def _timed(self) -> Iterator[Callable[[str], None]]:
        """Note how long a call took, and with which status it was answered ("none": it was not)."""
        began, status = time.perf_counter(), ["none"]
        try:
            yield lambda told: status.append(told)
        finally:
            took(self.settings.system, status[-1], time.perf_counter() - began)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx2.TimeoutException as problem:
            raise Unavailable("TIMEOUT", f"{self.settings.system} did not answer in time.") from problem
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise Unavailable("UNREACHABLE", f"{self.settings.system} cannot be reached.") from problem

    def _text(self, reply: httpx2.Response) -> bytes:
        """Return the body, unless it is too large or comes too slowly: a timeout alone would bear a byte at a time."""
        latest = time.monotonic() + self.settings.patience_seconds
        text = bytearray()
        for part in reply.iter_bytes():
            text += part
            if len(text) > self.settings.largest_reply:
                raise unreadable(self.settings.system, "it is too large")
            if time.monotonic() > latest:
                raise Unavailable("TIMEOUT", f"{self.settings.system} did not answer in time.")
        return bytes(text)

    def _object(self, text: bytes) -> Mapping[str, object]:
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise unreadable(self.settings.system, "it is not JSON") from None
        if not isinstance(found, dict):
            raise unreadable(self.settings.system, "it is not an object")
        return found

    def _failure(self, reply: httpx2.Response, text: bytes) -> IdentityError:
        status, system = reply.status_code, self.settings.system
        if status in _RETRIED or status > 504:
            return Unavailable(
                f"HTTP_{status}",
                f"{system} answered {status}.",
                _seconds(reply.headers.get("retry-after", ""), datetime.now(UTC)),
            )
        told = _problem(text)
        word = told.pop("code", None)
        named = isinstance(word, str) and 0 < len(word) <= _LONGEST_WORD
        said = str(told.get("detail") or told.get("title") or f"It answered {status}.")[:_LONGEST_SENTENCE]
        return Refused(str(word) if named else f"HTTP_{status}", f"{system} refuses: {said}", told)


def _problem(text: bytes) -> dict[str, object]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(told: str, now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, in either of its forms; None if in neither."""
    if told.isascii() and told.isdecimal():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
