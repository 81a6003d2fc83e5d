"""The fuse of one subscriber: tells an event that fails from a subscriber that does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from identity.delivery.post import Outcome, Verdict
from identity.delivery.schedule import GIVE_UP, TRIPPED, breath
from identity.model.delivery import Subscriber

__all__ = ["Fuse"]


@dataclass
class Fuse:
    """What has been seen of a subscriber: failures in a row, since when, until when it is left alone, and why it is not
    told any more. Several lanes write here at once."""

    failures: int
    failing_since: datetime | None
    retry_at: datetime | None = None
    disabled: str = ""

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._began_with = self.failures

    @classmethod
    def of(cls, subscriber: Subscriber) -> Fuse:
        return cls(subscriber.failures, subscriber.failing_since)

    @property
    def probing(self) -> bool:
        """Whether it is tried with one event at a time."""
        return self.failures >= TRIPPED

    @property
    def revived(self) -> bool:
        """Whether it has failed as a whole, and does not any more."""
        return self._began_with >= TRIPPED and self.failures == 0

    @property
    def blown(self) -> bool:
        """Whether nothing more is to be sent in this round."""
        return self.retry_at is not None or self.disabled != ""

    def note(self, outcome: Outcome, now: datetime) -> None:
        with self._lock:
            _NOTES[outcome.verdict](self, outcome, now)

    def _taken(self, _: Outcome, __: datetime) -> None:
        self.failures, self.failing_since = 0, None

    def _failed(self, _: Outcome, now: datetime) -> None:
        self.failures += 1
        self.failing_since = self.failing_since or now
        if now - self.failing_since >= GIVE_UP:
            self.disabled = "FAILING"
        if self.failures >= TRIPPED:
            self.retry_at = now + breath(self.failures)

    def _wait(self, outcome: Outcome, now: datetime) -> None:
        self.failing_since = self.failing_since or now
        if now - self.failing_since >= GIVE_UP:
            self.disabled = "FAILING"
        asked = now + (outcome.wait or breath(TRIPPED))
        self.retry_at = max(asked, self.retry_at or asked)

    def _gone(self, outcome: Outcome, _: datetime) -> None:
        self.disabled = outcome.code


_NOTES = {
    Verdict.TAKEN: Fuse._taken,
    Verdict.FAILED: Fuse._failed,
    Verdict.WAIT: Fuse._wait,
    Verdict.GONE: Fuse._gone,
}
