"""What `identity subscribers`, `dead-letters`, `events replay` and `deliver --once` do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from identity.bootstrap import Service, SystemClock
from identity.commands.reviews import moment
from identity.delivery.courier import Delivered
from identity.delivery.office import Office, Report, deliver_once
from identity.delivery.subscribing import (
    Standing,
    Wanted,
    change,
    forget_reader,
    replay,
    standings,
    subscribe,
)
from identity.ids import new_id
from identity.model.delivery import (
    DeadLetter,
    DeadLetterStatus,
    HeldEvent,
    SubscriberKind,
    SubscriberStatus,
)
from identity.model.errors import IdentityError
from identity.ports.delivery import Deliveries

__all__ = [
    "add_report",
    "beginning",
    "change_report",
    "dead_letter_report",
    "dead_letters_report",
    "deliver_report",
    "dropped",
    "news_of",
    "paused",
    "redriven",
    "removed",
    "replay_report",
    "resumed",
    "subscriber_report",
    "subscribers_report",
    "wanted",
]

_AT_ONCE = 1_000


def beginning(text: str) -> int | datetime | None:
    """Return a position, a moment, or None for now. ValueError when it is neither."""
    if text == "now":
        return None
    return int(text) if text.isascii() and text.isdigit() else moment(text)


def wanted(
    name: str,
    webhook: str | None,
    stream: str | None,
    types: Sequence[str],
    secrets: Sequence[str],
    since: int | datetime | None,
) -> Wanted:
    """Return who wants to be told. ValueError unless it is either a webhook or a stream."""
    if (webhook is None) == (stream is None):
        raise ValueError("Name either a --webhook or a --stream.")
    if webhook is not None:
        return Wanted(name, SubscriberKind.WEBHOOK, webhook, types, secrets, since)
    return Wanted(name, SubscriberKind.REDIS, stream or "", types, secrets, since)


def add_report(service: Service, asked: Wanted) -> dict[str, Any]:
    """Store a subscriber; return it. Raises what `delivery.subscribing.subscribe` raises."""
    for secret in asked.secrets:
        service.settings.delivery.secrets(secret)  # that it is missing is better told now
    subscribe(
        service.deliveries,
        asked,
        at=SystemClock().now(),
        log=new_id(),
        allowed=service.settings.delivery.private,
    )
    return subscriber_report(service, asked.name)


def change_report(
    service: Service,
    name: str,
    address: str | None,
    types: Sequence[str] | None,
    secrets: Sequence[str] | None,
    forget: str | None = None,
) -> dict[str, Any]:
    """Change a subscriber; return it. Raises what `change` and `forget_reader` raise."""
    for secret in secrets or ():
        service.settings.delivery.secrets(secret)
    allowed = service.settings.delivery.private
    change(service.deliveries, name, allowed=allowed, address=address, types=types, secrets=secrets)
    if forget is not None:
        forget_reader(service.deliveries, name, forget)
    return subscriber_report(service, name)


def paused(service: Service, name: str, reason: str) -> dict[str, Any]:
    service.deliveries.set_status(name, SubscriberStatus.PAUSED, reason)
    return subscriber_report(service, name)


def resumed(service: Service, name: str) -> dict[str, Any]:
    service.deliveries.set_status(name, SubscriberStatus.ACTIVE, "")
    return subscriber_report(service, name)


def removed(service: Service, name: str) -> dict[str, Any]:
    service.deliveries.remove(name)
    return {"name": name, "dead_letters": service.deliveries.dead_letters_open().get(name, 0)}


def subscribers_report(service: Service) -> dict[str, Any]:
    """Return how everybody who is told stands."""
    return {
        "log_end": service.deliveries.log_end(),
        "subscribers": [_standing(one) for one in standings(service.deliveries)],
    }


def subscriber_report(service: Service, name: str, limit: int = 20) -> dict[str, Any]:
    """Return how one stands, and the first events that wait for it. LookupFailed E520 for a name nobody knows."""
    service.deliveries.subscriber(name)
    (found,) = [one for one in standings(service.deliveries) if one.subscriber.name == name]
    return {**_standing(found), "waits": [_held(one) for one in service.deliveries.held(name, limit)]}


def replay_report(service: Service, name: str, since: int | datetime | None) -> dict[str, Any]:
    """Have a subscriber told again; return from where on."""
    begin = service.deliveries.log_end() if since is None else since
    return asdict(replay(service.deliveries, name, begin))


def dead_letters_report(service: Service, name: str | None, every: bool, limit: int) -> dict[str, Any]:
    """Return what was given up."""
    status = None if every else DeadLetterStatus.OPEN
    return {
        "dead_letters": [_dead(one) for one in service.deliveries.dead_letters(name, status, limit)],
        "open": service.deliveries.dead_letters_open(),
    }


def dead_letter_report(service: Service, number: int) -> dict[str, Any]:
    """Return one, with its event. LookupFailed E521 for a number nobody knows."""
    found = service.deliveries.dead_letter(number)
    return {**_dead(found), "event": orjson.loads(found.payload)}


def redriven(service: Service, numbers: Sequence[int], name: str | None) -> dict[str, Any]:
    """Have dead letters tried again: those of these numbers, or all open ones of a follower."""
    return _closed(service.deliveries, service.deliveries.redrive, numbers, name)


def dropped(service: Service, numbers: Sequence[int], name: str | None) -> dict[str, Any]:
    """Give dead letters up for good: those of these numbers, or all open ones of a follower."""
    return _closed(service.deliveries, service.deliveries.drop, numbers, name)


def _closed(deliveries: Deliveries, close: Any, numbers: Sequence[int], name: str | None) -> dict[str, Any]:
    if name is None:
        return {"closed": close(numbers)}
    return {"closed": sum(close(some) for some in _open_ones(deliveries, name))}


def _open_ones(deliveries: Deliveries, name: str) -> Iterator[list[int]]:
    while found := deliveries.dead_letters(name, limit=_AT_ONCE):
        yield [letter.number for letter in found]


def deliver_report(service: Service) -> dict[str, Any]:
    """Tell everybody who is active what there is now; return what came of each, and whether all were told."""
    office = service.office()
    names = [one.name for one in office.deliveries.subscribers() if one.status is SubscriberStatus.ACTIVE]
    with ThreadPoolExecutor(max(1, min(len(names), 32))) as pool:
        delivered = list(pool.map(lambda name: _delivered(office, name), names))
    return {
        "delivered": delivered,
        "told": all(one["why"] == "done" and not one["held"] + one["dead"] for one in delivered),
    }


def _delivered(office: Office, name: str) -> dict[str, Any]:
    try:
        return news_of(name, deliver_once(office, name))
    except IdentityError as error:
        return news_of(name, error)


def news_of(name: str, heard: Report | IdentityError) -> dict[str, Any]:
    """Return what came of a turn, in one shape for all: how many were told, held back and given up, and why it ended;
    of an error its code."""
    if isinstance(heard, IdentityError):
        return {"name": name, "told": 0, "held": 0, "dead": 0, "why": heard.code, "again_at": None}
    if isinstance(heard, Delivered):
        again = heard.again_at.isoformat() if heard.again_at else None
        told, held, dead = heard.taken, heard.held, heard.dead
        return {"name": name, "told": told, "held": held, "dead": dead, "why": heard.why, "again_at": again}
    return {"name": name, "told": heard.published, "held": 0, "dead": 0, "why": heard.why, "again_at": None}


def _standing(standing: Standing) -> dict[str, Any]:
    found = standing.subscriber
    return {
        "name": found.name,
        "kind": str(found.kind),
        "address": found.address,
        "types": list(found.types),
        "secrets": list(found.secrets),
        "readers": list(found.readers),
        "status": str(found.status),
        "reason": found.reason,
        "position": found.position,
        "behind": standing.behind,
        "held": standing.held,
        "dead_letters": standing.dead,
        "failures": found.failures,
        **{
            name: at.isoformat() if (at := getattr(found, name)) else None
            for name in ("failing_since", "retry_at", "created_at", "changed_at")
        },
    }


def _held(event: HeldEvent) -> dict[str, Any]:
    plain = asdict(event)
    return {name: plain[name] for name in ("position", "subject", "attempts", "next_at", "code")}


def _dead(letter: DeadLetter) -> dict[str, Any]:
    plain = asdict(letter)
    plain.pop("payload")
    return {**plain, "status": str(letter.status)}
