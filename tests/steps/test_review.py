"""What should be looked at follows from links, verdicts and sizes, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link, Verdict
from identity.model.match import Thresholds
from identity.model.record import RecordKey
from identity.model.review import Concern, ReviewKind
from identity.steps.reconcile import DEFERRED, Standing, reconcile
from identity.steps.review import Extent, Scene, impact, review, uncertainty, weakest

THRESHOLDS = Thresholds(MatchWeight(0.0), MatchWeight(-4.0))
ONE, OTHER, THIRD = GoldenId("g1"), GoldenId("g2"), GoldenId("g3")


def key(name: str, source: str = "pos") -> RecordKey:
    return RecordKey(source, name)


def link(left: str, right: str, weight: float) -> Link:
    judgement = Judgement.MATCH if weight >= 0 else Judgement.POSSIBLE_MATCH
    return Link(key(left), key(right), judgement, MatchWeight(weight))


def scene(*links: Link, verdicts: tuple[Verdict, ...] = (), **members: str) -> Scene:
    told = {GoldenId(name): [key(each) for each in names.split()] for name, names in members.items()}
    return Scene(told, links, verdicts, {})


def kinds(found: list[Concern]) -> list[str]:
    return sorted(concern.subject for concern in found)


@pytest.mark.parametrize(
    ("weight", "kind"),
    [(-4, "possible_match"), (-0.1, "possible_match"), (0, "close_call"), (9, "close_call")],
)
def test_the_strongest_link_between_two_profiles_says_what_is_asked(weight: float, kind: str) -> None:
    here = scene(link("a", "b", -3.9), link("a", "c", weight), g1="a", g2="b c")
    assert f"{kind}:g1+g2" in kinds(review(here, [ONE], THRESHOLDS))


def test_a_persons_word_on_any_two_records_of_both_sides_settles_it() -> None:
    said = Verdict(key("a"), key("b"), Judgement.NO_MATCH, "op")
    here = scene(link("a", "c", -1), link("b", "c", 5), g1="a", g2="b c", verdicts=(said,))
    assert kinds(review(here, [ONE, OTHER], THRESHOLDS)) == []


def test_only_what_is_asked_about_is_answered() -> None:
    here = scene(link("a", "b", -1), link("b", "c", -1), g1="a", g2="b", g3="c")
    assert kinds(review(here, [ONE], THRESHOLDS)) == ["possible_match:g1+g2"]
    assert kinds(review(here, [GoldenId("g-gone")], THRESHOLDS)) == []


@pytest.mark.parametrize(("weight", "asked"), [(0.1, True), (1.99, True), (2, False)])
def test_a_profile_is_as_strong_as_the_weakest_link_of_its_strongest_tree(weight: float, asked: bool) -> None:
    here = scene(link("a", "b", 9), link("a", "c", weight - 3), link("b", "c", weight), g1="a b c")
    assert kinds(review(here, [ONE], THRESHOLDS)) == (["weak_bridge:g1"] if asked else [])


def test_a_persons_word_is_stronger_than_any_link() -> None:
    said = Verdict(key("a"), key("c"), Judgement.MATCH, "op")
    here = scene(link("a", "b", 9), link("b", "c", 0.5), g1="a b c", verdicts=(said,))
    assert kinds(review(here, [ONE], THRESHOLDS)) == []


@given(st.permutations([("a", "b", 3.0), ("b", "c", 3.0), ("a", "c", 3.0), ("c", "d", 1.0), ("b", "d", 1.0)]))
def test_the_weakest_link_does_not_depend_on_the_order_of_links(given: list[tuple[str, str, float]]) -> None:
    found = weakest([key(name) for name in "abcd"], [link(*each) for each in given], [])
    assert found == link("b", "d", 1.0)


def test_more_than_fifty_records_are_a_crowd() -> None:
    names = [f"{number:02}" for number in range(51)]
    links = [link(one, other, 9) for one, other in pairwise(names)]
    assert kinds(review(scene(*links, g1=" ".join(names)), [ONE], THRESHOLDS)) == ["crowded:g1"]
    assert kinds(review(scene(*links, g1=" ".join(names[:50])), [ONE], THRESHOLDS)) == []


@given(st.floats(-2000, 2000))
def test_even_odds_are_the_most_uncertain_and_nothing_is_quite_certain(weight: float) -> None:
    p = 1 / (1 + 2 ** -max(min(weight, 900), -900))
    assert uncertainty(weight) == pytest.approx(max(0.05, 1 - abs(2 * p - 1)))
    assert uncertainty(weight) == uncertainty(-weight)
    assert 0.05 <= uncertainty(weight) <= uncertainty(0) == 1


@given(st.integers(1, 500), st.integers(1, 8))
def test_impact_grows_with_records_and_with_source_systems(records: int, sources: int) -> None:
    here = impact(Extent(records, sources))
    assert here < impact(Extent(records + 1, sources))
    assert here < impact(Extent(records, sources + 1))
    assert math.isclose(impact(Extent(1, 1)), 1)


def concern(name: str, weight: float = 1.0) -> Concern:
    return Concern(
        ReviewKind.POSSIBLE_MATCH, (GoldenId(name),), 2.0, 0.5, MatchWeight(weight), {"records": 2}
    )


def test_there_is_one_task_of_each_subject() -> None:
    standing = [
        Standing("r1", concern("kept")),
        Standing("r2", concern("other")),
        Standing("r3", concern("gone")),
    ]
    found = reconcile([concern("new"), concern("kept"), concern("other", 2.0), concern("new")], standing)
    assert found.opened == (concern("new"),)
    assert found.restated == (Standing("r2", concern("other", 2.0)),)
    assert found.closed == (Standing("r3", concern("gone")),)
    again = reconcile([concern("kept")], [Standing("r1", concern("kept"))])
    assert (again.opened, again.restated, again.closed) == ((), (), ())


def test_who_put_a_task_off_stays_known() -> None:
    told = {"records": 2, DEFERRED: {"by": "ines"}}
    before = replace(concern("x"), details=told)
    (now,) = reconcile([concern("x", 3.0)], [Standing("r1", before)]).restated
    assert now.concern.details == told
    assert now.concern.match_weight == 3.0
    assert reconcile([concern("x")], [Standing("r1", before)]).restated == ()
