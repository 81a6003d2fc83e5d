"""What a lead lets happen, in a real browser, by mouse and by keyboard alone: re-matches, letters, systems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from identity.model.delivery import DeadLetterStatus
from identity.model.run import RunStatus
from identity.model.steward import Role
from tests.delivery.world import until
from tests.reference_loyalty.serving import shop
from tests.stewardship.test_people import given_up, waiting
from tests.stewardship.test_systems import parted_again
from tests.stewardship.world import World

from .serving import served
from .walking import Walker, walker_at
from .ways import WAYS, Live, Walk


def lead(walk: Walk, place: str) -> Walker:
    return walk("lea", role=Role.LEAD).go(place)


def decided(live: Live, run_id: str) -> tuple[RunStatus, str | None]:
    run = live[0].service.runs.run(run_id)
    assert run is not None
    return run.status, run.decided_by


def answered(walker: Walker, key: str, button: str, way: str) -> None:
    """Open what asks whether it is meant, and say yes."""
    if way == "keyboard":
        walker.press(key)
        walker.arrived("dialog[open]").press("Enter")
    else:
        walker.click(button)
        walker.arrived("dialog[open]").page.locator("dialog[open] button.main").click()


@WAYS
@pytest.mark.parametrize(
    ("key", "button", "ended"),
    [
        ("m", "Approve", RunStatus.APPLIED),
        ("a", "Let it go", RunStatus.REJECTED),
    ],
)
def test_a_re_match_that_waits_is_decided(
    walk: Walk, live: Live, way: str, key: str, button: str, ended: RunStatus
) -> None:
    run_id = f"run{way}{key}"
    until(lambda: not any(run.status is RunStatus.RUNNING for run in live[0].service.runs.runs()), 60)
    waiting(live[0], run_id)
    walker = lead(walk, "/runs")
    if way == "keyboard":
        walker.press("j", "Enter")
    else:
        walker.page.locator(f"a[href$='/runs/{run_id}']").click()
    walker.sees("Shall this change be made?")
    answered(walker, key, button, way)
    walker.page.wait_for_url("**/runs?note=*")
    until(lambda: decided(live, run_id) == (ended, "lea"), 60)


@WAYS
@pytest.mark.parametrize(
    ("button", "status"),
    [("Send again", DeadLetterStatus.REDRIVEN), ("Drop", DeadLetterStatus.DROPPED)],
)
def test_what_was_given_up_is_seen_to(
    walk: Walk, live: Live, way: str, button: str, status: DeadLetterStatus
) -> None:
    book = live[0].service.deliveries
    known = {letter.number for letter in book.dead_letters(None, None)}
    given_up(live[0], 1, f"{way}-{button}")
    walker = lead(walk, "/letters")
    if way == "keyboard":
        walker.press("j", "x")
        if button == "Drop":
            walker.page.get_by_role("button", name="Drop").focus()
            walker.press("Enter")
        else:
            walker.press("s")
    else:
        walker.page.locator("input[name=letter]").first.check()
        walker.click(button)
    walker.sees("Everything arrived.")
    assert {letter.status for letter in book.dead_letters(None, None) if letter.number not in known} == {
        status
    }


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A loyalty platform that differs from the master, and the screen that shows it."""
    with shop(tmp_path / "loyalty.db") as here:
        world = parted_again(f"sqlite:///{tmp_path / 'identity.db'}", here)
        with served(world) as root:
            yield world, root
        world.service.store.close()


@WAYS
def test_a_system_is_compared_and_mended(browser: Browser, followed: tuple[World, str], way: str) -> None:
    world, root = followed
    walker = walker_at(browser, root, world, "lea", Role.LEAD).go("/letters")
    if way == "keyboard":
        walker.press("j", "Enter")
    else:
        walker.page.get_by_role("link", name="loyalty").click()
    walker.sees("It was never compared yet.")
    for key, button, seen in (("c", "Compare now", "nobody knows yet"), ("m", "Mend", "somebody is asked")):
        if way == "keyboard":
            walker.press(key)
        else:
            walker.click(button)
        walker.sees(seen)
    assert walker.complaints == []
    walker.context.close()
