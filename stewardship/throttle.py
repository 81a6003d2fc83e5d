"""How often somebody may try to log in: per name and per address, in Redis for all servers together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

__all__ = ["Throttle", "throttle_at"]

_LOG = structlog.get_logger("identity.review")
_BY_NAME, _BY_ADDRESS = parse("8/5minute"), parse("40/5minute")


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts failures only: who types their password well is never held up by others' attempts from elsewhere for
    longer than a name's window."""

    limiter: RateLimiter
    by_name: RateLimitItem = _BY_NAME
    by_address: RateLimitItem = _BY_ADDRESS

    def lets(self, name: str, address: str) -> bool:
        """Say whether somebody may try once more."""
        try:
            return all(self.limiter.test(item, *key) for item, key in self._counted(name, address))
        except Exception as error:  # whoever counts is away: letting people in matters more
            _LOG.warning("throttle_unavailable", error=type(error).__name__)
            return True

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        try:
            for item, key in self._counted(name, address):
                self.limiter.hit(item, *key)
        except Exception as error:
            _LOG.warning("throttle_unavailable", error=type(error).__name__)

    def _counted(self, name: str, address: str) -> list[tuple[RateLimitItem, tuple[str, str]]]:
        # What is counted may lie in Redis: no names there.
        return [
            (self.by_name, ("login-name", _digest(name.casefold()))),
            (self.by_address, ("login-address", _digest(address))),
        ]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def throttle_at(url: str) -> Throttle:
    if url.startswith("memory"):
        return Throttle(FixedWindowRateLimiter(storage_from_string("memory://")))
    brief = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}
    return Throttle(FixedWindowRateLimiter(storage_from_string(url, **brief)))
