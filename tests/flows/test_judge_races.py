"""Decisions that meet at the same moment come out as if one had come after the other (I5, I6)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, merge, split, undo
from identity.flows.night import full
from identity.model.cluster import GoldenId
from identity.model.errors import IdentityError
from identity.model.record import RecordKey

from .conftest import Person, Ready
from .real_time import arrival, contradictions, ingest_all, rebuilt, rows, state
from .test_any_life import BROKEN
from .test_night import ANYTHING, beside, homes, night
from .test_races import LONG, shopper

ROUNDS = 200
ROLES = "abc"
WISH = Wish("ines")
Outcome = tuple[object, ...]
Action = Callable[["Cast"], None]


class Cast:
    """Three strangers of one round, a record each; and the merge of the first two, where there was one."""

    def __init__(self, service: Service, number: int) -> None:
        self.service, self.number = service, number
        self.first: dict[str, GoldenId] = {}
        self.merged = ""

    def records(self) -> list[Person]:
        return [shopper(self.number * 8 + place, "pos") for place in range(len(ROLES))]

    def key(self, role: str) -> RecordKey:
        told = self.records()[ROLES.index(role)]
        return RecordKey(told["source"], told["source_record_id"])

    def remember(self) -> None:
        found = homes(self.service)
        self.first = {role: found[self.key(role).source, self.key(role).source_record_id] for role in ROLES}

    def merge(self, *roles: str) -> str:
        ids = [self.first[role] for role in roles]
        return merge(self.service.desk, ids, WISH, into=ids[0]).operation.operation_id

    def seen(self) -> Outcome:
        """Who is with whom under whose first id, by role: the same words for every cast. Which of two equal strangers'
        ids lives on when only evidence joins them is a matter of their ids."""
        with self.service.store.look() as look:
            found = look.memberships([self.key(role) for role in ROLES])
        names = {golden_id: role for role, golden_id in self.first.items()}
        home = {role: names.get(found[self.key(role)], "another") for role in ROLES}
        if home["b"] == home["c"] != home["a"]:
            home |= dict.fromkeys("bc", "b or c")
        return tuple(home.items())


def merge_ab(cast: Cast) -> None:
    cast.merge("a", "b")


def merge_bc(cast: Cast) -> None:
    cast.merge("b", "c")


def take_back(cast: Cast) -> None:
    undo(cast.service.desk, cast.merged, WISH)


def merge_ac(cast: Cast) -> None:
    cast.merge("a", "c")


def part(cast: Cast) -> None:
    split(cast.service.desk, cast.first["a"], [cast.key("b")], WISH)


def tell_b(cast: Cast) -> None:
    """b's record is told again, now in c's words: by evidence they are one person."""
    b, c = cast.records()[1:]
    ingest(cast.service.desk, [arrival(c | {"source_record_id": b["source_record_id"]})])


PAIRS: dict[str, tuple[bool, Action, Action]] = {
    "merge × merge": (False, merge_ab, merge_bc),
    "merge × undo": (True, merge_ac, take_back),
    "undo × undo": (True, take_back, take_back),
    "split × undo": (True, part, take_back),
    "merge × ingest": (False, merge_ab, tell_b),
    "undo × ingest": (True, take_back, tell_b),
}


def tried(action: Action, cast: Cast) -> str:
    try:
        action(cast)
    except IdentityError as refusal:
        return refusal.code
    return "done"


def serially(cast: Cast, first: Action, second: Action, *, swapped: bool) -> Outcome:
    one, other = (second, first) if swapped else (first, second)
    told = tried(one, cast), tried(other, cast)
    return (*(told[::-1] if swapped else told), cast.seen())


def at_once(cast: Cast, first: Action, second: Action, pool: ThreadPoolExecutor) -> Outcome:
    barrier = Barrier(2)

    def run(action: Action) -> str:
        barrier.wait(LONG)
        return tried(action, cast)

    told = list(pool.map(run, (first, second)))
    return (*told, cast.seen())


@pytest.mark.parametrize("pair", PAIRS)
def test_two_decisions_at_once_come_out_as_one_after_the_other(ready: Ready, url: str, pair: str) -> None:
    service = ready(url)
    merged_before, first, second = PAIRS[pair]
    casts = [Cast(service, number) for number in range(ROUNDS + 2)]
    ingest_all(service, [record for cast in casts for record in cast.records()])
    found = homes(service)
    for cast in casts:
        cast.first = {role: found["pos", cast.key(role).source_record_id] for role in ROLES}
        if merged_before:
            cast.merged = cast.merge("a", "b")
    expected = {
        serially(casts[0], first, second, swapped=False),
        serially(casts[1], first, second, swapped=True),
    }
    with ThreadPoolExecutor(2) as pool:
        outcomes = [at_once(cast, first, second, pool) for cast in casts[2:]]
    assert set(outcomes) <= expected
    assert rows(url, BROKEN) == []
    assert contradictions(url) == {}
    assert state(url).differences(rebuilt(service)) == {}


def test_decisions_in_the_middle_of_a_rematch_hold_after_it(ready: Ready, url: str) -> None:
    service = ready(url)
    casts = [Cast(service, number) for number in range(ROUNDS)]
    ingest_all(service, [record for cast in casts for record in cast.records()])
    found = homes(service)
    for cast in casts:
        cast.first = {role: found["pos", cast.key(role).source_record_id] for role in ROLES}
    at_a_time = 20
    for start in range(0, ROUNDS, at_a_time):
        some = casts[start : start + at_a_time]

        def meanwhile(some: list[Cast] = some) -> None:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(merge_ab, some))

        full(beside(service, meanwhile), Stages())
        assert {cast.seen() for cast in some} == {(("a", "a"), ("b", "a"), ("c", "c"))}
    full(night(service, ANYTHING), Stages())
    assert {cast.seen() for cast in casts} == {(("a", "a"), ("b", "a"), ("c", "c"))}
    assert contradictions(url) == {}
