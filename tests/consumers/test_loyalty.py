"""Members at the loyalty platform follow the profiles: merged, parted, refused, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from identity.consumers.following import Following, follow
from identity.consumers.schedule import ATTEMPTS
from identity.model.following import Followed, PropagationStatus
from identity.model.loyalty import MergeStatus
from identity.model.review import ReviewKind, ReviewTask
from identity.ports.consumers import Follower, Hold
from identity.ports.delivery import LoggedEvent
from identity.store import Store
from tests.reference_loyalty.serving import Shop

from .world import Master, MovingClock, following, identical, merges, points, worked_until_done

Number = Callable[[str], str]


@pytest.fixture
def number(here: Shop, master: Master) -> Number:
    """Three members with points, each a profile of its own."""
    names = {name: f"{here.program}-{name}" for name in "abc"}
    for name, told in (("a", 100), ("b", 40), ("c", 7)):
        here.enrol(names[name], told, tier={"a": "gold", "b": "silver", "c": "basic"}[name])
    master.enrol(*names.values())
    master.commit()
    return names.__getitem__


@pytest.fixture
def room(store: Store, here: Shop, clock: MovingClock, number: Number) -> Iterator[Following]:
    """It has followed what there was; `number` has told it."""
    assert number("a")
    with following(store, here, clock) as room:
        assert follow(room).dealt == 3
        yield room


def tasks(store: Store, clock: MovingClock) -> list[ReviewTask]:
    return list(store.views.reviews(clock.now()))


def test_members_of_a_merged_profile_become_one_and_the_ledger_is_told(
    store: Store, here: Shop, master: Master, number: Number, room: Following
) -> None:
    master.merge(number("a"), number("b"), operation="op1")
    master.commit()
    worked = follow(room)
    assert (worked.acted, worked.dead, worked.held) == (1, 0, 0)
    assert here.member(number("b"))["number"] == number("a")
    assert here.member(number("a"))["points"] == 140
    (merge,) = store.loyalty_book.active()
    assert (merge.status, merge.asked, merge.survivor, merge.points_moved) == (
        MergeStatus.DONE,
        number("a"),
        number("a"),
        40,
    )
    assert merge.causation == "op1"
    entries = {entry["entry"] for name in "ab" for entry in here.ledger(number(name))}
    assert set(merge.ledger_entries) <= entries
    assert merge.merge_id in merges(here)
    (propagated,) = room.consumers.propagation("op1")
    assert (propagated.consumer, propagated.status) == ("loyalty", PropagationStatus.ACKNOWLEDGED)


def test_what_a_machine_merged_is_told_by_the_id_that_it_retired(
    master: Master, number: Number, room: Following
) -> None:
    retired = master.homes[number("b")]
    master.merge(number("a"), number("b"))
    master.commit()
    room.consumers.register("loyalty")
    assert [each.status for each in room.consumers.propagation(retired)] == [PropagationStatus.PENDING]
    follow(room)
    assert [each.status for each in room.consumers.propagation(retired)] == [PropagationStatus.ACKNOWLEDGED]


def test_a_profile_that_is_new_with_two_members_is_consolidated(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    master.homes[number("b")] = master.homes[number("a")]
    master.touch(number("a"))
    master.commit()
    follow(room)
    assert identical(here, map(number, "abc")) == master.groups()


def test_a_split_parts_the_members_and_points_return(
    here: Shop, master: Master, number: Number, room: Following, store: Store
) -> None:
    before = points(here)
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    master.split(number("b"))
    master.commit()
    follow(room)
    assert here.member(number("b"))["points"] == 40
    assert identical(here, map(number, "abc")) == master.groups()
    assert points(here) == before
    assert store.loyalty_book.active() == ()


def test_what_was_undone_before_it_was_followed_is_never_done(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    retired = master.homes[number("b")]
    master.merge(number("a"), number("b"))
    master.split(number("b"), revived=retired)
    master.commit()
    worked = follow(room)
    assert (worked.acted, merges(here)) == (0, {})


def test_the_same_members_are_merged_anew_after_they_were_parted(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    for _ in range(3):
        master.merge(number("a"), number("b"))
        master.commit()
        follow(room)
        assert identical(here, map(number, "abc")) == master.groups()
        master.split(number("b"))
        master.commit()
        follow(room)
        assert identical(here, map(number, "abc")) == master.groups()
    assert sorted(merges(here).values()) == ["REVERSED"] * 3


def test_a_split_below_a_later_merge_takes_both_back_and_keeps_what_belongs_together(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    before = points(here)
    master.merge(number("b"), number("c"))
    master.commit()
    follow(room)
    assert here.member(number("c"))["number"] == number("b")
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    assert {here.member(number(name))["number"] for name in "abc"} == {number("a")}
    master.split(number("c"))
    master.commit()
    follow(room)
    assert identical(here, map(number, "abc")) == {
        frozenset({number("a"), number("b")}),
        frozenset({number("c")}),
    }
    assert points(here) == before


def test_more_members_than_one_merge_takes_become_one_in_steps(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    more = [f"{here.program}-x{at}" for at in range(9)]
    for name in more:
        here.enrol(name, 10)
    master.enrol(*more)
    master.commit()
    follow(room)
    for name in (*more, number("b"), number("c")):
        master.merge(number("a"), name)
    master.commit()
    assert follow(room).held == 0
    assert identical(here, [*map(number, "abc"), *more]) == master.groups()
    assert here.member(number("a"))["points"] == 237
    master.split(more[4])
    master.commit()
    follow(room)
    assert identical(here, [*map(number, "abc"), *more]) == master.groups()


def test_a_survivor_with_a_new_number_is_followed_on(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    before = points(here)
    here.fault("new_id_survivor", path="member-merges")
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    assert here.member(number("a"))["number"] not in {number("a"), number("b")}
    master.merge(number("a"), number("c"))
    master.commit()
    follow(room)
    assert identical(here, map(number, "abc")) == master.groups()
    master.split(number("b"))
    master.commit()
    follow(room)
    assert identical(here, map(number, "abc")) == master.groups()
    assert points(here) == before


def test_a_blocker_opens_a_task_and_the_task_is_closed_when_it_is_gone(
    store: Store, here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    hold = here.redeem(number("b"), 10, open=True)["hold"]
    master.merge(number("a"), number("b"), operation="op1")
    master.commit()
    worked = follow(room)
    assert (worked.blocked, worked.dead, merges(here)) == (2, 0, {})
    (task,) = tasks(store, clock)
    assert task.kind is ReviewKind.LOYALTY_BLOCKED
    assert task.golden_ids == (master.homes[number("a")],)
    assert task.details["blockers"] == [{"member": number("b"), "kind": "OPEN_REDEMPTION"}]
    (propagated,) = room.consumers.propagation("op1")
    assert (propagated.status, propagated.code) == (PropagationStatus.FAILED, "OPEN_REDEMPTION")
    here.post(f"members/{number('b')}/holds/{hold}/cancel")
    room.consumers.again("loyalty", [master.homes[number("a")]], "AGAIN")
    assert follow(room).acted == 1
    assert tasks(store, clock) == []
    (propagated,) = room.consumers.propagation("op1")
    assert (propagated.status, propagated.code) == (PropagationStatus.ACKNOWLEDGED, "")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda here, name: here.earn(name, 5, pending=True), "PENDING_POINTS"),
        (lambda here, name: here.set(name, status="BLOCKED"), "MEMBER_BLOCKED"),
    ],
)
def test_each_blocker_is_named(
    store: Store,
    here: Shop,
    master: Master,
    number: Number,
    room: Following,
    clock: MovingClock,
    spoil: Callable[[Shop, str], object],
    kind: str,
) -> None:
    spoil(here, number("b"))
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    (task,) = tasks(store, clock)
    assert task.details["blockers"] == [{"member": number("b"), "kind": kind}]


def test_members_of_different_programmes_are_not_merged(
    store: Store, here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    foreign = f"{here.program}-foreign"
    here.call("POST", "/v1/programs", {"program": f"{here.program}x", "tiers": [{"name": "basic"}]})
    here.call("POST", f"/v1/programs/{here.program}x/members", {"number": foreign})
    master.enrol(foreign)
    master.merge(number("a"), foreign)
    master.commit()
    follow(room)
    (task,) = tasks(store, clock)
    assert task.details["blockers"] == [{"member": foreign, "kind": "DIFFERENT_PROGRAM"}]


def test_spent_points_open_a_task_with_the_shortfall_and_nothing_is_merged_on(
    store: Store, here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    retired = master.homes[number("b")]
    master.merge(number("a"), number("b"), operation="op1")
    master.commit()
    follow(room)
    here.redeem(number("a"), 120)
    master.split(number("b"), revived=retired, operation="op2")
    master.merge(number("b"), number("c"))
    master.commit()
    follow(room)
    shortfalls = [task for task in tasks(store, clock) if task.kind is ReviewKind.LOYALTY_SHORTFALL]
    (task,) = shortfalls
    assert (task.details["shortfall"], task.details["reason"]) == (20, "POINTS_SPENT")
    assert len(task.golden_ids) == 2
    assert here.member(number("c"))["number"] == number("c")
    (propagated,) = room.consumers.propagation("op2")
    assert (propagated.status, propagated.code) == (PropagationStatus.FAILED, "POINTS_SPENT")
    (merge,) = store.loyalty_book.active()
    assert (merge.status, merge.shortfall) == (MergeStatus.SHORTFALL, 20)
    here.earn(number("a"), 500)
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    assert tasks(store, clock) == []
    assert identical(here, map(number, "abc")) == master.groups()


@pytest.mark.parametrize("fault", ["timeout_after_commit", "connection_cut", "wrong_json", "error_in_200"])
def test_an_answer_that_is_lost_costs_time_and_no_second_effect(
    here: Shop, master: Master, number: Number, room: Following, clock: MovingClock, fault: str
) -> None:
    here.fault(fault, path="POST", calls=2, seconds=3)
    master.merge(number("a"), number("b"))
    master.commit()
    worked = worked_until_done(room, clock)
    assert worked.dead == 0
    assert list(merges(here).values()) == ["DONE"]
    assert here.member(number("a"))["points"] == 140


def test_an_answer_that_was_lost_of_what_is_not_wanted_any_more_is_taken_back(
    store: Store, here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    here.fault("connection_cut", path="POST", calls=1)
    master.merge(number("a"), number("b"))
    master.commit()
    assert follow(room).held == 1
    assert list(merges(here).values()) == ["DONE"]
    master.split(number("b"))
    master.commit()
    worked_until_done(room, clock)
    assert list(merges(here).values()) == ["REVERSED"]
    assert identical(here, map(number, "abc")) == master.groups()
    assert store.loyalty_book.active() == ()


class Killed(BaseException):
    """What no code of the service survives."""


@dataclass
class Mortal:
    """A follower that is killed when it has done what an event asks for, and before anything of that is kept."""

    inner: Follower

    def __post_init__(self) -> None:
        self.name, self.types = self.inner.name, self.inner.types

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:
        self.inner.follow(event, hold, look=look)
        raise Killed


def test_who_is_killed_after_taking_back_leaves_no_merge_that_only_seems_to_stand(
    store: Store, here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    master.split(number("b"))
    master.commit()
    with pytest.raises(Killed):
        follow(replace(room, follower=Mortal(room.follower)))
    assert list(merges(here).values()) == ["REVERSED"]
    master.merge(number("a"), number("b"))  # one person again, before anybody looks
    master.commit()
    clock.turn(600)
    worked_until_done(room, clock)
    assert identical(here, map(number, "abc")) == master.groups()
    assert sorted(merges(here).values()) == ["DONE", "REVERSED"]
    assert [merge.status for merge in store.loyalty_book.active()] == [MergeStatus.DONE]


def test_a_platform_that_asks_for_time_is_left_alone_for_so_long(
    here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    here.fault("too_many_requests", calls=1, retry_after=70)
    master.merge(number("a"), number("b"))
    master.commit()
    worked = follow(room)
    assert worked.why == "waiting"
    assert worked.again_at is not None
    assert 68 < (worked.again_at - clock.now()).total_seconds() <= 70
    clock.turn(60)
    assert follow(room).dealt == 0
    clock.turn(11)
    assert follow(room).acted == 1
    assert room.consumers.dead_letters("loyalty") == ()


def test_a_platform_that_is_down_for_a_day_costs_no_event(
    here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    here.fault("too_many_requests", calls=10_000, retry_after=0)
    master.merge(number("a"), number("b"))
    master.merge(number("a"), number("c"))
    master.commit()
    for _ in range(60):
        follow(room)
        clock.turn(1_500)
    assert room.consumers.dead_letters("loyalty") == ()
    here.no_faults()
    worked_until_done(room, clock)
    assert identical(here, map(number, "abc")) == master.groups()


def test_a_refusal_parks_its_profile_only_and_is_redriven_by_hand(
    here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    other = f"{here.program}-d"
    here.enrol(other, 1)
    master.enrol(other)
    master.commit()
    follow(room)
    here.fault("refusal", path="member-merges", word="CUSTOMER_HAS_GIFT_CARDS")
    master.merge(number("a"), number("b"), operation="op1")
    master.merge(number("c"), other, operation="op2")
    master.touch(number("a"))
    master.commit()
    follow(room)
    (letter,) = room.consumers.dead_letters("loyalty")
    assert (letter.subject, letter.code) == (master.homes[number("a")], "CUSTOMER_HAS_GIFT_CARDS")
    assert len(room.consumers.held("loyalty")) == 1
    assert here.member(other)["number"] in (number("c"), other)
    assert here.member(other)["number"] == here.member(number("c"))["number"]
    assert [each.status for each in room.consumers.propagation("op2")] == [PropagationStatus.ACKNOWLEDGED]
    assert room.consumers.redrive([letter.number]) == 1
    worked_until_done(room, clock)
    assert identical(here, [*map(number, "abc"), other]) == master.groups()
    assert room.consumers.held("loyalty") == ()
    assert [each.status for each in room.consumers.propagation("op1")] == [PropagationStatus.ACKNOWLEDGED]


def test_what_fails_again_and_again_is_given_up_with_its_reason(
    here: Shop, master: Master, number: Number, room: Following, clock: MovingClock
) -> None:
    here.fault("server_error", path="member-merges", calls=10_000)
    master.merge(number("a"), number("b"), operation="op1")
    master.commit()
    for _ in range(80):
        follow(room)
        clock.turn(1_000)
    letters = room.consumers.dead_letters("loyalty")
    assert {(letter.code, letter.attempts) for letter in letters} == {("HTTP_500", ATTEMPTS)}
    (propagated,) = room.consumers.propagation("op1")
    assert (propagated.status, propagated.code) == (PropagationStatus.FAILED, "HTTP_500")


def test_a_replay_into_an_empty_inbox_does_nothing_new(
    here: Shop, master: Master, number: Number, room: Following, store: Store
) -> None:
    master.merge(number("a"), number("b"))
    master.commit()
    follow(room)
    master.split(number("b"))
    master.merge(number("b"), number("c"))
    master.commit()
    follow(room)
    before = merges(here), store.loyalty_book.active(), points(here)
    room.consumers.rewind("loyalty")
    assert room.consumers.consumer("loyalty").position == 0
    worked = follow(room)
    assert (worked.acted, worked.dealt) == (0, master.told)
    assert (merges(here), store.loyalty_book.active(), points(here)) == before


def test_members_who_are_not_there_are_left_out(
    here: Shop, master: Master, number: Number, room: Following
) -> None:
    ghost = f"{here.program}-ghost"
    master.enrol(ghost)
    master.merge(number("a"), ghost)
    master.merge(number("a"), number("b"))
    master.commit()
    worked = follow(room)
    assert (worked.dead, worked.held) == (0, 0)
    assert here.member(number("b"))["number"] == number("a")
