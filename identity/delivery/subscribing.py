"""subscribing: who is told, what, and from where on. Each verb is a unit of work of its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity.delivery.addresses import Allowed, destination
from identity.delivery.cloud_event import RESERVED, TYPES
from identity.delivery.redis_stream import STREAM
from identity.model.delivery import Subscriber, SubscriberKind, SubscriberStatus
from identity.model.errors import DeliveryError, LookupFailed
from identity.ports.delivery import Deliveries, Subscribers

__all__ = ["Replayed", "Standing", "Wanted", "change", "forget_reader", "replay", "standings", "subscribe"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_STREAM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who wants to be told. `types` none: every event; `secrets` are names. `since` is where to begin: behind a
    position of the log, or at a moment; None: with what happens from now on."""

    name: str
    kind: SubscriberKind
    address: str = STREAM
    types: Sequence[str] = ()
    secrets: Sequence[str] = ()
    since: int | datetime | None = 0


@dataclass(frozen=True, slots=True)
class Replayed:
    """From where on a subscriber is told again, and how many positions of the log that is."""

    name: str
    position: int
    behind: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscriber stands: how many positions of the log it has not been dealt with for, what waits, what was given
    up, and when it is tried next if it does not answer."""

    subscriber: Subscriber
    behind: int
    held: int
    dead: int


def subscribe(
    deliveries: Deliveries, wanted: Wanted, *, at: datetime, log: str, allowed: Allowed
) -> Subscriber:
    """Store a subscriber, and return it. `log` is a new id: it tells the streams of this log from others.

    DeliveryError E701 for a name that is taken or no name, E702 for an address that events must not be sent to, E703
    for a type that is never told, E704 for a webhook without a secret or a name that no secret can have.
    """
    _check_name(wanted.name)
    _check_address(wanted.kind, wanted.address, allowed)
    _check_types(wanted.kind, wanted.types)
    _check_secrets(wanted.kind, wanted.secrets)
    position = _position(deliveries, wanted.since)
    subscriber = Subscriber(
        name=wanted.name,
        kind=wanted.kind,
        address=wanted.address,
        types=tuple(wanted.types),
        secrets=tuple(wanted.secrets),
        status=SubscriberStatus.ACTIVE,
        reason="",
        created_at=at,
        changed_at=at,
        position=position,
        horizon=position,
        generation=0,
        log=log,
    )
    deliveries.add(subscriber)
    return subscriber


def change(
    deliveries: Subscribers,
    name: str,
    *,
    allowed: Allowed,
    address: str | None = None,
    types: Sequence[str] | None = None,
    secrets: Sequence[str] | None = None,
) -> Subscriber:
    """Give a subscriber another address, other types or other secrets (the newest first), and return it.

    Raises what `subscribe` raises, and LookupFailed E520.
    """
    kind = deliveries.subscriber(name).kind
    if address is not None:
        _check_address(kind, address, allowed)
    if types is not None:
        _check_types(kind, types)
    if secrets is not None:
        _check_secrets(kind, secrets)
    if address is not None:
        deliveries.set_address(name, address)
    if types is not None:
        deliveries.set_types(name, types)
    if secrets is not None:
        deliveries.set_secrets(name, secrets)
    return deliveries.subscriber(name)


def forget_reader(deliveries: Subscribers, name: str, reader: str) -> Subscriber:
    """Stop waiting for a group that reads a stream no more, and return the subscriber. LookupFailed E520 for a name,
    E522 for a group, that nobody knows."""
    known = deliveries.subscriber(name).readers
    if reader not in known:
        raise LookupFailed("E522", f"No group is known to read {name} by that name.")
    deliveries.set_readers(name, [each for each in known if each != reader])
    return deliveries.subscriber(name)


def replay(deliveries: Deliveries, name: str, since: int | datetime) -> Replayed:
    """Tell a subscriber again what stands behind a position of the log, or happened at a moment or later.

    What it was told before it knows by the ids of the events. A stream is begun anew: its readers lose their groups and
    make them again. LookupFailed E520 for a name nobody knows.
    """
    deliveries.rewind(name, _position(deliveries, since))
    position = deliveries.subscriber(name).position
    return Replayed(name, position, deliveries.log_end() - position)


def standings(deliveries: Deliveries) -> list[Standing]:
    """Return how every subscriber stands, by name."""
    end, held, dead = deliveries.log_end(), deliveries.held_counts(), deliveries.dead_letters_open()
    return [
        Standing(
            subscriber,
            max(0, end - subscriber.position),
            held.get(subscriber.name, 0),
            dead.get(subscriber.name, 0),
        )
        for subscriber in deliveries.subscribers()
    ]


def _position(deliveries: Deliveries, since: int | datetime | None) -> int:
    if since is None:
        return deliveries.log_end()
    if isinstance(since, datetime):
        return deliveries.position_before(since)
    return max(0, min(since, deliveries.log_end()))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise DeliveryError(
            "E701",
            "That is no name for a subscriber.",
            "Lower-case letters, digits, - and _, a letter first.",
        )


def _check_address(kind: SubscriberKind, address: str, allowed: Allowed) -> None:
    if kind is SubscriberKind.WEBHOOK:
        destination(address, allowed)
    elif not _STREAM_NAME.fullmatch(address):
        raise DeliveryError(
            "E702", "That is no name for a stream.", "The server is named by a setting, not here."
        )


def _check_types(kind: SubscriberKind, types: Collection[str]) -> None:
    unknown = sorted(set(types) - TYPES.keys() - RESERVED.keys())
    if unknown:
        raise DeliveryError("E703", f"No event is of the type {unknown[0]}.", f"Types: {', '.join(TYPES)}.")
    if types and kind is SubscriberKind.REDIS:
        raise DeliveryError(
            "E703", "A stream carries the whole log.", "Its readers look at the type of an entry."
        )


def _check_secrets(kind: SubscriberKind, secrets: Collection[str]) -> None:
    if kind is SubscriberKind.WEBHOOK and not secrets:
        raise DeliveryError("E704", "A webhook is signed, and needs the name of a secret.")
    if not all(_NAME.fullmatch(secret) for secret in secrets):
        raise DeliveryError(
            "E704", "That is no name of a secret.", "The secret itself is in the environment or in a file."
        )
