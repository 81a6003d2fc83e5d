"""post: one event → one subscriber's address, and what became of it. Nothing is raised, no redirect is followed, and
nothing of the answer is kept but its status."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx2

from identity.delivery.addresses import Destination, Refused, Resolve, pinned, resolve
from identity.delivery.cloud_event import CONTENT_TYPE

__all__ = ["Outcome", "Post", "Verdict"]

_READ_AT_MOST = 64 * 1024
_LONGEST_WAIT = timedelta(days=1)
_PIN_FOR = 30.0  # seconds: a name may move, and an open connection is worth keeping


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
    """The connections to one address. `patience` is how long one attempt may take as a whole, in seconds."""

    def __init__(
        self,
        towards: Destination,
        patience: float = 10.0,
        look_up: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._towards = towards
        self._patience = patience
        self._look_up = look_up
        self._monotonic = monotonic
        self._pin, self._pinned_until = "", float("-inf")
        # What the environment says of proxies does not count: a proxy would resolve the name once more.
        self._client = httpx2.Client(
            timeout=patience, follow_redirects=False, trust_env=False, verify=trust or True
        )

    def __call__(self, content: bytes, headers: Mapping[str, str], now: datetime) -> Outcome:
        until = self._monotonic() + self._patience
        try:
            request = self._request(content, headers)
            answer = self._client.send(request, stream=True)
        except Refused as refused:
            return Outcome(Verdict.FAILED, str(refused))
        except httpx2.TimeoutException:
            return Outcome(Verdict.FAILED, "TIMEOUT")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
            self._pinned_until = float("-inf")
            return Outcome(Verdict.FAILED, "UNREACHABLE")
        self._read(answer, until)
        return _outcome(answer.status_code, answer.headers.get("retry-after", ""), now)

    def close(self) -> None:
        self._client.close()

    def _request(self, content: bytes, headers: Mapping[str, str]) -> httpx2.Request:
        url = self._towards.url
        named = {"host": url.netloc.decode("ascii"), "content-type": CONTENT_TYPE}
        # The connection goes to the address that was looked at; certificates are for the name.
        return self._client.build_request(
            "POST",
            url.copy_with(host=self._address()),
            content=content,
            headers={**named, "user-agent": "customer-identity", **headers},
            extensions={"sni_hostname": self._towards.host},
        )

    def _address(self) -> str:
        if self._monotonic() >= self._pinned_until:
            self._pin = pinned(self._towards, self._look_up)
            self._pinned_until = self._monotonic() + _PIN_FOR
        return self._pin

    def _read(self, answer: httpx2.Response, until: float) -> None:
        """Read what there is to read, so that the connection can be used again; not for ever, and not endlessly."""
        try:
            read = 0
            for chunk in answer.iter_raw():
                read += len(chunk)
                if read > _READ_AT_MOST or self._monotonic() > until:
                    break
        except (httpx2.HTTPError, OSError):
            pass  # its status has been told
        finally:
            answer.close()


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
