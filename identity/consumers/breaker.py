"""breaker: tells an event that fails from a system that does. A system that fails is left alone for a while, and then
tried with one event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from identity.consumers.schedule import TRIPPED, backoff
from identity.model.following import Consumer

__all__ = ["Breaker"]

AWAY = frozenset({"TIMEOUT", "UNREACHABLE", "HTTP_408", "HTTP_429", "HTTP_502", "HTTP_503", "HTTP_504"})
"""Says nothing about the event: the system is away, or asks for time."""
BUSY = frozenset({"HTTP_429", "HTTP_503"})


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row, since when, and until when nothing is asked of the system. `began` is what it began with."""

    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    began: int = 0

    @classmethod
    def of(cls, consumer: Consumer) -> Breaker:
        return cls(consumer.failures, consumer.failing_since, consumer.retry_at, consumer.failures)

    @property
    def probing(self) -> bool:
        """Whether one event is tried at a time."""
        return self.failures >= TRIPPED

    @property
    def revived(self) -> bool:
        """Whether the system has failed, and does not any more."""
        return self.began >= TRIPPED and self.failures == 0

    def open_at(self, now: datetime) -> bool:
        """Say whether nothing is to be asked at a moment."""
        return self.retry_at is not None and self.retry_at > now

    def counts(self, code: str) -> bool:
        """Say whether a failure counts against its event: not where the system fails as a whole, or asks for time."""
        return not (self.probing or code in BUSY)

    def succeeded(self) -> Breaker:
        return replace(self, failures=0, failing_since=None, retry_at=None)

    def failed(
        self,
        now: datetime,
        code: str,
        asked: float | None,
        chance: Callable[[], float],
        *,
        again: bool = False,
    ) -> Breaker:
        """Return it after a failure. `asked` are seconds for which the system wants to be left alone. An event that
        fails `again` says nothing new, unless nobody answers at all."""
        failures = self.failures + (not again or self.probing or code in AWAY)
        rest = failures >= TRIPPED or asked is not None
        retry_at = now + backoff(max(failures - TRIPPED + 3, 1), chance, asked) if rest else None
        return replace(self, failures=failures, failing_since=self.failing_since or now, retry_at=retry_at)
