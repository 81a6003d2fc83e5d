"""The log itself as a feed: for one process without a broker, and the truth behind every other feed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from identity.ports.consumers import Consumers
from identity.ports.delivery import LoggedEvent

__all__ = ["LogFeed"]


class LogFeed:
    """See `ports.consumers.Feed`. In the order of the log, and none is lost."""

    def __init__(self, log: Consumers) -> None:
        self._log = log

    def read(self, position: int, limit: int, seconds: float) -> Sequence[LoggedEvent]:  # noqa: ARG002
        return self._log.events(position, limit)

    def acknowledge(self, events: Iterable[LoggedEvent]) -> None:
        """Nothing to do: the database knows how far the consumer came."""

    def close(self) -> None:
        """Nothing to do."""
