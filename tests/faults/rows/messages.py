"""Events and messages that come twice, late, in any order, or make no sense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from identity.bootstrap import Service
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following
from identity.consumers.schedule import ATTEMPTS
from identity.flows.ingest import ingest
from identity.model.following import Followed
from identity.model.record import RecordKey
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.ports.remote import Refused
from identity.store import Store
from tests.consumers.test_following import Diary, nothing
from tests.consumers.world import Master, MovingClock, Scrambled, following, identical, merges, points
from tests.consumers.world import worked_until_done as until_done
from tests.delivery.world import Log
from tests.faults.grounds import Databases, databases, promises, same, service_at
from tests.faults.matrix import Fault
from tests.flows.real_time import arrival, contradictions, rows
from tests.reference_loyalty.serving import Shop, open_program, shop

__all__ = ["ROWS", "Followers", "followers"]

_EVENTS, _PROFILES, _POISON = 1_000, 100, 0.01
_MEMBERS, _ACTS = 14, 60
_PEOPLE, _TOLD = 12, 60
_WEEK = timedelta(days=7)


@dataclass
class Followers:
    """Databases, and a loyalty platform on which each time has a programme of its own."""

    databases: Databases
    shop: Shop
    opened: int = 0

    def programme(self) -> Shop:
        self.opened += 1
        open_program(self.shop.client, name := f"own{self.opened}")
        return replace(self.shop, program=name)


@contextmanager
def followers(folder: Path) -> Iterator[Followers]:
    with databases(folder) as found, shop(folder / "loyalty.db") as platform:
        yield Followers(found, platform)


def enrolled(here: Shop, store: Store, members: int = _MEMBERS) -> Master:
    """A master of so many members of this programme, each with a few points."""
    master, numbers = Master(store), [f"{here.program}-{at}" for at in range(members)]
    for at, number in enumerate(numbers):
        here.enrol(number, 10 + at)
    master.enrol(*numbers)
    master.commit()
    return master


def agreeing(url: str, here: Shop, master: Master, before: int) -> list[str]:
    """Return where the platform, the master and what is recorded of merges do not say the same."""
    recorded = dict(rows(url, "select merge_id, status from loyalty_merge where merge_id <> ''"))
    return [
        *same("who is whom at the platform", identical(here, master.homes), master.groups()),
        *same("merges", {one: told.upper() for one, told in recorded.items()}, merges(here)),
        *same("points", points(here), before),
    ]


def _scrambled(ground: Followers, random: Random) -> Sequence[str]:
    here, clock = ground.programme(), MovingClock()
    with ground.databases.one() as (url, _):
        store = Store(url)
        master = enrolled(here, store)
        before = points(here)
        for _ in range(_ACTS):
            master.change_something(random)
            master.commit()
        log = store.consumers(clock)
        with following(store, here, clock, Scrambled(LogFeed(log), random)) as room:
            worked = until_done(room, clock)
        told = agreeing(url, here, master, before)
        store.close()
    return [*told, *same("given up", worked.dead, 0)]


def _late(ground: Databases, random: Random) -> Sequence[str]:
    """Tell versions of people's records in any order, many twice, up to a week after; the latest has to stand."""
    now, people = datetime.now(UTC), _people(random)
    told = [
        (
            {**random.choice(people), "phone": f"212555{random.randint(0, 9999):04}"},
            now - random.random() * _WEEK,
        )
        for _ in range(_TOLD)
    ]
    latest: dict[str, tuple[datetime, str]] = {}
    for person, at in told:
        latest[person["source_record_id"]] = max(
            latest.get(person["source_record_id"], (at, "")), (at, person["phone"])
        )
    twice = [*told, *random.sample(told, _TOLD // 3)]
    random.shuffle(twice)
    with ground.one() as (url, folder), service_at(url, folder) as service:
        for person, at in twice:
            ingest(service.desk, [arrival(person, at)])
        found = {key: _phone(service, key) for key in latest}
        return [
            *same("the last word of each", found, {key: phone for key, (_, phone) in latest.items()}),
            *same("contradictions", contradictions(url), {}),
            *promises(service.settings),
        ]


def _people(random: Random) -> list[dict[str, str]]:
    numbers = range(_PEOPLE)
    given, family = ("Ines", "Bert", "Cleo", "Dora"), ("Okafor", "Sommer", "Ferreira")
    return [
        {
            "source": "pos",
            "source_record_id": f"m{at}",
            "given_name": random.choice(given),
            "family_name": random.choice(family),
            "email": f"m{at}@example.com",
        }
        for at in numbers
    ]


def _phone(service: Service, record_id: str) -> str:
    key = RecordKey("pos", record_id)
    with service.store.look() as look:
        return str(look.stored([key])[key].record.attributes.get("phone"))


class _Poisoned(Diary):
    """Some events are refused for good, by number."""

    def __init__(self, poison: set[str]) -> None:
        super().__init__()
        self.poison = poison

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:
        self.fails = self._refuse if event.event_id in self.poison else nothing
        return super().follow(event, hold, look=look)

    def _refuse(self, _: LoggedEvent) -> None:
        raise Refused("POISON", "It makes no sense.")


def _poison(ground: Databases, random: Random) -> Sequence[str]:
    with ground.one() as (url, _):
        store, clock = Store(url), MovingClock()
        log = Log(store, clock)
        log.many(_EVENTS, _PROFILES)
        events = [event.event_id for event in log.deliveries.events(0, 2 * _EVENTS)]
        diary = _Poisoned(set(random.sample(events, int(_EVENTS * _POISON))))
        consumers = store.consumers(clock)
        room = Following(
            consumers,
            diary,
            LogFeed(consumers),
            clock,
            "faults",
            lambda event: event.event_id,
            chance=lambda: 0.0,
            pause=0.02,
        )
        found = _parked(room, diary, clock)
        store.close()
    return found


def _parked(room: Following, diary: _Poisoned, clock: MovingClock) -> list[str]:
    poisoned = {event.partition("/")[0] for event in diary.poison}
    until_done(room, clock)
    letters = room.consumers.dead_letters("diary")
    told = {subject for subject, _ in diary.heard}
    whole = [f"g{at}" for at in range(_PROFILES) if f"g{at}" not in poisoned]
    each = list(range(1, _EVENTS // _PROFILES + 1))
    found = [
        *same("profiles of dead letters", {one.subject for one in letters}, poisoned),
        *same("profiles that hear everything", [one for one in whole if diary.of(one) != each], []),
        *same("tried for ever", [one.subject for one in letters if one.attempts > ATTEMPTS], []),
        *same(
            "nobody is told out of order",
            [one for one in told if diary.of(one) != each[: len(diary.of(one))]],
            [],
        ),
    ]
    diary.poison = set()
    room.consumers.redrive([letter.number for letter in letters])
    until_done(room, clock)
    late = [one for one in poisoned if diary.of(one) != each]
    return [*found, *same("profiles that redriving leaves behind", late, [])]


ROWS = (
    Fault(
        "events-scrambled",
        "consumer",
        "30 % of the events twice, and up to fifty overtake one",
        "the platform is as the master says; each merge once; no point lost",
        6,
        followers,
        _scrambled,
        counts=_ACTS,
    ),
    Fault(
        "events-poisoned",
        "consumer",
        "1 % of a thousand events are refused for good",
        "a dead letter each; only their profiles wait; redriven, everybody has heard everything in order",
        6,
        databases,
        _poison,
        counts=int(_EVENTS * _POISON),
    ),
    Fault(
        "records-late",
        "ingest",
        "records in any order, a third twice, up to a week late",
        "what was observed last stands; every promise holds",
        6,
        databases,
        _late,
        counts=_TOLD + _TOLD // 3,
    ),
)
