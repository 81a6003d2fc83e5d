"""Rows that were set aside are seen to in a real browser: by mouse, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from identity.bootstrap import SystemClock
from identity.model.quarantine import SetAside
from identity.model.steward import Role
from tests.stewardship.world import World, set_aside

from .walking import Walker

Walk = Callable[..., Walker]
Live = tuple[World, str]
WAYS = pytest.mark.parametrize("way", ["mouse", "keyboard"])


@pytest.fixture(scope="module", autouse=True)
def _bad_birthdays(live: Live, tmp_path_factory: pytest.TempPathFactory) -> None:
    set_aside(live[0], tmp_path_factory.mktemp("till"), 8)


def at_a_row(walk: Walk, live: Live, way: str) -> tuple[Walker, SetAside]:
    """Come to the oldest row of a code by way of the sources."""
    row = live[0].service.store.quarantine(SystemClock()).waiting("pos", "E313")[0]
    walker = walk("lea", role=Role.LEAD).go("/sources")
    if way == "keyboard":
        walker.press("j", "Enter").sees("Set aside of pos: E313")
        walker.press("j", "Enter")
    else:
        walker.page.get_by_role("link", name="E313").first.click()
        walker.sees("Set aside of pos: E313")
        walker.page.get_by_role("link", name=str(row.id), exact=True).click()
    walker.sees(f"Row {row.id}: E313")
    return walker, row


def reveal(walker: Walker, way: str) -> None:
    if way == "keyboard":
        walker.press("r")
    else:
        walker.click("Reveal and mend")
    expect(walker.page.locator(".wrong input")).to_be_focused()


def type_in(walker: Walker, way: str, text: str) -> None:
    if way == "keyboard":
        walker.press("Control+a")
        walker.page.keyboard.type(text)
        walker.press("Enter")
    else:
        walker.page.locator(".wrong input").fill(text)
        walker.click("Try again")


@WAYS
def test_a_row_is_mended_after_a_second_try(walk: Walk, live: Live, way: str) -> None:
    walker, row = at_a_row(walk, live, way)
    assert "Alder" not in walker.page.locator("main").inner_text()
    reveal(walker, way)
    type_in(walker, way, "31.02.1999")
    walker.sees("Still not taken. E313")
    expect(walker.page.locator(".wrong input")).to_have_value("31.02.1999")
    type_in(walker, way, "01.02.1999")
    walker.sees(f"Row {row.id} was mended")
    now = live[0].service.store.quarantine(SystemClock()).row(row.id)
    assert now is not None
    assert (now.status, now.closed_by) == ("mended", "lea")
    if way == "keyboard":
        walker.press("j")
    else:
        walker.page.get_by_role("link", name="Next row").click()
    walker.sees(f"Row {row.id + 1}: E313")


@WAYS
def test_a_row_is_dropped_with_a_reason(walk: Walk, live: Live, way: str) -> None:
    walker, row = at_a_row(walk, live, way)
    if way == "keyboard":
        walker.press("d")
        walker.page.keyboard.type("a test of the till")
        walker.press("Enter")
    else:
        walker.page.get_by_label("Why").fill("a test of the till")
        walker.click("Drop")
    walker.sees(f"Row {row.id} was dropped")
    walker.sees("a test of the till")


@WAYS
def test_all_rows_of_a_code_are_tried_again(walk: Walk, live: Live, way: str) -> None:
    waits = live[0].service.store.quarantine(SystemClock()).count("pos", "E313")
    walker = walk("lea", role=Role.LEAD).go("/quarantine?source=pos&code=E313")
    if way == "keyboard":
        walker.press("t")
    else:
        walker.click(f"Try {waits} again")
    walker.sees(f"{waits} tried again: 0 taken, {waits} not.")
