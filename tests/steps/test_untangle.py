"""Merges are taken back when, and only when, their members are different people's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from identity.model.loyalty import LoyaltyMerge, MergeStatus
from identity.steps.untangle import divided, joined, untangle

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def merge(key: str, asked: str, *sources: str, survivor: str = "", **behind: str) -> LoyaltyMerge:
    """A merge that was done; `behind` are the records of a member that is none itself, as one word."""
    sides = {number: tuple(behind.get(number, number).split()) for number in (asked, *sources)}
    made = LoyaltyMerge(key, "rewards", "g1", "op", asked, sides, {}, NINE, MergeStatus.DONE)
    return replace(made, survivor=survivor or asked)


def homes(**given: str) -> dict[str, frozenset[str]]:
    return {number: frozenset(home.split()) for number, home in given.items()}


def keys(merges: list[LoyaltyMerge]) -> list[str]:
    return [each.key for each in merges]


def test_what_belongs_together_stays() -> None:
    assert untangle([merge("m", "a", "b")], homes(a="g1", b="g1")) == []


def test_a_merge_of_two_people_is_taken_back() -> None:
    assert keys(untangle([merge("m", "a", "b")], homes(a="g1", b="g2"))) == ["m"]


def test_a_record_that_was_deleted_divides_nothing() -> None:
    assert not divided(merge("m", "a", "b"), homes(a="g1", b=""))
    assert not divided(merge("m", "a", "b"), homes(a="g1"))


def test_a_merge_beside_it_stays() -> None:
    merges = [merge("m1", "a", "b"), merge("m2", "a", "c", a="a b")]
    assert keys(untangle(merges, homes(a="g1", b="g2", c="g1"))) == ["m1"]
    assert keys(untangle(merges, homes(a="g1", b="g1", c="g2"))) == ["m2"]


def test_a_later_merge_that_stands_on_it_comes_back_first() -> None:
    merges = [merge("m1", "b", "c"), merge("m2", "a", "b", b="b c"), merge("m3", "z", "a", a="a b c")]
    assert keys(untangle(merges, homes(a="g1", b="g1", c="g2", z="g1"))) == ["m3", "m2", "m1"]


def test_a_survivor_with_a_new_number_is_whose_its_records_are() -> None:
    merges = [merge("m1", "a", "b", survivor="N"), merge("m2", "N", "c", N="a b")]
    assert keys(untangle(merges, homes(a="g1", b="g1", c="g1"))) == []
    assert keys(untangle(merges, homes(a="g1", b="g1", c="g2"))) == ["m2"]
    assert keys(untangle(merges, homes(a="g1", b="g2", c="g1"))) == ["m2", "m1"]


def test_who_is_one_with_whom_is_known_through_all_merges() -> None:
    merges = [merge("m1", "a", "b", survivor="N"), merge("m2", "N", "c", N="a b"), merge("m3", "x", "y")]
    together = joined(merges)
    assert together["b"] == together["c"] == {"a", "b", "c", "N"}
    assert together["x"] == {"x", "y"}


def test_whom_a_member_stood_for_then_does_not_count_now() -> None:
    (later,) = [merge("m2", "a", "c", a="a b")]
    assert joined([later]) == dict.fromkeys(("a", "c"), frozenset({"a", "c"}))
