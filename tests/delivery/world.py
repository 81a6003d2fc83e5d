"""A log that tests write to, those who are told, and readers of a stream."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis

from identity.bootstrap import SystemClock
from identity.delivery.addresses import Allowed, destination
from identity.delivery.courier import Courier, Delivered, deliver
from identity.delivery.office import Office
from identity.delivery.post import Post
from identity.delivery.redis_stream import STREAM, RedisStream
from identity.delivery.relay import Relay
from identity.delivery.signing import secrets_from
from identity.delivery.subscribing import Wanted, subscribe
from identity.model.delivery import Subscriber, SubscriberKind
from identity.ports import Clock
from identity.store import Store
from identity.store.deliveries import Deliveries
from tests.store.worlds import events

__all__ = [
    "OWN",
    "SECRETS",
    "SHOP",
    "Log",
    "Reader",
    "courier_on",
    "office_of",
    "relay_on",
    "stream_of",
    "told",
    "until",
]

SHOP = "shop"
SECRETS = {
    "IDENTITY_WEBHOOK_SECRET_NEW": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    "IDENTITY_WEBHOOK_SECRET_OLD": "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
}


@dataclass
class Log:
    store: Store
    clock: Clock
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def deliveries(self) -> Deliveries:
        return self.store.deliveries(self.clock)

    def tell(self, *subjects: str) -> None:
        """Append the next event of each of these subjects, in this order."""
        told = []
        for subject in subjects:
            self.versions[subject] = self.versions.get(subject, 0) + 1
            told.append((subject, self.versions[subject]))
        with self.store.begin(SystemClock()) as work:
            work.append_events(events(*told))

    def many(self, count: int, subjects: int = 7) -> None:
        self.tell(*(f"g{number % subjects}" for number in range(count)))

    def subscribe(self, name: str = SHOP, **wanted: Any) -> Subscriber:
        usual: dict[str, Any] = {"kind": SubscriberKind.WEBHOOK, "secrets": ("new",)}
        asked = Wanted(name, **{**usual, **wanted})
        now, allowed = self.clock.now(), Allowed(frozenset({"127.0.0.1", "shop.example"}))
        return subscribe(self.deliveries, asked, at=now, log=f"log of {name}", allowed=allowed)

    def stream(self, name: str = "stream") -> Subscriber:
        return self.subscribe(name, kind=SubscriberKind.REDIS, secrets=())


def relay_on(log: Log, url: str, holder: str = "one", **told: Any) -> Relay:
    usual: dict[str, Any] = {"at_once": 50, "pause": 0.02, "trim_after": 0.0}
    return Relay(log.deliveries, RedisStream(url), "stream", holder, **{**usual, **told})


def stream_of(client: redis.Redis) -> list[tuple[int, str]]:
    """The position and event id of every entry."""
    found: Any = client.xrange(STREAM)
    return [(int(entry.partition("-")[0]), told["id"]) for entry, told in found]


class Reader:
    """A consumer group of one. It makes its group again when the stream was begun anew, and knows what it had."""

    def __init__(self, client: redis.Redis, group: str = "loyalty") -> None:
        self._client = client
        self._group = group
        self.had: list[str] = []

    def begin(self) -> None:
        self._client.xgroup_create(STREAM, self._group, id="0", mkstream=True)

    def read(self, count: int = 1_000, *, acknowledge: bool = True) -> int:
        """Read up to so many entries, and return how many there were."""
        try:
            found: Any = self._client.xreadgroup(self._group, "c", {STREAM: ">"}, count=count)
        except redis.ResponseError:
            self.begin()
            return self.read(count, acknowledge=acknowledge)
        entries = found[0][1] if found else []
        self.had += [told["id"] for _, told in entries]
        if acknowledge and entries:
            self._client.xack(STREAM, self._group, *(entry for entry, _ in entries))
        return len(entries)


_TRUST = ssl.create_default_context()
OWN = Allowed(frozenset({"127.0.0.1"}))


def courier_on(log: Log, url: str, name: str = SHOP, holder: str = "one", **told: Any) -> Courier:
    """Who delivers to that address, until it is `told`."""
    post = Post(destination(url, OWN), told.pop("patience", 5.0), trust=_TRUST)
    return Courier(log.deliveries, name, holder, post, secrets_from(SECRETS), log.clock, **told)


def told(courier: Courier) -> Delivered:
    """Deliver what there is, and hang up."""
    try:
        return deliver(courier)
    finally:
        assert isinstance(courier.send, Post)
        courier.send.close()


def office_of(log: Log, **asked: Any) -> Office:
    usual: dict[str, Any] = {"allowed": OWN, "patience": 5.0, "pause": 0.02, "look_after": 0.05}
    return Office(log.deliveries, log.clock, "office", secrets_from(SECRETS), **{**usual, **asked})


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something to be true; fail where it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)
