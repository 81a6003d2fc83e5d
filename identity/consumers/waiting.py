"""waiting: whose turn it is: what was held and is due, then what the feed brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event as Stop
from typing import Protocol

from identity.model.delivery import HeldEvent
from identity.ports.consumers import Consumers, Feed, Follower
from identity.ports.delivery import LoggedEvent

__all__ = ["Waiting", "probe", "waiting"]

_MISSING = 1_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event whose turn has come, and how it was held until now. One that is `behind` waits for an earlier one."""

    event: LoggedEvent
    held: HeldEvent | None = None
    behind: bool = False


class Room(Protocol):
    @property
    def consumers(self) -> Consumers: ...
    @property
    def follower(self) -> Follower: ...
    @property
    def feed(self) -> Feed: ...
    @property
    def pause(self) -> float: ...


def waiting(room: Room, position: int, most: int, stop: Stop | None) -> list[Waiting] | None:
    """Return up to about `most` events to deal with, those of each profile in their order; None where there are none,
    an empty list where all that came was dealt with before."""
    name = room.follower.name
    due = [Waiting(event, held) for held, event in room.consumers.due(name, most)]
    if len(due) >= most:
        return due
    read = room.feed.read(position, most - len(due), 0.0 if due or stop is None else room.pause)
    if not due and not read:
        return None
    return due + _fresh(room, name, position, read)


def probe(room: Room, position: int) -> list[Waiting] | None:
    """Return one event to try a system with: one that has not failed yet where there is one, as those that have may be
    at fault themselves."""
    name = room.follower.name
    fresh = _fresh(room, name, position, room.consumers.events(position, 1))
    return fresh[:1] or [Waiting(event, held) for held, event in room.consumers.due(name, 1)] or None


def _fresh(room: Room, name: str, position: int, read: Sequence[LoggedEvent]) -> list[Waiting]:
    """Return what of it was not dealt with yet, each once and behind whatever of its profile has not come; the feed is
    told of the rest."""
    unlike = {event.event_id: event for event in read if event.position > position}
    seen = room.consumers.seen(name, unlike)
    fresh = [event for event_id, event in unlike.items() if event_id not in seen]
    room.feed.acknowledge([event for event in read if event.position <= position or event.event_id in seen])
    subjects = {event.subject for event in fresh}
    missing = room.consumers.missing(
        name, subjects, before=max((e.position for e in fresh), default=0), limit=_MISSING
    )
    if len(missing) == _MISSING:  # those behind the last of them come again
        fresh = [event for event in fresh if event.position <= missing[-1].position]
    ordered = {event.position: event for event in (*missing, *fresh)}
    waits = room.consumers.held_subjects(name, subjects)
    return [Waiting(ordered[place], behind=ordered[place].subject in waits) for place in sorted(ordered)]
