"""What tells how well it goes, asked of both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from identity import ports
from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.operation import Operation, OperationKind
from identity.model.record import RecordKey
from identity.model.review import Concern, Label, ReviewKind
from identity.ports import Change
from identity.ports.work import Load, LoadCounts
from identity.steps.reconcile import reconcile
from identity.store import Store
from identity.store.quality_views import Agreement, Quarantined

from .worlds import MONDAY, StandingClock, profiles, records, rows


def decide(store: Store, clock: StandingClock, name: str, actor: str, kind: OperationKind) -> None:
    clock.turn(0.1)
    with store.online(clock) as work:
        work.put_change(Change(name, kind.value, actor, work.at))
        work.put_operation(Operation(name, kind, actor, "", work.at, ()))


@pytest.fixture
def asked(store: Store, clock: StandingClock) -> Store:
    with store.begin(clock) as work:
        work.put_records(records("1", "2"))
        work.put_records(records("9", source="erp"))
        work.put_profiles(profiles("g1", consents='{"marketing.email": "granted"}', record_count=2))
        work.put_profiles(
            profiles("g2", consents='{"marketing.email": "withdrawn", "marketing.sms": "granted"}')
        )
        work.put_profiles(profiles("g3", status="merged", record_count=0))
    return store


def test_profiles_are_counted_by_their_size(asked: Store) -> None:
    assert asked.quality.sizes() == {1: 1, 2: 1}


def test_consents_are_counted_by_their_status(asked: Store) -> None:
    sampled, consents = asked.quality.consents()
    assert sampled == 2
    assert consents == {"marketing.email": {"granted": 1, "withdrawn": 1}, "marketing.sms": {"granted": 1}}


def test_sources_are_counted(asked: Store) -> None:
    assert [(each.source, each.records) for each in asked.quality.sources()] == [("erp", 1), ("pos", 2)]


def test_people_agree_on_pairs_that_several_answered_the_same(asked: Store, clock: StandingClock) -> None:
    assert asked.quality.agreement() == Agreement(0, 0, 0, 0)
    one, two, three = RecordKey("pos", "1"), RecordKey("pos", "2"), RecordKey("erp", "9")
    said = [
        (one, two, True, "ana"), (one, two, False, "ben"), (one, three, True, "ana"), (one, three, True, "ben"),
        (two, three, False, "ana"),
    ]  # fmt: skip
    with asked.online(clock) as work:
        for left, right, same, actor in said:
            work.put_label(Label(min(left, right), max(left, right), same, "inside", actor))
    # Who changed their mind counts as what they said last.
    with asked.online(clock) as work:
        work.put_label(Label(one, two, True, "inside", "ben"))
    decide(asked, clock, "o1", "ana", OperationKind.MERGE)
    found = asked.quality.agreement()
    assert (found.pairs, found.agreed, found.decisions, found.reversed_by_others) == (2, 2, 1, 0)


def test_decisions_and_closed_tasks_are_counted_by_day(asked: Store, clock: StandingClock) -> None:
    decide(asked, clock, "o1", "ana", OperationKind.MERGE)
    decide(asked, clock, "o2", "ana", OperationKind.MERGE)
    clock.turn(24)
    decide(asked, clock, "o3", "ana", OperationKind.SPLIT)
    assert asked.quality.decided(MONDAY) == {("2026-03-02", "merge"): 2, ("2026-03-03", "split"): 1}
    concern = Concern(ReviewKind.POSSIBLE_MATCH, (GoldenId("g1"), GoldenId("g2")), 1.0, 1.0, MatchWeight(0.0))
    with asked.begin(clock) as work:
        work.put_reviews(reconcile([concern], []), "evidence", "c1")
    assert asked.quality.oldest_open() == clock.now() or asked.quality.oldest_open() is not None
    (task,) = asked.views.reviews(clock.now())
    with asked.online(clock) as online:
        online.close_review(task.task_id, "label")
    assert asked.quality.closed(MONDAY) == {"2026-03-03": 1}
    assert asked.quality.closed(clock.now() + timedelta(days=1)) == {}
    assert asked.quality.oldest_open() is None


def test_files_and_what_waits_in_quarantine_are_told(asked: Store, clock: StandingClock) -> None:
    with asked.begin(clock) as work:
        work.start_load(Load("l1", "/in/pos.csv", "d", "pos", work.at))
        work.put_quarantine(
            rows(
                ports.QUARANTINED,
                {"code": "E306", "row": 1}, {"code": "E306", "row": 2}, {"code": "E311", "row": 3},
                load_id="l1", file="/in/pos.csv", source="pos", message="", outcome="quarantined", status="open",
                created_at=MONDAY,
            )
        )  # fmt: skip
        work.finish_load("l1", LoadCounts(5, 2, 3, 0), work.at)
    (load,) = asked.quality.loads()
    assert (load.file, load.rows, load.accepted, load.quarantined) == ("/in/pos.csv", 5, 2, 3)
    assert asked.quality.quarantined() == (
        Quarantined("pos", "E306", 2, MONDAY),
        Quarantined("pos", "E311", 1, MONDAY),
    )
