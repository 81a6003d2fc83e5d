"""Decisions on a profile's own page, in a real browser: by mouse, by keyboard alone; taken back right after."""

from __future__ import annotations

from playwright.sync_api import expect

from identity.model.cluster import GoldenId
from identity.model.golden import GoldenProfile

from .walking import Walker
from .ways import WAYS, Live, Walk, undo


def at_a_profile(walk: Walk, golden_id: GoldenId) -> Walker:
    walker = walk().go(f"/profiles/{golden_id}")
    return walker.sees("Golden values")


def large(live: Live, count: int) -> list[GoldenId]:
    return [GoldenId(each) for each in live[0].large(count)]


def profile_of(live: Live, golden_id: GoldenId) -> GoldenProfile:
    view = live[0].service.store.views.profile(golden_id)
    assert view is not None
    return view.profile


def give(walker: Walker, way: str, attribute: str, value: str, how: str) -> None:
    """Give a better value, and say how one knows."""
    if way == "keyboard":
        walker.press("o")
        for text, key in ((attribute, "Tab"), (value, "Tab"), (how, "Enter")):
            walker.page.keyboard.type(text)
            walker.press(key)
    else:
        walker.page.get_by_label("Attribute").select_option(label=attribute)
        walker.page.get_by_label("Value", exact=True).fill(value)
        walker.page.get_by_label("How you know").fill(how)
        walker.click("Put right")


@WAYS
def test_a_better_value_is_given_and_taken_back(walk: Walk, live: Live, way: str) -> None:
    (golden_id,) = large(live, 1)
    before = profile_of(live, golden_id)
    walker = at_a_profile(walk, golden_id)
    give(walker, way, "City", "Ghent", "asked her")
    walker.sees("Done.")
    walker.sees("asked her")
    assert profile_of(live, golden_id).values["city"].value == "Ghent"
    undo(walker, way)
    walker.sees("everything is as it was")
    assert profile_of(live, golden_id).values == before.values


@WAYS
def test_ticked_records_are_split_off_a_profile_and_come_back(walk: Walk, live: Live, way: str) -> None:
    (golden_id,) = large(live, 1)
    before = live[0].service.store.views.members(golden_id)
    walker = at_a_profile(walk, golden_id)
    if way == "keyboard":
        walker.press("j", "x", "s")
    else:
        walker.page.locator("input[name=record]").first.check()
        walker.click("Split off the ticked")
    walker.sees("Done.")
    assert live[0].service.store.views.members(golden_id) != before
    undo(walker, way)
    walker.sees("everything is as it was")
    assert live[0].service.store.views.members(golden_id) == before


@WAYS
def test_two_profiles_are_merged_and_parted_again(walk: Walk, live: Live, way: str) -> None:
    # who was parted stays apart: each way merges two of its own
    one, other = large(live, 4)[:2] if way == "mouse" else large(live, 4)[2:]
    before = [live[0].service.store.views.members(each) for each in (one, other)]
    walker = at_a_profile(walk, one)
    if way == "keyboard":
        walker.press("m")
        walker.page.keyboard.type(other)
        walker.press("Tab")
        walker.page.keyboard.type("one household card")
        walker.press("Enter")
    else:
        walker.page.get_by_label("Golden id of the other").fill(other)
        walker.click("Merge")
    walker.sees("Done.")
    assert profile_of(live, one).golden_id == profile_of(live, other).golden_id
    undo(walker, way)
    walker.sees("everything is as it was")
    assert [live[0].service.store.views.members(each) for each in (one, other)] == before


@WAYS
def test_a_value_that_cannot_be_is_refused_and_nothing_is_lost(walk: Walk, live: Live, way: str) -> None:
    (golden_id,) = large(live, 1)
    before = profile_of(live, golden_id)
    walker = at_a_profile(walk, golden_id)
    give(walker, way, "Birth date", "31.02.1980", "")
    expect(walker.page.get_by_role("alert")).to_contain_text("birth")
    assert profile_of(live, golden_id) == before
