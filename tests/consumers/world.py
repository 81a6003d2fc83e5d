"""A master that changes its mind about who is whom, and the loyalty platform it has to agree with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pyarrow as pa

from identity import ports
from identity.bootstrap import SystemClock
from identity.connectors.loyalty import Loyalty
from identity.connectors.remote import Remote, RemoteSettings
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following, Worked, follow
from identity.consumers.loyalty import LoyaltyFollower
from identity.model.loyalty import LoyaltyPolicy
from identity.ports import Clock
from identity.ports.consumers import Feed
from identity.ports.delivery import LoggedEvent
from identity.store import Store
from tests.reference_loyalty.serving import Shop

__all__ = ["Master", "MovingClock", "Scrambled", "following", "identical", "points", "worked_until_done"]

TIERS = ("basic", "silver", "gold")
PATIENCE = 0.5


@dataclass
class MovingClock:
    """The real time, and what was added to it: whoever waits for an hour need not."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def turn(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Master:
    """Golden ids of loyalty members, changed as real time does: memberships, redirects and events in one transaction.

    Several acts in one transaction leave the last state and all of their events.
    """

    store: Store
    homes: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    told: int = 0
    _stored: dict[str, str] = field(default_factory=dict)
    _led: dict[str, str] = field(default_factory=dict)
    _stored_led: dict[str, str] = field(default_factory=dict)
    _events: list[dict[str, Any]] = field(default_factory=list)

    def enrol(self, *numbers: str) -> None:
        for number in numbers:
            self.homes[number] = f"g-{number}"
            self._tell("customer.created", f"g-{number}", records_gained=[f"loyalty:{number}"])

    def merge(self, into: str, gone: str, operation: str | None = None) -> None:
        """The profile of one member goes up in another's."""
        home, retired = self.homes[into], self.homes[gone]
        moved = [number for number, known in self.homes.items() if known == retired]
        self.homes |= dict.fromkeys(moved, home)
        self._led[retired] = home
        self._led = {one: home if led == retired else led for one, led in self._led.items()}
        by = {"operation_id": operation, "operation": "merge"} if operation else {}
        gained = [f"loyalty:{number}" for number in moved]
        self._tell("customer.merged", home, retired=[retired], records_gained=gained, **by)
        self._tell("customer.merged", retired, golden_id=home, retired=[retired], **by)

    def split(self, *numbers: str, revived: str | None = None, operation: str | None = None) -> None:
        """Members become a profile of their own, under an id that was retired or under a new one."""
        (home,) = {self.homes[number] for number in numbers}
        fresh = revived or f"g-{self.told}-{numbers[0]}"
        self.homes |= dict.fromkeys(numbers, fresh)
        self._led.pop(fresh, None)
        by = {"operation_id": operation, "operation": "split"} if operation else {}
        named = [f"loyalty:{number}" for number in numbers]
        self._tell("customer.split", home, records_lost=named, **by)
        kind = "customer.split" if revived else "customer.created"
        self._tell(kind, fresh, records_gained=named, **by)

    def touch(self, number: str) -> None:
        self._tell("customer.updated", self.homes[number])

    def commit(self) -> None:
        moved = {number: home for number, home in self.homes.items() if self._stored.get(number) != home}
        retired = {one: led for one, led in self._led.items() if self._stored_led.get(one) != led}
        revived = sorted(self._stored_led.keys() - self._led.keys())
        with self.store.begin(SystemClock()) as work:
            if moved:
                work.move(_memberships(moved), f"c{self.told}", work.at)
            if revived:
                work.put_profiles(_profiles(revived, work.at))
            if retired:
                work.retire(
                    pa.Table.from_pylist(
                        [{"retired": one, "survivor": led} for one, led in retired.items()], ports.REDIRECTS
                    ),
                    f"c{self.told}",
                    work.at,
                )
            work.append_events(
                pa.Table.from_pylist([{**e, "time": work.at} for e in self._events], ports.EVENTS)
            )
        self._stored, self._stored_led, self._events = dict(self.homes), dict(self._led), []

    def groups(self) -> set[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for number, home in self.homes.items():
            found.setdefault(home, set()).add(number)
        return set(map(frozenset, found.values()))

    def change_something(self, random: Random) -> None:
        """One act, of those that are possible."""
        numbers = sorted(self.homes)
        one, other = random.sample(numbers, 2)
        company = [number for number in numbers if self.homes[number] == self.homes[one]]
        if len(company) > 1 and random.random() < 0.45:
            part = random.sample(company, random.randint(1, len(company) - 1))
            self.split(*part)
        elif self.homes[one] != self.homes[other] and len(company) < 4 and random.random() < 0.8:
            self.merge(one, other)
        else:
            self.touch(one)

    def _tell(self, kind: str, subject: str, **body: Any) -> None:
        self.told += 1
        self.versions[subject] = version = self.versions.get(subject, 0) + 1
        facts = orjson.dumps({"golden_id": subject, **body}).decode()
        self._events.append(
            {
                "event_id": f"{subject}.{version}",
                "type": kind,
                "subject": subject,
                "version": version,
                "correlation_id": None,
                "body": facts,
            }
        )


def _memberships(homes: dict[str, str]) -> pa.Table:
    rows = [
        {"source": "loyalty", "source_record_id": number, "golden_id": home} for number, home in homes.items()
    ]
    return pa.Table.from_pylist(rows, ports.MEMBERSHIPS)


def _profiles(golden_ids: Iterable[str], at: datetime) -> pa.Table:
    usual = {
        "version": 1,
        "status": "live",
        "record_count": 1,
        "fingerprint": "f",
        "attributes": "{}",
        "consents": "{}",
    }
    rows = [{**usual, "golden_id": one, "created_at": at, "updated_at": at} for one in golden_ids]
    return pa.Table.from_pylist(rows, ports.PROFILES)


class Scrambled:
    """A feed that repeats events and lets others overtake them, as brokers may. `ahead`: the feed is the log itself,
    which tells the same until it is dealt with."""

    def __init__(
        self, feed: Feed, random: Random, repeated: float = 0.3, deep: int = 50, *, ahead: bool = True
    ) -> None:
        self._feed, self._random, self._repeated, self._deep, self._ahead = (
            feed,
            random,
            repeated,
            deep,
            ahead,
        )
        self._window: list[LoggedEvent] = []
        self._read = 0

    def read(self, position: int, limit: int, seconds: float) -> Sequence[LoggedEvent]:
        after = max(self._read, position) if self._ahead else position
        fresh = self._feed.read(after, self._deep, seconds)
        self._read = max([self._read, position, *(event.position for event in fresh)])
        for event in fresh:
            self._window += [event] * (2 if self._random.random() < self._repeated else 1)
        self._random.shuffle(self._window)
        # Some are kept back, to be told among those that come later.
        keep = len(self._window) // 3 if fresh else 0
        told, self._window = self._window[keep:], self._window[:keep]
        return told[: limit * 3] or self._feed.read(position, limit, seconds)

    def acknowledge(self, events: Iterable[LoggedEvent]) -> None:
        self._feed.acknowledge(events)

    def close(self) -> None:
        self._feed.close()


@contextmanager
def following(
    store: Store, shop: Shop, clock: Clock | None = None, feed: Feed | None = None, **told: Any
) -> Iterator[Following]:
    """What follows the log of a store to the programme of a shop."""
    clock = clock or SystemClock()
    consumers = store.consumers(clock)
    usual: dict[str, Any] = {
        "holder": "tests",
        "chance": lambda: 0.0,
        "written": lambda event: event.event_id,
    }
    policy = LoyaltyPolicy(shop.program, TIERS)
    with Remote(RemoteSettings(shop.url, "the loyalty platform", timeout_seconds=PATIENCE)) as remote:
        follower = LoyaltyFollower(Loyalty(remote, policy), store.loyalty_book, policy, clock)
        yield Following(
            consumers, follower, feed or LogFeed(consumers), clock, **{**usual, "pause": 0.02, **told}
        )


def worked_until_done(room: Following, clock: MovingClock, rounds: int = 200) -> Worked:
    """Follow until nothing is left or waits; whatever is to be waited for comes at once."""
    for _ in range(rounds):
        worked = follow(room)
        if worked.why == "done" and worked.again_at is None:
            return worked
        clock.turn(max(0.0, (worked.again_at - clock.now()).total_seconds()) if worked.again_at else 0.1)
    raise AssertionError(f"it does not come to an end: {worked}")


def identical(shop: Shop, numbers: Iterable[str]) -> set[frozenset[str]]:
    """Which numbers lead to the same member, at the platform."""
    found: dict[str, set[str]] = {}
    for number in numbers:
        found.setdefault(shop.member(number)["number"], set()).add(number)
    return set(map(frozenset, found.values()))


def points(shop: Shop) -> int:
    """The points that all members of the programme have together."""
    return sum(member["points"] for member in shop.get("members?limit=500")["members"])


def merges(shop: Shop) -> dict[str, str]:
    """The status of every merge that the platform has ever carried out in the programme, by its id."""
    with closing(sqlite3.connect(shop.database)) as connection:
        rows = connection.execute("select merge_id, status from merges where program = ?", (shop.program,))
        return dict(rows.fetchall())
