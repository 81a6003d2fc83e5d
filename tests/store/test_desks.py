"""Who is at which review task."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.review import Concern, ReviewKind
from identity.model.steward import Queued, QueueFilter, Stage, Whose
from identity.steps.reconcile import reconcile
from identity.store import Store
from identity.store.desks import Desks

from .worlds import StandingClock

LEASE = timedelta(minutes=15)


def concern(number: int, kind: ReviewKind = ReviewKind.POSSIBLE_MATCH) -> Concern:
    ids = (GoldenId(f"g{number}a"), GoldenId(f"g{number}b"))
    return Concern(kind, ids, float(number), 0.5, MatchWeight(-0.5), {"left": "pos:1", "right": "pos:2"})


@pytest.fixture
def desks(store: Store, clock: StandingClock) -> Desks:
    with store.begin(clock) as work:
        wanted = [*map(concern, range(1, 5)), concern(9, ReviewKind.CLOSE_CALL)]
        work.put_reviews(reconcile(wanted, []), "evidence", "c1")
    return store.desks(clock)


def queue(desks: Desks, **asked: object) -> list[Queued]:
    return list(desks.queue(QueueFilter("ana", **asked)))  # type: ignore[arg-type]


def ids(desks: Desks, **asked: object) -> list[str]:
    return [each.task.task_id for each in queue(desks, **asked)]


def test_the_most_pressing_tasks_come_first_page_by_page(desks: Desks) -> None:
    whole = queue(desks)
    assert [each.task.impact for each in whole] == [9, 4, 3, 2, 1]
    assert [each.task.impact for each in queue(desks, limit=2, offset=2)] == [3, 2]
    assert [each.task.impact for each in queue(desks, kind=ReviewKind.CLOSE_CALL)] == [9]


def test_a_task_is_held_by_one_until_the_lease_ends(desks: Desks, clock: StandingClock) -> None:
    first, second, *_ = ids(desks)
    assert desks.claim([first, second], "ana", LEASE) == {first, second}
    assert desks.claim([first], "ben", LEASE) == frozenset()
    assert desks.claim([first], "ana", LEASE) == {first}
    assert desks.desk(first).held_at(clock.now()) == "ana"
    clock.turn(0.3)
    assert desks.desk(first).held_at(clock.now()) is None
    assert desks.claim([first], "ben", LEASE) == {first}
    desks.release([first], "ana")
    assert desks.desk(first).held_at(clock.now()) == "ben"
    desks.release([first], "ben")
    assert desks.desk(first).held_at(clock.now()) is None


def test_of_many_who_claim_a_task_at_once_one_gets_it(desks: Desks) -> None:
    (task, *_) = ids(desks)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda who: desks.claim([task], f"s{who}", LEASE), range(8)))
    assert sum(map(len, got)) == 1


def test_the_parts_of_the_queue_and_their_counts_agree(desks: Desks, clock: StandingClock) -> None:
    one, two, three, four, five = ids(desks)
    desks.claim([one], "ana", LEASE)
    desks.claim([two], "ben", LEASE)
    desks.assign([three], "ana")
    desks.put_stage(four, Stage.ESCALATED, "ben", "too hard")
    parts = {part: ids(desks, whose=part) for part in Whose}
    assert parts[Whose.MINE] == [one, three]
    assert parts[Whose.FREE] == [five]
    assert parts[Whose.ESCALATED] == [four]
    assert parts[Whose.SECOND_OPINION] == parts[Whose.PROPOSED] == []
    counts = desks.counts("ana")
    assert counts.whose == {part: len(found) for part, found in parts.items()}
    assert counts.kinds == {ReviewKind.POSSIBLE_MATCH: 4, ReviewKind.CLOSE_CALL: 1}
    clock.turn(1)
    assert ids(desks, whose=Whose.FREE) == [one, two, five]
    assert desks.counts("ana").whose[Whose.FREE] == 3


def test_a_stage_is_told_with_its_note_and_lets_the_holder_go(desks: Desks, clock: StandingClock) -> None:
    (task, *_) = ids(desks)
    desks.claim([task], "ana", LEASE)
    desks.put_note(task, "ana", "note", "asked the shop")
    desks.put_stage(task, Stage.SECOND_OPINION, "ana", "twins?")
    desk = desks.desk(task)
    assert (desk.stage, desk.stage_by, desk.held_at(clock.now())) == (Stage.SECOND_OPINION, "ana", None)
    assert [(each.kind, each.note) for each in desks.notes(task)] == [
        ("note", "asked the shop"),
        ("second_opinion", "twins?"),
    ]


def test_a_task_has_neighbours_in_every_part_of_the_queue(desks: Desks) -> None:
    one, two, three, four, five = (each.task for each in queue(desks))
    everything = QueueFilter("ana")
    assert desks.neighbours(everything, one) == (None, two.task_id)
    assert desks.neighbours(everything, three) == (two.task_id, four.task_id)
    assert desks.neighbours(everything, five) == (four.task_id, None)
    desks.claim([two.task_id, four.task_id], "ben", LEASE)
    assert desks.neighbours(QueueFilter("ana", Whose.FREE), four) == (three.task_id, five.task_id)


def test_the_open_task_about_a_subject_is_found(desks: Desks) -> None:
    (first, *_) = queue(desks)
    assert desks.open_about(first.task.subject) == first.task.task_id
    assert desks.open_about("crowded:nobody") is None


def test_counting_ends_where_nobody_needs_an_exact_number(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desks.counts("ana").more == frozenset()
    monkeypatch.setattr("identity.store.desks.MOST_COUNTED", 2)
    counts = desks.counts("ana")
    assert counts.kinds == {ReviewKind.POSSIBLE_MATCH: 2, ReviewKind.CLOSE_CALL: 1}
    assert counts.more == {ReviewKind.POSSIBLE_MATCH}


@pytest.mark.parametrize("whose", Whose)
def test_neighbours_walk_the_queue_from_wherever_one_is(desks: Desks, whose: Whose) -> None:
    desks.claim(ids(desks)[1:4], "ana", LEASE)
    part = QueueFilter("ana", whose)
    rows = [row.task for row in desks.queue(part)]
    for place, task in enumerate(rows):
        before = rows[place - 1].task_id if place else None
        behind = rows[place + 1].task_id if place + 1 < len(rows) else None
        assert desks.neighbours(part, task) == (before, behind)
