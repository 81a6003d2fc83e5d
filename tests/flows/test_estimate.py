"""Pairs are drawn, people answer, and what they answer tells how right the links are."""

from __future__ import annotations

from typing import Any

import pytest

from identity.bootstrap import Service
from identity.flows.estimate import draw_sample, estimate_links
from identity.flows.ingest import ingest
from identity.flows.review import label
from identity.model.errors import DecisionRefused
from identity.model.record import RecordKey
from identity.model.review import ReviewKind

from .conftest import Person, Ready
from .real_time import deleted, ingest_all, rows


@pytest.fixture
def people(sampled: list[Person]) -> dict[str, str]:
    """Who each record is of."""
    return {f"{row['source']}:{row['source_record_id']}": row["person_id"] for row in sampled[:500]}


@pytest.fixture
def service(ready: Ready, url: str, sampled: list[Person]) -> Service:
    service = ready(url)
    ingest_all(service, sampled[:500])
    return service


def samples(service: Service) -> list[Any]:
    found = "select task_id, details from review_task where kind = 'sample' and closed_at is null"
    return rows(service.settings.database_url, f"{found} order by task_id")


def answer_all(service: Service, people: dict[str, str]) -> None:
    now = service.sampling_room.clock.now()
    for task in service.store.views.reviews(now, ReviewKind.SAMPLE, 10_000):
        same = people[str(task.details["left"])] == people[str(task.details["right"])]
        label(service.desk, task.task_id, same, "ines")


def truth(service: Service, people: dict[str, str]) -> tuple[float, float]:
    homes = dict(
        rows(
            service.settings.database_url,
            "select source || ':' || source_record_id, golden_id from crosswalk where valid_to is null",
        )
    )
    linked = rows(
        service.settings.database_url,
        "select left_source || ':' || left_id, right_source || ':' || right_id from link",
    )
    merged = [pair for pair in linked if homes[pair[0]] == homes[pair[1]]]
    same = [pair for pair in linked if people[pair[0]] == people[pair[1]]]
    right = len(set(merged) & set(same))
    return right / len(merged), right / len(same)


def test_a_sample_is_drawn_of_every_stratum_and_never_the_same_pair_twice(service: Service) -> None:
    first = draw_sample(service.sampling_room, 20)
    second = draw_sample(service.sampling_room, 20)
    assert len(first) == len(second) == 20
    assert not {(d.left, d.right) for d in first} & {(d.left, d.right) for d in second}
    assert {d.stratum for d in first} == {s.name for s in estimate_links(service.sampling_room).strata}
    assert len(samples(service)) == 40


def test_the_sample_is_the_same_however_much_is_drawn_at_once(
    ready: Ready, url: str, sampled: list[Person]
) -> None:
    service = ready(url)
    ingest_all(service, sampled[:500])
    links = rows(url, "select count(*) from link")[0][0]
    room = service.sampling_room
    with room.transactions.begin(room.clock) as work:
        tables = work.links(), work.memberships()
    few, many = (room.sampler.draw(*tables, set(), wanted) for wanted in (16, 40))
    assert {(d.left, d.right) for d in few} <= {(d.left, d.right) for d in many}
    assert len(room.sampler.draw(*tables, set(), links + 10)) == links


def test_when_everything_is_labelled_the_estimate_is_the_truth(
    service: Service, people: dict[str, str]
) -> None:
    draw_sample(service.sampling_room, 100_000)
    answer_all(service, people)
    told = estimate_links(service.sampling_room).estimates
    precision, recall = truth(service, people)
    for found, true in ((told.precision, precision), (told.recall, recall)):
        assert (found.value, found.lower, found.upper) == pytest.approx((true, true, true))


def test_some_labels_give_an_interval_around_the_truth(service: Service, people: dict[str, str]) -> None:
    draw_sample(service.sampling_room, 24)
    answer_all(service, people)
    told = estimate_links(service.sampling_room).estimates
    for found, true in zip((told.precision, told.recall), truth(service, people), strict=True):
        assert found.lower <= true <= found.upper
    assert told.precision.lower < told.precision.upper


def test_a_label_changes_nothing_but_the_estimate(service: Service) -> None:
    url = service.settings.database_url
    draw_sample(service.sampling_room, 5)
    tables = ("crosswalk", "link", "verdict", "operation", "event", "golden_profile", "change")
    before = {name: rows(url, f'select count(*) from "{name}"') for name in tables}
    (first, _), (second, _), (third, _), *_ = samples(service)
    label(service.desk, first, True, "ines")
    label(service.desk, second, False, "ines")
    label(service.desk, third, None, "ines")
    assert {name: rows(url, f'select count(*) from "{name}"') for name in tables} == before
    assert sorted(rows(url, "select same, actor from label")) == [(False, "ines"), (True, "ines")]
    assert len(samples(service)) == 2
    found = estimate_links(service.sampling_room)
    assert sum(stratum.labelled for stratum in found.strata) == 2
    with pytest.raises(DecisionRefused) as refusal:
        label(service.desk, first, True, "ines")
    assert refusal.value.code == "NOT_OPEN"


def test_a_label_whose_pair_is_not_linked_any_more_is_set_aside(service: Service) -> None:
    (drawn, *_) = draw_sample(service.sampling_room, 1)
    ((task, _),) = samples(service)
    label(service.desk, task, True, "ines")
    ingest(service.desk, [deleted(RecordKey(drawn.left.source, drawn.left.source_record_id))])
    found = estimate_links(service.sampling_room)
    assert (found.set_aside, sum(stratum.labelled for stratum in found.strata)) == (1, 0)
