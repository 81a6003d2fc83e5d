"""How much a client may ask for: requests at a time, and values to look up in a day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import structlog
from anyio import from_thread
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter

from api.problems import Problem
from api.settings import ApiSettings

__all__ = ["Limits", "limits_at"]

_LOG = structlog.get_logger("identity.api")


@dataclass(frozen=True, slots=True)
class Limits:
    """Counted per client; in Redis for all servers together, otherwise for each process by itself."""

    limiter: FixedWindowRateLimiter
    rate: RateLimitItem
    lookups: RateLimitItem
    messages: RateLimitItem

    async def request(self, client: str) -> None:
        """Count a request. Problem 429 when it is one too many."""
        await self._hit(self.rate, "rate", client, 1, "RATE_LIMITED", "Too many requests.")

    async def message(self, source: str) -> None:
        """Count a message of a source. Problem 429 when it is one too many."""
        await self._hit(self.messages, "messages", source, 1, "RATE_LIMITED", "Too many messages.")

    def look_up(self, client: str, keys: int) -> None:
        """Count values to look up, from the thread that works on a request. Problem 429 when they are too many."""
        from_thread.run(
            self._hit, self.lookups, "lookups", client, keys, "QUOTA_EXHAUSTED", "Too many lookups."
        )

    async def _hit(
        self, item: RateLimitItem, kind: str, client: str, cost: int, code: str, title: str
    ) -> None:
        try:
            taken = await self.limiter.hit(item, kind, client, cost=cost)
        except Exception as error:  # whoever counts is away: answering matters more than counting
            _LOG.warning("limits_unavailable", error=type(error).__name__)
            return
        if not taken:
            reset = (await self.limiter.get_window_stats(item, kind, client)).reset_time
            later = str(max(1, round(reset - time.time())))
            raise Problem(429, code, title, f"Allowed are {item}.", {"Retry-After": later})


def limits_at(settings: ApiSettings) -> Limits:
    """Return the limits of these settings."""
    storage: Storage = (
        MemoryStorage()
        if settings.limits_url.startswith("memory")
        else RedisStorage(f"async+{settings.limits_url}", implementation="redispy", **_BRIEFLY)
    )
    told = (settings.rate, settings.lookup_quota, settings.intake_rate)
    return Limits(FixedWindowRateLimiter(storage), *map(parse, told))


_BRIEFLY: Any = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}
