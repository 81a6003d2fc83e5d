"""How a task is come to and decided, by mouse or by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from identity.bootstrap import SystemClock
from identity.model.review import ReviewKind, ReviewStatus, ReviewTask
from tests.stewardship.world import World

from .walking import Walker

__all__ = ["WAYS", "Live", "Walk", "at_a_task", "choose", "confirm", "status", "undo"]

Walk = Callable[..., Walker]
Live = tuple[World, str]
WAYS = pytest.mark.parametrize("way", ["mouse", "keyboard"])
KEYS = {"Merge": "m", "Keep apart": "a", "Belongs together": "m", "Split": "s", "The same": "m",
        "Take the decision back": "m", "Put off": "d", "Escalate": "e", "Second opinion": "o"}  # fmt: skip


def at_a_task(walk: Walk, live: Live, kind: ReviewKind, way: str) -> tuple[Walker, ReviewTask]:
    """Come to the most pressing free task of a kind by the queue."""
    world, _ = live
    walker = walk().go(f"?kind={kind}&whose=free")
    if way == "keyboard":
        walker.press("j", "Enter")
    else:
        walker.page.locator("[data-row-link]").first.click()
    walker.arrived(".compare")
    task = world.service.store.views.review(
        walker.page.url.split("/tasks/")[1].partition("?")[0], SystemClock().now()
    )
    assert task is not None
    return walker, task


def choose(walker: Walker, what: str, way: str) -> None:
    if way == "keyboard":
        walker.press(KEYS[what])
    else:
        walker.click(what, ".decide")
    expect(walker.page.locator("dialog[open]")).to_be_visible()


def confirm(walker: Walker, what: str, way: str) -> None:
    if way == "keyboard":
        walker.press("Enter")
    else:
        walker.click(what, "dialog[open]")


def undo(walker: Walker, way: str) -> None:
    if way == "keyboard":
        walker.press("u")
    else:
        walker.click("Undo", ".notice")


def status(live: Live, task: ReviewTask) -> ReviewStatus:
    return live[0].again(task).status
