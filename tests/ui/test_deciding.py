"""Every decision end to end, in a real browser: by mouse, and by keyboard alone; taken back right after."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from identity.flows.estimate import draw_sample
from identity.model.review import ReviewKind, ReviewStatus

from .ways import WAYS, Live, Walk, at_a_task, choose, confirm, status, undo


@WAYS
@pytest.mark.parametrize(
    ("kind", "what", "said", "back"),
    [
        (ReviewKind.POSSIBLE_MATCH, "Merge", "Merged.", "Everything is as it was."),
        (ReviewKind.POSSIBLE_MATCH, "Keep apart", "Kept apart.", "everything is as it was"),
        (ReviewKind.WEAK_BRIDGE, "Belongs together", "Kept together.", "everything is as it was"),
    ],
)
def test_a_decision_is_shown_taken_and_taken_back(
    walk: Walk, live: Live, way: str, kind: ReviewKind, what: str, said: str, back: str
) -> None:
    walker, task = at_a_task(walk, live, kind, way)
    before = [live[0].service.store.views.members(each) for each in task.golden_ids]
    choose(walker, what, way)
    walker.arrived("dialog[open] .outcome")
    confirm(walker, what, way)
    walker.sees(said)
    assert status(live, task) is ReviewStatus.CLOSED
    assert task.task_id not in walker.page.url.partition("?")[0]
    undo(walker, way)
    walker.sees(back)
    assert [live[0].service.store.views.members(each) for each in task.golden_ids] == before


@WAYS
def test_ticked_records_are_split_off_and_come_back(walk: Walk, live: Live, way: str) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.WEAK_BRIDGE, way)
    (golden_id,) = task.golden_ids
    before = live[0].service.store.views.members(golden_id)
    if way == "keyboard":
        walker.press("1")
    else:
        walker.page.locator("input[name=record]").first.check()
    choose(walker, "Split", way)
    walker.sees("Profile 2 afterwards")
    confirm(walker, "Split", way)
    walker.sees("Split.")
    assert live[0].service.store.views.members(golden_id) != before
    undo(walker, way)
    walker.sees("verything is as it was")
    assert live[0].service.store.views.members(golden_id) == before


@WAYS
def test_a_task_is_put_off(walk: Walk, live: Live, way: str) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.CLOSE_CALL, way)
    choose(walker, "Put off", way)
    if way == "keyboard":
        walker.press("Tab")
        walker.page.keyboard.type("asked the shop")
    else:
        walker.page.locator("dialog[open] input[name=reason]").fill("asked the shop")
    confirm(walker, "Put off", way)
    walker.sees("Put off.")
    assert status(live, task) is ReviewStatus.DEFERRED


@WAYS
@pytest.mark.parametrize(
    ("what", "title", "said"),
    [
        ("Escalate", "Escalate", "A lead will decide it."),
        ("Second opinion", "Ask for a second opinion", "Somebody else will look at it."),
    ],
)
def test_a_task_is_left_to_others(walk: Walk, live: Live, way: str, what: str, title: str, said: str) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.POSSIBLE_MATCH, way)
    choose(walker, what, way)
    walker.page.keyboard.type("twins?")
    confirm(walker, title, way)
    walker.sees(said)
    assert status(live, task) is ReviewStatus.OPEN
    walker.go(f"/tasks/{task.task_id}").sees("twins?")


@WAYS
def test_a_sample_is_answered(walk: Walk, live: Live, way: str) -> None:
    draw_sample(live[0].service.sampling_room, 2)
    walker, task = at_a_task(walk, live, ReviewKind.SAMPLE, way)
    choose(walker, "The same", way)
    walker.sees("Nobody is merged or split by your answer.")
    confirm(walker, "The same", way)
    walker.sees("Your answer was kept.")
    assert live[0].again(task).closed_by == "label"


def test_values_are_masked_until_they_are_asked_for(walk: Walk, live: Live) -> None:
    walker, _ = at_a_task(walk, live, ReviewKind.POSSIBLE_MATCH, "keyboard")
    assert "***" in walker.page.locator(".compare").inner_text()
    walker.press("r")
    expect(walker.page.locator("[data-key=r]")).to_have_count(0)
    assert "***" not in walker.page.locator(".compare").inner_text()


def test_focus_is_kept_and_the_next_task_is_there_at_once(walk: Walk, live: Live) -> None:
    walker, task = at_a_task(walk, live, ReviewKind.POSSIBLE_MATCH, "keyboard")
    assert walker.focused().startswith("<h1")
    fetched: list[str] = []
    walker.page.on("request", lambda request: fetched.append(request.url))
    following = walker.page.locator("[data-preloads]").get_attribute("href") or ""
    with walker.page.expect_response(lambda answer: following.partition("?")[0] in answer.url):
        pass  # it is fetched while this one is read
    del fetched[:]
    walker.press("j")
    walker.page.wait_for_url(f"**{following.partition('?')[0]}**")
    expect(walker.page.locator("h1")).to_be_focused()
    assert [url for url in fetched if following.partition("?")[0] in url] == []
    walker.press("k")
    walker.page.wait_for_url(f"**/tasks/{task.task_id}**")
    walker.press("m")
    expect(walker.page.locator("dialog[open] .confirm")).to_be_focused()
    walker.press("Escape")
    expect(walker.page.locator("dialog[open]")).to_have_count(0)


def test_single_keys_can_be_turned_off(walk: Walk, live: Live) -> None:
    walker, _ = at_a_task(walk, live, ReviewKind.POSSIBLE_MATCH, "keyboard")
    walker.press("?")
    walker.page.locator("[data-keys-off]").check()
    walker.press("Escape", "m")
    expect(walker.page.locator("dialog[open]")).to_have_count(0)
