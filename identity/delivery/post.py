"""post: one event → one subscriber's address, and what became of it. Nothing is raised, no redirect is followed, and
nothing of the answer is kept but its status."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpcore2

from identity.delivery.addresses import Destination, Refused, Resolve, resolve
from identity.delivery.cloud_event import CONTENT_TYPE
from identity.delivery.wire import Wire

__all__ = ["Outcome", "Post", "Verdict"]

_READ_AT_MOST = 64 * 1024
_LONGEST_WAIT = timedelta(days=1)
_KEPT_OPEN = 30.0  # seconds: a name may move, and an open connection is worth keeping


class Verdict(StrEnum):
    TAKEN = "taken"
    FAILED = "failed"
    WAIT = "wait"
    """The subscriber asks for time: no fault of the event."""
    GONE = "gone"
    """The subscriber does not want to be told any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: a word to branch on, and how long the subscriber asks to be left alone."""

    verdict: Verdict
    code: str = ""
    wait: timedelta | None = None


class Post:
    """The connections to one address. `patience` is how long one attempt may take as a whole, in seconds; finding the
    address of a name is the system's, and takes as long as that lets it."""

    def __init__(
        self,
        towards: Destination,
        patience: float = 10.0,
        look_up: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        url = towards.url
        # Certificates are for the name, the wire looks at the address. A proxy would resolve the name once more.
        self._url = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        self._headers = {
            "host": url.netloc.decode("ascii"),
            "content-type": CONTENT_TYPE,
            "user-agent": "customer-identity",
        }
        self._patience = patience
        self._monotonic = monotonic
        self._wire = Wire(towards, look_up, monotonic)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            keepalive_expiry=_KEPT_OPEN,
            network_backend=self._wire,
        )

    def __call__(self, content: bytes, headers: Mapping[str, str], now: datetime) -> Outcome:
        self._wire.end_at(self._monotonic() + self._patience)
        told = {**self._headers, **headers, "content-length": str(len(content))}
        try:
            with self._pool.stream("POST", self._url, headers=list(told.items()), content=content) as answer:
                self._read(answer)
        except Refused as refused:
            return Outcome(Verdict.FAILED, str(refused))
        except httpcore2.TimeoutException:
            return Outcome(Verdict.FAILED, "TIMEOUT")
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
            return Outcome(Verdict.FAILED, "UNREACHABLE")
        return _outcome(answer.status, _retry_after(answer), now)

    def close(self) -> None:
        self._pool.close()

    def _read(self, answer: httpcore2.Response) -> None:
        """Read what there is to read, so that the connection can be used again; not for ever, and not endlessly."""
        read = 0
        # Its status has been told: what becomes of the rest does not matter.
        with suppress(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
            for chunk in answer.iter_stream():
                read += len(chunk)
                if read > _READ_AT_MOST:
                    break


def _retry_after(answer: httpcore2.Response) -> str:
    found = next((told for name, told in answer.headers if name.lower() == b"retry-after"), b"")
    return found.decode("latin-1")


def _outcome(status: int, retry_after: str, now: datetime) -> Outcome:
    wait = _asked_to_wait(retry_after, now)
    if 200 <= status < 300:
        return Outcome(Verdict.TAKEN)
    if status == 410:
        return Outcome(Verdict.GONE, "HTTP_410")
    if status == 429 or (status == 503 and wait):
        return Outcome(Verdict.WAIT, f"HTTP_{status}", wait or timedelta(minutes=1))
    return Outcome(Verdict.FAILED, "REDIRECTED" if 300 <= status < 400 else f"HTTP_{status}")


def _asked_to_wait(told: str, now: datetime) -> timedelta | None:
    """Return how long Retry-After asks for, in seconds or until a date; at most a day."""
    if re.fullmatch(r"[0-9]{1,9}", told):
        return min(timedelta(seconds=int(told)), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(told)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), _LONGEST_WAIT)
