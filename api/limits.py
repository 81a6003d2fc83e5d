"""How much a client may ask for: requests at a time, and values to look up in a day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import structlog
from limits import RateLimitItem, parse, storage
from limits.aio import storage as aio
from limits.aio.strategies import FixedWindowRateLimiter
from limits.strategies import FixedWindowRateLimiter as Strategy

from api.problems import Problem
from api.settings import ApiSettings

__all__ = ["Limits", "limits_at"]

_LOG = structlog.get_logger("identity.api")


@dataclass(frozen=True, slots=True)
class Limits:
    """Counted per client; in Redis for all servers together, otherwise for each process by itself."""

    limiter: FixedWindowRateLimiter
    keys: Strategy
    rate: RateLimitItem
    lookups: RateLimitItem
    messages: RateLimitItem

    async def request(self, client: str) -> None:
        """Count a request. Problem 429 when it is one too many."""
        await self._count(self.rate, "rate", client, "Too many requests.")

    async def message(self, source: str) -> None:
        """Count a message of a source. Problem 429 when it is one too many."""
        await self._count(self.messages, "messages", source, "Too many messages.")

    async def _count(self, item: RateLimitItem, kind: str, whose: str, title: str) -> None:
        try:
            taken = await self.limiter.hit(item, kind, whose)
        except Exception as error:
            _uncounted(error)
            return
        if not taken:
            reset = (await self.limiter.get_window_stats(item, kind, whose)).reset_time
            raise _too_many(item, reset, "RATE_LIMITED", title)

    def look_up(self, client: str, keys: int) -> None:
        """Count values to look up, from the thread that works on a request. Problem 429 when they are too many."""
        try:
            taken = self.keys.hit(self.lookups, "lookups", client, cost=keys)
        except Exception as error:
            _uncounted(error)
            return
        if not taken:
            reset = self.keys.get_window_stats(self.lookups, "lookups", client).reset_time
            raise _too_many(self.lookups, reset, "QUOTA_EXHAUSTED", "Too many lookups.")

    async def close(self) -> None:
        """Let go of whoever counts. Nothing is counted afterwards."""
        if isinstance(shared := self.limiter.storage, aio.RedisStorage):
            await shared.bridge.storage.aclose()  # type: ignore[attr-defined]
        if isinstance(keys := self.keys.storage, storage.RedisStorage):
            keys.storage.close()


def _uncounted(error: Exception) -> None:
    """Whoever counts is away: answering matters more than counting."""
    _LOG.warning("limits_unavailable", error=type(error).__name__)


def _too_many(item: RateLimitItem, reset: float, code: str, title: str) -> Problem:
    later = str(max(1, round(reset - time.time())))
    return Problem(429, code, title, f"Allowed are {item}.", {"Retry-After": later})


def limits_at(settings: ApiSettings) -> Limits:
    """Return the limits of these settings."""
    counted = parse(settings.rate), parse(settings.lookup_quota), parse(settings.intake_rate)
    if settings.limits_url.startswith("memory"):
        return Limits(
            FixedWindowRateLimiter(aio.MemoryStorage()), Strategy(storage.MemoryStorage()), *counted
        )
    shared = aio.RedisStorage(f"async+{settings.limits_url}", implementation="redispy", **_BRIEFLY)
    keys = storage.RedisStorage(settings.limits_url, **_BRIEFLY)
    return Limits(FixedWindowRateLimiter(shared), Strategy(keys), *counted)


_BRIEFLY: Any = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}
