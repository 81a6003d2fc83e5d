"""What a person should look at: opened when the evidence is there, closed by decisions or when it has gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, keep_apart, keep_together, merge, undo
from identity.flows.judge.judging import preview
from identity.flows.rematch import rematch
from identity.flows.review import defer, label, refresh_reviews
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.record import RecordKey
from identity.model.review import ReviewKind, ReviewStatus, ReviewTask

from .conftest import Ready
from .real_time import arrival, deleted, rows

WISH = Wish("ines", "they said so")
NAME = {"given_name": "Anna", "family_name": "Kowalczyk"}


def key(name: str) -> RecordKey:
    return RecordKey("pos", name)


def anna(name: str, source: str = "pos", **more: str) -> dict[str, str]:
    told = {"birth_date": "1980-05-01", "email": "anna.k@acme.example", "phone": "2125550142"}
    return {**NAME, **told, "source": source, "source_record_id": name, **more}


def bert(name: str, **more: str) -> dict[str, str]:
    told = {"given_name": "Bert", "family_name": "Okonkwo", "birth_date": "1961-11-23"}
    known = {"email": "bert@okonkwo.example", "phone": "3125550177"}
    return {**told, **known, "source": "pos", "source_record_id": name, **more}


def doubtful(name: str) -> dict[str, str]:
    """A record that may be Anna's: not enough to match her, not little enough to be dismissed."""
    return {
        "source": "pos", "source_record_id": name, "given_name": "Anne", "family_name": "Kowalczyk",
        "birth_date": "1983-07-14", "phone": "2125550142",
    }  # fmt: skip


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


def told(service: Service, *records: dict[str, str]) -> None:
    ingest(service.desk, [arrival(record) for record in records])


def home(service: Service, name: str) -> GoldenId:
    found = service.store.views.golden_id_of(key(name))
    assert found is not None
    return found


def waiting(service: Service, kind: ReviewKind | None = None, at: datetime | None = None) -> list[ReviewTask]:
    return list(service.store.views.reviews(at or datetime.now(UTC), kind))


def closed(service: Service) -> list[tuple[Any, ...]]:
    return rows(
        service.settings.database_url,
        "select kind, closed_by from review_task where closed_at is not null order by closed_at",
    )


def weight_between(service: Service, one: str, other: str) -> float:
    (link,) = [
        found
        for found in service.store.views.links_of([key(one)])
        if {found.left, found.right} == {key(one), key(other)}
    ]
    assert link.match_weight is not None
    return link.match_weight


def test_a_link_between_the_thresholds_opens_a_task(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (task,) = waiting(service)
    assert task.kind is ReviewKind.POSSIBLE_MATCH
    assert task.golden_ids == tuple(sorted((home(service, "a1"), home(service, "d1"))))
    assert task.match_weight == weight_between(service, "a1", "d1")
    assert task.details == {"left": "pos:a1", "right": "pos:d1", "records": 2, "sources": 1}
    assert task.priority == pytest.approx(task.impact * task.uncertainty)


def test_the_task_is_restated_and_not_doubled_when_more_records_are_concerned(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (before,) = waiting(service)
    told(service, anna("a2", source="erp"))
    (now,) = waiting(service)
    assert (now.task_id, now.opened_at) == (before.task_id, before.opened_at)
    assert (now.details["records"], now.details["sources"]) == (3, 2)
    assert now.impact > before.impact


@pytest.mark.parametrize("verb", ["merge", "keep apart"])
def test_a_decision_closes_the_task_in_its_own_name(service: Service, verb: str) -> None:
    told(service, anna("a1"), doubtful("d1"))
    ids = home(service, "a1"), home(service, "d1")
    decided = (
        merge(service.desk, ids, WISH) if verb == "merge" else keep_apart(service.desk, *ids, WISH)
    ).operation
    assert waiting(service) == []
    assert closed(service) == [("possible_match", decided.operation_id)]


def test_a_decision_that_is_taken_back_leaves_the_question_open_again(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (task,) = waiting(service)
    decided = keep_apart(service.desk, home(service, "a1"), home(service, "d1"), WISH)
    undo(service.desk, decided.operation.operation_id, WISH)
    (again,) = waiting(service)
    assert again.subject == task.subject
    assert again.task_id != task.task_id


def test_evidence_that_has_gone_closes_the_task(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    ingest(service.desk, [deleted(key("d1"))])
    assert waiting(service) == []
    assert closed(service) == [("possible_match", "evidence")]


def test_a_task_about_an_id_that_is_merged_away_is_closed_and_one_about_the_survivor_opened(
    service: Service,
) -> None:
    told(service, anna("a1"), doubtful("d1"), bert("b1"), bert("b2"))
    ann, ben, doubt = home(service, "a1"), home(service, "b1"), home(service, "d1")
    merge(service.desk, [ann, ben], WISH, into=ben)
    (task,) = waiting(service, ReviewKind.POSSIBLE_MATCH)
    assert task.golden_ids == tuple(sorted((ben, doubt)))
    assert task.details["records"] == 4


def test_profiles_whose_records_match_and_are_held_apart_are_a_close_call_unless_a_person_said_so(
    ready: Ready, url: str, tight_rules: Any
) -> None:
    service = ready(url, tight_rules)  # one tax id a person
    told(service, anna("a1", tax_id="456-78-9123"), anna("a2", tax_id="541-22-8730"))
    assert home(service, "a1") != home(service, "a2")
    (task,) = waiting(service)
    assert task.kind is ReviewKind.CLOSE_CALL
    keep_apart(service.desk, home(service, "a1"), home(service, "a2"), WISH)
    assert waiting(service) == []


def test_a_profile_held_together_by_a_weak_link_is_looked_at_until_a_person_says_it_is_right(
    service: Service,
) -> None:
    told(
        service,
        anna("a1"),
        anna("a2"),
        anna("w1", given_name="Ann", birth_date="", email="", phone="2125559999"),
    )
    assert len({home(service, name) for name in ("a1", "a2", "w1")}) == 1
    (task,) = waiting(service, ReviewKind.WEAK_BRIDGE)
    assert task.golden_ids == (home(service, "a1"),)
    assert task.match_weight == weight_between(service, "a1", "w1")
    assert (task.details["left"], task.details["right"]) == ("pos:a1", "pos:w1")
    keep_together(service.desk, key("a2"), key("w1"), WISH)
    assert waiting(service) == []


def test_a_profile_of_very_many_records_is_looked_at(service: Service) -> None:
    told(service, *(anna(f"a{number:02}") for number in range(50)))
    assert waiting(service, ReviewKind.CROWDED) == []
    told(service, anna("a50"))
    merge_all = sorted({home(service, f"a{number:02}") for number in range(51)})
    if len(merge_all) > 1:
        merge(service.desk, merge_all, WISH)
    (task,) = waiting(service, ReviewKind.CROWDED)
    assert task.details["records"] == 51
    assert task.match_weight is None


def test_a_decision_that_the_records_speak_against_since_is_looked_at(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    decided = keep_apart(service.desk, key("a1"), key("b1"), WISH).operation
    assert waiting(service, ReviewKind.CONTRADICTED) == []
    told(service, anna("b1"))  # the same in every word now
    (task,) = waiting(service)
    assert task.kind is ReviewKind.CONTRADICTED
    assert task.details["operation_id"] == decided.operation_id
    assert task.details["judgement"] == "no_match"
    assert task.match_weight is not None
    assert task.match_weight >= 8
    undo(service.desk, decided.operation_id, WISH)
    assert waiting(service) == []


def test_a_merge_of_what_turns_out_to_be_two_people_is_looked_at(service: Service) -> None:
    told(service, anna("a1"), anna("a2", city="Boston"))
    one = keep_together(service.desk, key("a1"), key("a2"), WISH).operation
    told(service, bert("a2"))
    (task,) = waiting(service, ReviewKind.CONTRADICTED)
    assert task.details["operation_id"] == one.operation_id
    assert task.match_weight is not None
    assert task.match_weight <= -8


def test_what_was_decided_against_the_evidence_is_no_contradiction_before_something_new_is_told(
    service: Service,
) -> None:
    told(service, anna("a1"), bert("b1"))
    merge(service.desk, [home(service, "a1"), home(service, "b1")], WISH)
    told(service, anna("a3"))
    assert waiting(service, ReviewKind.CONTRADICTED) == []


def test_a_preview_opens_and_closes_nothing(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    before = waiting(service)
    ids = [home(service, "a1"), home(service, "d1")]
    preview(lambda end: merge(service.desk, ids, WISH, end=end))
    assert waiting(service) == before


def test_a_task_that_is_put_off_is_shown_again_when_its_time_has_come(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (task,) = waiting(service)
    now = datetime.now(UTC)
    later = defer(service.desk, task.task_id, now + timedelta(days=2), "ines", "the customer calls back")
    assert later.status is ReviewStatus.DEFERRED
    assert waiting(service) == []
    assert waiting(service, at=now + timedelta(days=1)) == []
    (again,) = waiting(service, at=now + timedelta(days=3))
    assert (again.task_id, again.status) == (task.task_id, ReviewStatus.OPEN)
    assert again.details["deferred"] == {"by": "ines", "reason": "the customer calls back"}


def test_a_task_that_is_put_off_stays_so_when_it_is_restated_and_is_closed_with_its_evidence(
    service: Service,
) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (task,) = waiting(service)
    defer(service.desk, task.task_id, datetime.now(UTC) + timedelta(days=2), "ines")
    told(service, anna("a2", source="erp"))
    refresh_reviews(service.review_room)
    assert waiting(service) == []
    stored = service.store.views.review(task.task_id, datetime.now(UTC))
    assert stored is not None
    assert (stored.status, stored.details["records"]) == (ReviewStatus.DEFERRED, 3)
    assert stored.details["deferred"] == {"by": "ines", "reason": ""}
    ingest(service.desk, [deleted(key("d1"))])
    assert closed(service) == [("possible_match", "evidence")]


def test_only_what_is_open_and_ahead_can_be_put_off(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (task,) = waiting(service)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert _refusal(service, task.task_id, datetime.now(UTC) - timedelta(days=1)) == "NOT_AHEAD"
    with pytest.raises(LookupFailed, match="E508"):
        defer(service.desk, "r-nothing", tomorrow, "ines")
    with pytest.raises(DecisionRefused, match="no sample"):
        label(service.desk, task.task_id, True, "ines")
    ingest(service.desk, [deleted(key("d1"))])
    assert _refusal(service, task.task_id, tomorrow) == "NOT_OPEN"


def _refusal(service: Service, task_id: str, until: datetime) -> str:
    with pytest.raises(DecisionRefused) as refusal:
        defer(service.desk, task_id, until, "ines")
    return refusal.value.code


def test_a_look_at_everybody_opens_what_a_rebuild_shows_and_closes_what_is_gone(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    (task,) = waiting(service)
    rematch(service.workshop, Stages(), model=service.active_model())
    told_twice = refresh_reviews(service.review_room)
    assert (told_twice.standing, told_twice.opened, told_twice.closed) == (1, 0, 0)
    assert [found.task_id for found in waiting(service)] == [task.task_id]
    with service.store.begin(service.review_room.clock) as work:
        work.replace_links(work.memberships().select(["source", "source_record_id"]), work.links()[:0])
    assert refresh_reviews(service.review_room).closed == 1
    assert waiting(service) == []


def test_tasks_name_records_and_numbers_and_nobody(service: Service) -> None:
    told(service, anna("a1"), doubtful("d1"))
    for row in rows(service.settings.database_url, "select subject, details from review_task"):
        text = orjson.dumps(row).decode().lower()
        assert not any(word in text for word in ("anna", "anne", "kowalczyk", "2125550142", "acme"))
