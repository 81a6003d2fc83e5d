"""Following as such: the order of each profile, what fails, a system that is away, and who may act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from threading import Event as Stop
from threading import Thread
from typing import Any

import pytest

from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following, follow, follow_until
from identity.consumers.schedule import ATTEMPTS, TRIPPED
from identity.model.following import Followed, FollowedOutcome
from identity.ports.consumers import Consumers, Hold
from identity.ports.delivery import LoggedEvent
from identity.ports.remote import Refused, Unavailable
from identity.store import Store
from tests.delivery.world import Log, until

from .world import MovingClock, worked_until_done

SUBJECTS = 12


def nothing(_: LoggedEvent) -> None:
    """Every event is fine."""


@dataclass
class Diary:
    """A follower that writes down what it was told; `fails` raises what is wrong with an event."""

    fails: Callable[[LoggedEvent], object] = nothing
    heard: list[tuple[str, int]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    name = "diary"
    types = frozenset({"customer.created", "customer.updated"})

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:  # noqa: ARG002
        self.tried.append(event.subject)
        hold.note()
        self.fails(event)
        self.heard.append((event.subject, event.version))
        return Followed(FollowedOutcome.DONE, asked=True)

    def of(self, subject: str) -> list[int]:
        return [version for about, version in self.heard if about == subject]


class Shuffled:
    """Tells anything of the log, again and again, in any order; never all of it at once."""

    def __init__(self, log: Consumers, random: Random) -> None:
        self._log, self._random = log, random

    def read(self, position: int, limit: int, seconds: float) -> Sequence[LoggedEvent]:  # noqa: ARG002
        left = [*self._log.events(position, 10_000)]
        return self._random.sample(left, min(len(left), 7))

    def acknowledge(self, events: Iterable[LoggedEvent]) -> None:
        """It does not listen."""

    def close(self) -> None:
        """Nothing to do."""


@pytest.fixture
def log(store: Store, clock: MovingClock) -> Log:
    return Log(store, clock)


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def room(store: Store, clock: MovingClock, diary: Diary) -> Following:
    consumers = store.consumers(clock)
    told: dict[str, Any] = {"chance": lambda: 0.0, "pause": 0.02, "at_once": 20}
    return Following(
        consumers, diary, LogFeed(consumers), clock, "tests", lambda event: event.event_id, **told
    )


@pytest.mark.parametrize("seed", range(3))
def test_events_of_a_profile_are_followed_in_their_order_however_they_come(
    log: Log, room: Following, diary: Diary, seed: int
) -> None:
    log.many(150, SUBJECTS)
    follow(replace(room, feed=Shuffled(room.consumers, Random(seed))))
    assert len(diary.heard) == 150
    for number in range(SUBJECTS):
        versions = diary.of(f"g{number}")
        assert versions == sorted(versions)


def test_what_fails_holds_its_own_profile_and_is_given_up_in_the_end(
    log: Log, room: Following, diary: Diary, clock: MovingClock
) -> None:
    diary.fails = lambda event: _failing("WRONG_JSON") if event.subject == "g1" else None
    log.many(48, SUBJECTS)
    follow(room)
    assert (len(diary.heard), len(room.consumers.held("diary"))) == (44, 4)
    worked_until_done(room, clock)
    (letter,) = room.consumers.dead_letters("diary")
    assert (letter.subject, letter.code, letter.attempts) == ("g1", "WRONG_JSON", ATTEMPTS)
    diary.fails = nothing
    assert room.consumers.redrive([letter.number]) == 1
    worked_until_done(room, clock)
    assert diary.of("g1") == [1, 2, 3, 4]
    assert room.consumers.consumer("diary").lag == 0


def test_what_was_dropped_is_not_waited_for(
    log: Log, room: Following, diary: Diary, clock: MovingClock
) -> None:
    diary.fails = lambda event: _refusing() if (event.subject, event.version) == ("g1", 2) else None
    log.many(48, SUBJECTS)
    follow(room)
    (letter,) = room.consumers.dead_letters("diary")
    assert diary.of("g1") == [1]
    room.consumers.drop([letter.number])
    worked_until_done(room, clock)
    assert diary.of("g1") == [1, 3, 4]


@pytest.mark.parametrize("code", ["HTTP_500", "TIMEOUT", "HTTP_429", "HTTP_503", "UNREADABLE_REPLY"])
def test_a_system_that_fails_for_a_day_costs_no_event(
    log: Log, room: Following, diary: Diary, clock: MovingClock, code: str
) -> None:
    diary.fails = lambda _: _failing(code)
    log.many(60, SUBJECTS)
    for _ in range(60):
        worked = follow(room)
        clock.turn(1_500)
    assert worked.why in ("waiting", "done")
    assert room.consumers.dead_letters("diary") == ()
    assert len(diary.tried) < 120, "it is left alone meanwhile"
    diary.fails = nothing
    worked_until_done(room, clock)
    assert len(diary.heard) == 60
    for number in range(SUBJECTS):
        assert diary.of(f"g{number}") == [1, 2, 3, 4, 5]


def test_many_events_that_fail_for_themselves_do_not_keep_the_others_waiting(
    log: Log, room: Following, diary: Diary, clock: MovingClock
) -> None:
    poisoned = {f"g{number}" for number in range(TRIPPED + 2)}
    diary.fails = lambda event: _failing("HTTP_500") if event.subject in poisoned else None
    log.many(60, SUBJECTS)
    worked_until_done(room, clock)
    assert all(diary.of(f"g{number}") == [1, 2, 3, 4, 5] for number in range(TRIPPED + 2, SUBJECTS))
    letters = room.consumers.dead_letters("diary")
    assert {letter.subject for letter in letters} == poisoned


def test_a_system_that_asks_for_time_gets_it(
    log: Log, room: Following, diary: Diary, clock: MovingClock
) -> None:
    diary.fails = lambda _: _failing("HTTP_429", 300)
    log.many(3, 3)
    worked = follow(room)
    assert (worked.why, len(diary.tried)) == ("waiting", 1)
    assert worked.again_at is not None
    assert (worked.again_at - clock.now()).total_seconds() == pytest.approx(300, abs=5)


@pytest.mark.parametrize("refusal", ["HTTP_404", "UNAUTHENTICATED"])
def test_a_refusal_that_says_nothing_of_the_event_gives_none_up(
    log: Log, room: Following, diary: Diary, refusal: str
) -> None:
    """Such as a wrong address, or a token that has ended."""

    def refuse(_: LoggedEvent) -> None:
        raise Refused(refusal, "no")

    diary.fails = refuse
    log.many(24, SUBJECTS)
    assert follow(room).why == "waiting"
    assert room.consumers.dead_letters("diary") == ()


def test_a_flaw_is_told_by_its_kind_and_never_by_its_words(log: Log, room: Following, diary: Diary) -> None:
    def fail(event: LoggedEvent) -> None:
        raise ValueError(f"ines@example.com of {event.subject}")

    diary.fails = fail
    log.tell("g1")
    follow(room)
    (held,) = room.consumers.held("diary")
    assert (held.code, held.detail) == ("ValueError", "")


def test_who_has_lost_its_lease_keeps_nothing(
    log: Log, room: Following, diary: Diary, clock: MovingClock
) -> None:
    log.many(4, 2)

    def sleep(_: LoggedEvent) -> None:
        diary.fails = nothing
        clock.turn(room.seconds + 1)
        assert room.consumers.take("diary", "another", 60) is not None

    diary.fails = sleep
    worked = follow(room)
    assert worked.why == "taken"
    assert room.consumers.consumer("diary").position == 0
    assert follow(room).why == "taken", "another one has it"
    clock.turn(61)
    assert follow(room).why == "done"
    assert sorted(set(diary.heard)) == sorted(
        (f"g{number}", version) for number in (0, 1) for version in (1, 2)
    )


def test_another_process_cannot_follow_meanwhile_and_goes_on_after(
    log: Log, room: Following, diary: Diary
) -> None:
    stop, told = Stop(), list[str]()
    thread = Thread(target=follow_until, args=(room, stop, lambda worked: told.append(worked.why)))
    thread.start()
    try:
        log.many(6, 2)
        until(lambda: len(diary.heard) == 6)
        assert follow(replace(room, holder="another")).why == "taken"
    finally:
        stop.set()
        thread.join()
    assert told == ["stopped"]
    log.many(2, 2)
    assert follow(replace(room, holder="another")).dealt == 2


def test_a_consumer_that_waits_is_heard_of(log: Log, room: Following, clock: MovingClock) -> None:
    log.many(2, 2)
    patient = replace(room, seconds=0.2)
    stop = Stop()
    thread = Thread(target=follow_until, args=(patient, stop))
    thread.start()
    try:
        until(lambda: room.consumers.consumers() and room.consumers.consumer("diary").lag == 0)
        before = room.consumers.consumer("diary").beat_at
        until(lambda: room.consumers.consumer("diary").beat_at != before)
    finally:
        stop.set()
        thread.join()
    assert clock.ahead.total_seconds() == 0


def test_events_of_other_types_are_passed_over(log: Log, room: Following, diary: Diary) -> None:
    diary.types = frozenset({"customer.erased"})
    log.many(5)
    assert (follow(room).dealt, diary.heard) == (5, [])
    assert room.consumers.consumer("diary").lag == 0


def _failing(code: str, retry_after: float | None = None) -> None:
    raise Unavailable(code, "no answer", retry_after)


def _refusing() -> None:
    raise Refused("NO", "no")
