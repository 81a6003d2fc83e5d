"""Every kind of task is decided in a real browser; what was only put off or answered is taken back right after; records
are dragged to somebody else."""

from __future__ import annotations

from playwright.sync_api import expect

from identity.bootstrap import SystemClock
from identity.flows.estimate import draw_sample
from identity.model.review import ReviewKind, ReviewStatus
from identity.model.run import Run, RunKind, RunStatus
from identity.model.steward import Role
from stewardship.choices import OFFERED
from tests.stewardship.test_deciding import contradicted

from .walking import Walker
from .ways import WAYS, Live, Walk, at_a_task, choose, confirm, status, undo


def tick_first(walker: Walker, way: str) -> None:
    if way == "keyboard":
        walker.press("1")
    else:
        walker.page.locator("input[name=record]").first.check()


@WAYS
def test_a_crowded_profile_is_split_and_put_together_again(walk: Walk, live: Live, way: str) -> None:
    (golden_id,) = live[0].large(1)
    live[0].asks(ReviewKind.CROWDED, [golden_id], records=9, sources=3)
    walker, task = at_a_task(walk, live, ReviewKind.CROWDED, way)
    before = live[0].service.store.views.members(task.golden_ids[0])
    walker.sees("Are these all one person?")
    tick_first(walker, way)
    choose(walker, "Split", way)
    walker.sees("Profile 2 afterwards")
    confirm(walker, "Split", way)
    walker.sees("Split.")
    assert live[0].service.store.views.members(task.golden_ids[0]) != before
    undo(walker, way)
    walker.sees("verything is as it was")
    assert live[0].service.store.views.members(task.golden_ids[0]) == before


@WAYS
def test_a_member_that_stays_apart_is_split_off(walk: Walk, live: Live, way: str) -> None:
    (golden_id,) = live[0].large(1)
    told = {"program": "rewards", "members": ["1", "2"], "reason": "MEMBERS_BLOCKED", "blockers": []}
    live[0].asks(ReviewKind.LOYALTY_BLOCKED, [golden_id], golden_id, **told)
    walker, _ = at_a_task(walk, live, ReviewKind.LOYALTY_BLOCKED, way)
    walker.sees("Members 1, 2 of rewards: members blocked")
    tick_first(walker, way)
    choose(walker, "Split", way)
    walker.sees("Profile 2 afterwards")
    confirm(walker, "Split", way)
    walker.sees("Split.")
    undo(walker, way)
    walker.sees("verything is as it was")


@WAYS
def test_people_whose_points_are_one_are_merged(walk: Walk, live: Live, way: str) -> None:
    told = {"program": "rewards", "members": ["1", "2"], "reason": "POINTS_SPENT", "shortfall": 40}
    live[0].asks(ReviewKind.LOYALTY_SHORTFALL, live[0].large(2), f"m-{way}", merge_id=f"m-{way}", **told)
    walker, _ = at_a_task(walk, live, ReviewKind.LOYALTY_SHORTFALL, way)
    walker.sees("40 points are missing")
    choose(walker, "Merge", way)
    walker.arrived("dialog[open] .outcome")
    confirm(walker, "Merge", way)
    walker.sees("Merged.")
    undo(walker, way)
    walker.sees("verything is as it was")


@WAYS
def test_a_decision_that_does_not_hold_any_more_is_taken_back(walk: Walk, live: Live, way: str) -> None:
    contradicted(live[0])
    walker, task = at_a_task(walk, live, ReviewKind.CONTRADICTED, way)
    choose(walker, "Take the decision back", way)
    confirm(walker, "Take the decision back", way)
    walker.sees("Taken back.")
    assert status(live, task) is ReviewStatus.CLOSED


@WAYS
def test_what_was_held_back_is_decided_where_it_waits(walk: Walk, live: Live, way: str) -> None:
    world, at, run_id = live[0], SystemClock().now(), f"run{way}"
    world.service.runs.begin(Run(run_id, RunKind.FULL, RunStatus.WAITING, at, at))
    world.service.runs.finish(run_id, RunStatus.WAITING, at, {"impact": {}, "breaches": []})
    task = world.asks(ReviewKind.BREAKER, [], run_id, run_id=run_id)
    walker = walk("lea", role=Role.LEAD).go(f"/tasks/{task.task_id}").sees("Shall this change be made?")
    if way == "keyboard":
        walker.press("m").arrived("[data-opens=dialog-reject]").press("a").arrived("dialog[open]").press(
            "Enter"
        )
    else:
        walker.page.get_by_role("link", name="a re-match").click()
        walker.click("Let it go")
        walker.click("Let it go", "dialog[open]")
    walker.sees("The re-match was let go.")
    run = world.service.runs.run(run_id)
    assert run is not None
    assert run.status is RunStatus.REJECTED
    assert status(live, task) is ReviewStatus.CLOSED


@WAYS
def test_a_close_call_is_kept_apart(walk: Walk, live: Live, way: str) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.CLOSE_CALL, way)
    choose(walker, "Keep apart", way)
    walker.arrived("dialog[open] .outcome")
    confirm(walker, "Keep apart", way)
    walker.sees("Kept apart.")
    undo(walker, way)
    walker.sees("verything is as it was")
    assert status(live, task) in ReviewStatus


def test_no_kind_is_left_out() -> None:
    """Possible matches, weak bridges and samples are decided in test_deciding.py."""
    assert len(OFFERED) == len(ReviewKind) == 9


@WAYS
def test_what_was_put_off_is_taken_up_again_at_once(walk: Walk, live: Live, way: str) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.POSSIBLE_MATCH, way)
    choose(walker, "Put off", way)
    walker.page.locator("dialog[open] input[name=reason]").fill("asked the shop")
    confirm(walker, "Put off", way) if way == "mouse" else walker.press("Enter")
    walker.sees("Put off.")
    undo(walker, way)
    walker.sees("Taken back.")
    walker.sees("with you")
    assert task.task_id in walker.page.url
    assert status(live, task) is ReviewStatus.OPEN


@WAYS
def test_an_answer_is_taken_back_and_another_given(walk: Walk, live: Live, way: str) -> None:
    draw_sample(live[0].service.sampling_room, 2)
    walker, task = at_a_task(walk, live, ReviewKind.SAMPLE, way)
    choose(walker, "The same", way)
    confirm(walker, "The same", way)
    walker.sees("Your answer was kept.")
    undo(walker, way)
    walker.sees("Taken back.")
    assert status(live, task) is ReviewStatus.OPEN
    choose(walker, "The same", way)
    confirm(walker, "The same", way)
    walker.sees("Your answer was kept.")
    assert live[0].again(task).closed_by == "label"


def test_a_record_is_dragged_to_somebody_else_and_back(walk: Walk, live: Live) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.WEAK_BRIDGE, "mouse")
    page, boxes = walker.page, walker.page.locator("input[name=record]")
    before = live[0].service.store.views.members(task.golden_ids[0])

    def drag(what: str, where: str) -> None:
        start = page.locator(what).first.bounding_box()
        assert start is not None
        page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        page.mouse.down()
        page.mouse.move(start["x"] + 40, start["y"] + 60, steps=4)
        expect(page.locator(".dragged")).to_be_visible()
        end = page.locator(where).first.bounding_box()  # it has come near
        assert end is not None
        page.mouse.move(end["x"] + 60, end["y"] + end["height"] / 2, steps=8)
        page.mouse.up()
        expect(page.locator(".dragged")).to_have_count(0)

    drag("[data-drags] .id", "#elsewhere")
    expect(boxes.first).to_be_checked()
    named = page.locator("[data-drags]").first.get_attribute("data-drags") or ""
    expect(page.locator("#elsewhere")).to_contain_text(named)
    drag("[data-drags] .id", ".compare tbody th")
    expect(boxes.first).not_to_be_checked()
    drag("[data-drags] .id", "#elsewhere")
    choose(walker, "Split", "mouse")
    walker.sees("Profile 2 afterwards")
    confirm(walker, "Split", "mouse")
    walker.sees("Split.")
    assert live[0].service.store.views.members(task.golden_ids[0]) != before
    undo(walker, "mouse")
    walker.sees("verything is as it was")
    assert live[0].service.store.views.members(task.golden_ids[0]) == before
