"""Every decision about a task: shown, taken, raced for, taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from identity.bootstrap import SystemClock
from identity.flows.estimate import draw_sample
from identity.flows.judge import Wish
from identity.model.operation import OperationKind
from identity.model.record import RecordKey, SourceRecord
from identity.model.review import ReviewKind, ReviewStatus, ReviewTask
from identity.model.steward import Role, Stage
from identity.ports import Arrival

from .world import World, told


def members(world: World, task: ReviewTask) -> list[set[RecordKey]]:
    return [set(world.service.store.views.members(each)) for each in task.golden_ids]


def home(world: World, key: RecordKey) -> str | None:
    return world.service.store.views.golden_id_of(key)


def test_a_merge_is_shown_taken_and_taken_back(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    before = members(world, task)
    preview = ana.post(
        f"/tasks/{task.task_id}/preview", {"choice": "merge"}, **{"hx-request-type": "partial"}
    )
    assert ana.get(f"/tasks/{task.task_id}").status_code == 200
    assert f"{len(set().union(*before))} records" in preview.text
    assert world.again(task).status is ReviewStatus.OPEN
    answer = ana.decide(task, "merge", reason="the same loyalty card")
    assert world.again(task).status is ReviewStatus.CLOSED
    assert len({home(world, key) for keys in before for key in keys}) == 1
    ana.follow(answer)
    assert "Merged." in ana.last.text
    operation = world.service.store.views.operation(told(answer)["done"])
    assert operation is not None
    assert (operation.actor, operation.reason) == ("ana", "the same loyalty card")
    undone = ana.post(f"/operations/{told(answer)['done']}/undo", {"task": task.task_id})
    ana.follow(undone)
    assert "Everything is as it was" in ana.last.text
    assert members(world, task) == before


def test_two_people_are_kept_apart_for_good(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    answer = ana.decide(task, "apart")
    assert "Kept apart." in ana.follow(answer).text
    operation = world.service.store.views.operation(told(answer)["done"])
    assert operation is not None
    assert operation.kind is OperationKind.KEEP_APART
    assert world.again(task).status is ReviewStatus.CLOSED


def test_what_belongs_together_is_not_asked_again(world: World) -> None:
    ana, task = world.visitor("ana"), world.task(ReviewKind.WEAK_BRIDGE)
    answer = ana.decide(task, "together")
    operation = world.service.store.views.operation(told(answer)["done"])
    assert operation is not None
    assert operation.kind is OperationKind.KEEP_TOGETHER
    assert world.again(task).status is ReviewStatus.CLOSED


def test_ticked_records_are_split_off_and_come_back(world: World) -> None:
    ana, task = world.visitor("ana"), world.task(ReviewKind.WEAK_BRIDGE)
    key = RecordKey(*str(task.details["left"]).split(":", 1))
    (before,) = members(world, task)
    preview = ana.post(
        f"/tasks/{task.task_id}/preview", {"choice": "split"}, **{"hx-request-type": "partial"}
    )
    assert "csrf" not in preview.text or preview.status_code == 403
    ana.get(f"/tasks/{task.task_id}")
    nothing = ana.post(
        f"/tasks/{task.task_id}/preview", {"choice": "split"}, **{"hx-request-type": "partial"}
    )
    assert "data-blocked" in nothing.text
    shown = ana.post(f"/tasks/{task.task_id}/preview", {"choice": "split", "record": [str(key)]})
    assert "Profile 2 afterwards" in shown.text
    assert f'name="record" value="{key}"' in shown.text
    answer = ana.decide(task, "split", record=[str(key)])
    assert answer.status_code == 303
    others = before - {key}
    assert {home(world, each) for each in others} != {home(world, key)}
    ana.follow(ana.post(f"/operations/{told(answer)['done']}/undo", {"task": task.task_id}))
    assert members(world, task) == [before]


def test_a_sample_is_answered_and_nobody_is_merged(world: World) -> None:
    draw_sample(world.service.sampling_room, 6)
    ana = world.visitor("ana")
    for task, choice, closed_by in zip(
        world.tasks(ReviewKind.SAMPLE),
        ("same", "other", "unsure"),
        ("label", "label", "unsure"),
        strict=False,
    ):
        assert told(ana.decide(task, choice))["note"] == "labelled"
        assert world.again(task).closed_by == closed_by
    assert ana.get("/quality/estimate").status_code == 200
    assert "By 2 answers" in ana.last.text


def test_what_was_decided_and_does_not_fit_any_more_is_taken_back(world: World) -> None:
    ana, task = world.visitor("ana"), contradicted(world)
    page = ana.get(f"/tasks/{task.task_id}").text
    assert "Does the decision still hold?" in page
    answer = ana.decide(task, "revise")
    assert answer.status_code == 303
    assert world.again(task).status is ReviewStatus.CLOSED


def contradicted(world: World) -> ReviewTask:
    """Keep two apart who are told the same values afterwards."""
    views, decisions = world.service.store.views, world.service.decisions
    task = world.task()
    left, right = (RecordKey(*str(task.details[side]).split(":", 1)) for side in ("left", "right"))
    decisions.keep_apart(left, right, Wish("ben"))
    one = views.record(left)
    assert one is not None
    full = {
        **one.attributes,
        "given_name": "Rosalinde",
        "family_name": "Quintero",
        "birth_date": "1961-04-07",
    }
    full |= {"email": "rosalinde.quintero@mail.example", "phone": "2125550187", "loyalty_id": "7999123456"}
    for key in (left, right):
        world.service.ingest([Arrival(SourceRecord(key, full), f"again-{key}")])
    return world.task(ReviewKind.CONTRADICTED)


@pytest.mark.parametrize("choice", ["together", "split", "same", "revise", "nonsense", ""])
def test_what_is_not_offered_for_a_kind_is_refused(world: World, choice: str) -> None:
    ana, task = world.visitor("ana"), world.task()
    assert ana.decide(task, choice).status_code == 400
    assert world.again(task).status is ReviewStatus.OPEN


def test_a_page_that_is_out_of_date_is_refused_kindly(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    seen = ana.seen(task)
    key = RecordKey(*str(task.details["left"]).split(":", 1))
    record = world.service.store.views.record(key)
    assert record is not None
    changed = {**record.attributes, "birth_date": "1977-07-07"}
    world.service.ingest([Arrival(SourceRecord(key, changed), "other")])
    if world.again(task).status is ReviewStatus.CLOSED:
        pytest.fail("the change was to leave the task open")
    before = members(world, task)
    answer = ana.post(f"/tasks/{task.task_id}/decide", {"choice": "merge", "seen": seen})
    assert answer.status_code == 409
    assert "Something changed since you opened this task." in answer.text
    assert "Nothing was decided" in answer.text
    assert members(world, task) == before
    assert ana.decide(task, "merge").status_code == 303


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    task = world.task()
    stewards = [world.visitor(name) for name in ("ana", "ben")]
    seen = [each.seen(task) for each in stewards]
    start = Barrier(2)

    def decide(which: int) -> Any:
        start.wait()
        form = {"choice": ("merge", "apart")[which], "seen": seen[which]}
        return stewards[which].post(f"/tasks/{task.task_id}/decide", form)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(decide, range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (loser,) = [answer for answer in answers if answer.status_code == 409]
    (winner,) = [
        name for name, answer in zip(("ana", "ben"), answers, strict=True) if answer.status_code == 303
    ]
    assert "Somebody else was a moment earlier" in loser.text
    assert winner in loser.text
    operations = world.service.store.views.operations()
    assert [each.actor for each in operations] == [winner]


def test_who_is_not_at_a_task_that_somebody_is_at_cannot_decide_it(world: World) -> None:
    ana, ben, task = world.visitor("ana"), world.visitor("ben"), world.task()
    ana.get("")
    ana.post(f"/tasks/{task.task_id}/claim")
    answer = ben.post(f"/tasks/{task.task_id}/decide", {"choice": "merge", "seen": ana.seen(task)})
    ben.get(f"/tasks/{task.task_id}")
    answer = ben.post(f"/tasks/{task.task_id}/decide", {"choice": "merge", "seen": ana.seen(task)})
    assert answer.status_code == 409
    assert "ana is at this task." in answer.text
    assert "ana is at this task" in ben.post(f"/tasks/{task.task_id}/hold").text


def test_a_task_is_put_off_with_a_reason(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.get(f"/tasks/{task.task_id}")
    assert (
        told(ana.post(f"/tasks/{task.task_id}/defer", {"days": "7", "reason": "asked the shop"}))["note"]
        == "deferred"
    )
    assert world.again(task).status is ReviewStatus.DEFERRED
    assert task.task_id not in [each.task_id for each in world.tasks()]
    assert ana.post(f"/tasks/{task.task_id}/defer", {"days": "400"}).status_code == 400


def test_what_was_put_off_is_taken_up_again_at_once(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.get(f"/tasks/{task.task_id}")
    page = ana.follow(ana.post(f"/tasks/{task.task_id}/defer", {"days": "7", "reason": "asked"})).text
    assert f"/review/tasks/{task.task_id}/resume" in page
    page = ana.follow(ana.post(f"/tasks/{task.task_id}/resume")).text
    assert "Taken back." in page
    assert "with you" in page
    assert world.again(task) == task
    assert ana.post(f"/tasks/{task.task_id}/resume").status_code == 409


def test_an_answer_is_taken_back_by_who_gave_it(world: World) -> None:
    draw_sample(world.service.sampling_room, 3)
    ana, ben = world.visitor("ana"), world.visitor("ben")
    sure, unsure, *_ = world.tasks(ReviewKind.SAMPLE)
    page = ana.follow(ana.decide(sure, "same")).text
    assert f"/review/tasks/{sure.task_id}/unlabel" in page
    ben.get("")
    assert ben.post(f"/tasks/{sure.task_id}/unlabel").status_code == 409
    assert ana.post(f"/tasks/{sure.task_id}/unlabel").status_code == 303
    assert world.again(sure) == sure
    with world.service.store.begin(SystemClock()) as work:
        assert work.labels().num_rows == 0
    ana.decide(unsure, "unsure")
    assert ana.post(f"/tasks/{unsure.task_id}/unlabel").status_code == 303
    assert world.again(unsure) == unsure
    assert ana.post(f"/tasks/{unsure.task_id}/unlabel").status_code == 409
    assert ana.post(f"/tasks/{world.task().task_id}/unlabel").status_code == 409
    assert told(ana.decide(sure, "other"))["note"] == "labelled"


@pytest.mark.parametrize("way", ["escalate", "second-opinion"])
def test_what_was_given_away_is_taken_back_at_once(world: World, way: str) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.get(f"/tasks/{task.task_id}")
    page = ana.follow(ana.post(f"/tasks/{task.task_id}/{way}", {"reason": "twins?"})).text
    assert f"/review/tasks/{task.task_id}/return" in page
    page = ana.follow(ana.post(f"/tasks/{task.task_id}/return", {"undo": "yes"})).text
    assert "with you" in page
    assert ana.decide(task, "merge").status_code == 303


def test_what_is_escalated_is_decided_by_a_lead_only(world: World) -> None:
    ana, ben, lead = world.visitor("ana"), world.visitor("ben"), world.visitor("lea", Role.LEAD)
    task = world.task()
    ana.get(f"/tasks/{task.task_id}")
    assert told(ana.post(f"/tasks/{task.task_id}/escalate", {"reason": "twins?"}))["note"] == "escalated"
    page = ben.get(f"/tasks/{task.task_id}").text
    assert "It was escalated: a lead decides it." in page
    assert "twins?" in page
    assert ben.post(f"/tasks/{task.task_id}/return").status_code == 403
    seen = lead.seen(task)
    assert ben.post(f"/tasks/{task.task_id}/decide", {"choice": "merge", "seen": seen}).status_code == 409
    assert lead.decide(task, "merge").status_code == 303


def test_a_second_opinion_is_somebody_elses(world: World) -> None:
    ana, ben, task = world.visitor("ana"), world.visitor("ben"), world.task()
    ana.get(f"/tasks/{task.task_id}")
    assert told(ana.post(f"/tasks/{task.task_id}/second-opinion"))["note"] == "asked"
    seen = ben.seen(task)
    assert ana.post(f"/tasks/{task.task_id}/decide", {"choice": "merge", "seen": seen}).status_code == 409
    assert ben.decide(task, "apart").status_code == 303


def test_where_much_is_at_stake_two_people_decide_the_same(world_of: Callable[..., World]) -> None:
    world = world_of(four_eyes=0.0)
    ana, ben, task = world.visitor("ana"), world.visitor("ben"), world.task()
    assert told(ana.decide(task, "merge"))["note"] == "proposed"
    assert world.again(task).status is ReviewStatus.OPEN
    assert world.service.store.views.operations() == ()
    seen = ben.seen(task)
    assert "ana wants: merge." in ben.last.text
    assert ana.post(f"/tasks/{task.task_id}/decide", {"choice": "merge", "seen": seen}).status_code == 409
    assert ben.decide(task, "merge").status_code == 303
    (operation,) = world.service.store.views.operations()
    assert operation.actor == "ben"
    assert [note.actor for note in world.service.store.desks(SystemClock()).notes(task.task_id)] == ["ana"]


def test_who_sees_it_otherwise_proposes_something_else(world_of: Callable[..., World]) -> None:
    world = world_of(four_eyes=0.0)
    ana, ben, task = world.visitor("ana"), world.visitor("ben"), world.task(ReviewKind.WEAK_BRIDGE)
    left, right = str(task.details["left"]), str(task.details["right"])
    ana.decide(task, "split", record=[left])
    assert told(ben.decide(task, "split", record=[right]))["note"] == "proposed"
    desk = world.service.store.desks(SystemClock()).desk(task.task_id)
    assert (desk.stage, desk.stage_by) == (Stage.PROPOSED, "ben")
    assert ana.decide(task, "together").status_code == 303


def test_a_closed_task_says_what_became_of_it(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.decide(task, "apart", reason="father and son")
    page = world.visitor("ben").get(f"/tasks/{task.task_id}").text
    assert "This task is closed" in page
    assert "ana: kept apart." in page
    assert "father and son" in page


def test_a_task_nobody_knows_is_said_so(world: World) -> None:
    ana = world.visitor("ana")
    for task_id in ("rnothing", "r-1", "%3Cb%3E"):
        answer = ana.get(f"/tasks/{task_id}")
        assert answer.status_code == 404
        assert "No review task is known by this." in answer.text
