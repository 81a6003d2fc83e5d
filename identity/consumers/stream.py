"""A Redis stream as a feed: it tells soon that there is something. What there is stands in the log.

An entry counts for its position only, and the event is read from the log: nothing that somebody else writes to Redis is
ever believed. What Redis loses, or has not yet, is read from the log when nothing comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import redis

from identity.ports.consumers import Consumers
from identity.ports.delivery import LoggedEvent

__all__ = ["StreamFeed"]

_PATIENCE = 5.0
_CLAIMED_AT_ONCE = 500


class StreamFeed:
    """See `ports.consumers.Feed`. One consumer group; as one process has the lease, whatever another one was given and
    did not acknowledge was left behind by the dead."""

    def __init__(self, url: str, stream: str, group: str, name: str, log: Consumers) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=_PATIENCE * 2, socket_connect_timeout=_PATIENCE, decode_responses=True
        )
        self._stream, self._group, self._name, self._log = stream, group, name, log
        self._claimed = False
        self._entries: dict[int, str] = {}

    def read(self, position: int, limit: int, seconds: float) -> Sequence[LoggedEvent]:
        try:
            entries = self._left_behind() or self._new(limit, seconds)
        except redis.ResponseError as error:
            if "NOGROUP" in str(error):
                self._begin(position)
            entries = []
        except redis.RedisError:
            entries = []
        strange = [entry for entry in entries if not _position(entry)]
        self._acknowledge(strange)
        self._entries |= {place: entry for entry in entries if (place := _position(entry))}
        # Not from the log is what the stream tells of another log: it is acknowledged, and forgotten.
        found = self._events(sorted({place for entry in entries if (place := _position(entry))}), position)
        return found or self._log.events(position, limit)

    def acknowledge(self, events: Iterable[LoggedEvent]) -> None:
        done = [self._entries.pop(event.position) for event in events if event.position in self._entries]
        self._acknowledge(done)

    def close(self) -> None:
        self._client.close()

    def _begin(self, position: int) -> None:
        """Make the group, behind what is done: also when Redis has lost its memory."""
        with suppress(redis.RedisError):  # somebody else made it, or Redis is away
            self._client.xgroup_create(self._stream, self._group, id=f"{position}-0", mkstream=True)
        self._claimed = False

    def _left_behind(self) -> list[str]:
        if self._claimed:
            return []
        found: list[str] = []
        start = "0-0"
        while True:
            answer: Any = self._client.xautoclaim(
                self._stream, self._group, self._name, 0, start, count=_CLAIMED_AT_ONCE
            )
            found += [each[0] for each in answer[1] if each and each[0]]  # deleted ones have no id
            start = answer[0]
            if start == "0-0":
                self._claimed = True
                return found

    def _new(self, limit: int, seconds: float) -> list[str]:
        block = max(int(min(seconds, _PATIENCE) * 1000), 1) if seconds else None
        answer: Any = self._client.xreadgroup(
            self._group, self._name, {self._stream: ">"}, count=limit, block=block
        )
        return [entry for _, entries in answer for entry, _ in entries] if answer else []

    def _events(self, places: Sequence[int], position: int) -> Sequence[LoggedEvent]:
        """Return the events at these places of the log, and acknowledge what is not there, or done long ago."""
        found: dict[int, LoggedEvent] = {}
        wanted = [place for place in places if place > position]
        at = position
        for place in wanted:
            if place > at:
                some = self._log.events(place - 1, len(wanted))
                found |= {event.position: event for event in some}
                at = max(found, default=place)
        gone = [place for place in places if place not in found]
        self._acknowledge([self._entries.pop(place) for place in gone if place in self._entries])
        return [found[place] for place in wanted if place in found]

    def _acknowledge(self, entries: Sequence[str]) -> None:
        if not entries:
            return
        try:
            self._client.xack(self._stream, self._group, *entries)
        except redis.RedisError:
            self._claimed = False  # they come again, and are acknowledged then


def _position(entry: str) -> int:
    place = entry.partition("-")[0]
    return int(place) if place.isdecimal() else 0
