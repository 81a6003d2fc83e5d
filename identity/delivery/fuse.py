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
    told any more. Several lanes write here at once.

    That an event fails once more tells nothing new of the subscriber: until it trips only first failures are counted.
    """

    failures: int
    failing_since: datetime | None
    retry_at: datetime | None = None
    disabled: str = ""

    def __post_init__(self) -> None:
        self._lock = Lock()
        self.tripped = self.failures >= TRIPPED
        """Whether it was failing as a whole when the round began: what fails then is no fault of an event."""

    @classmethod
    def of(cls, subscriber: Subscriber) -> Fuse:
        return cls(subscriber.failures, subscriber.failing_since)

    @property
    def blown(self) -> bool:
        """Whether nothing more is to be sent in this round."""
        return self.retry_at is not None or self.disabled != ""

    def note(self, outcome: Outcome, now: datetime, *, again: bool = False) -> None:
        """Note what became of an attempt; `again`: the event has failed before."""
        with self._lock:
            _NOTES[outcome.verdict](self, outcome, now, again)

    def _taken(self, _: Outcome, __: datetime, ___: bool) -> None:
        self.failures, self.failing_since = 0, None

    def _failed(self, _: Outcome, now: datetime, again: bool) -> None:
        if again and not self.tripped:
            return
        self._count(now)
        if self.failures >= TRIPPED:
            self.retry_at = max(now + breath(self.failures), self.retry_at or now)

    def _wait(self, outcome: Outcome, now: datetime, _: bool) -> None:
        self._count(now)
        asked = now + max(outcome.wait or breath(TRIPPED), breath(self.failures))
        self.retry_at = max(asked, self.retry_at or asked)

    def _count(self, now: datetime) -> None:
        self.failures += 1
        self.failing_since = self.failing_since or now
        if self.failures >= TRIPPED and now - self.failing_since >= GIVE_UP:
            self.disabled = "FAILING"

    def _gone(self, outcome: Outcome, _: datetime, __: bool) -> None:
        self.disabled = outcome.code


_NOTES = {
    Verdict.TAKEN: Fuse._taken,
    Verdict.FAILED: Fuse._failed,
    Verdict.WAIT: Fuse._wait,
    Verdict.GONE: Fuse._gone,
}
