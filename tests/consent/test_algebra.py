"""The laws of joining what was said: order, grouping and repetition change nothing; a no needs a later yes to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from identity.model.consent import (
    ALWAYS,
    GRANTED,
    NOTHING,
    REFUSALS,
    RESTRICTIVENESS,
    Act,
    Held,
    Standing,
    dated,
    effective,
    held,
    join,
    standing,
    stricter,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SKEW = timedelta(seconds=5)
IDENTIFIER = ("email", "anna@shop.example")
moments = st.integers(-20, 5).map(lambda minutes: NOON + timedelta(minutes=minutes))
acts = st.builds(
    Act,
    st.just("marketing.email"),
    st.sampled_from([IDENTIFIER, ("email", "a@home.example"), ("record", "pos:1")]),
    st.sampled_from([*RESTRICTIVENESS, "perhaps"]),
    st.none() | moments,
    st.none() | moments,
)
standings = st.lists(acts, max_size=4).map(lambda some: reduce(join, map(standing, some), NOTHING))


@given(standings, standings, standings)
def test_joining_does_not_depend_on_order_grouping_or_repetition(
    one: Standing, two: Standing, three: Standing
) -> None:
    assert join(one, two) == join(two, one)
    assert join(join(one, two), three) == join(one, join(two, three))
    assert join(one, one) == one
    assert join(one, NOTHING) == one


@settings(max_examples=300)
@given(st.lists(acts, max_size=8), st.randoms(use_true_random=False))
def test_what_holds_does_not_depend_on_the_order_of_acts(some: list[Act], chance: Random) -> None:
    told = effective(some, NOON, SKEW)
    assert effective(chance.sample([*some, *some], 2 * len(some)), NOON, SKEW) == told


@given(standings, moments, st.sampled_from(REFUSALS))
def test_a_no_holds_against_every_yes_that_is_not_later(before: Standing, at: datetime, status: str) -> None:
    found = held(join(before, standing(Act("c", IDENTIFIER, status, at))), NOON, SKEW)
    yes = before.yes
    if yes is None or yes.at <= at + SKEW:
        assert found.status in REFUSALS
        assert not stricter(status, found.status)


@given(st.lists(acts, min_size=1, max_size=6))
def test_a_person_is_held_to_the_strictest_of_their_identifiers(some: list[Act]) -> None:
    (found,) = effective(some, NOON, SKEW).values()
    assert not any(stricter(each.status, found.held.status) for each in found.identifiers.values())
    assert found.held.status in {each.status for each in found.identifiers.values()}


@given(st.lists(acts, max_size=5), st.lists(acts, max_size=5))
def test_a_merge_allows_what_neither_side_refuses_or_what_was_said_yes_to_later(
    ours: list[Act], theirs: list[Act]
) -> None:
    """Nobody is reached because of a merge who could not be before, but by a later yes for the same identifier."""
    both = effective([*ours, *theirs], NOON, SKEW).get("marketing.email")
    if both is None or both.held.status != GRANTED:
        return
    for no in (each for each in (*ours, *theirs) if each.status in REFUSALS):
        assert any(
            yes.status == GRANTED and yes.identifier == no.identifier and yes.at and no.at and yes.at > no.at
            for yes in (*ours, *theirs)
        )


def test_a_yes_ends_a_no_only_when_it_is_later_by_more_than_clocks_differ() -> None:
    no = standing(Act("c", IDENTIFIER, "withdrawn", NOON - timedelta(minutes=1)))
    at_once = standing(Act("c", IDENTIFIER, GRANTED, NOON - timedelta(seconds=56)))
    later = standing(Act("c", IDENTIFIER, GRANTED, NOON - timedelta(seconds=54)))
    assert held(join(no, at_once), NOON, SKEW).status == "withdrawn"
    assert held(join(no, later), NOON, SKEW) == Held(GRANTED, GRANTED, NOON - timedelta(seconds=54))


def test_what_a_yes_had_ended_stands_again_when_it_has_run_out() -> None:
    no = standing(Act("c", IDENTIFIER, "denied", NOON - timedelta(hours=2)))
    yes = standing(Act("c", IDENTIFIER, GRANTED, NOON - timedelta(hours=1), NOON))
    assert held(join(no, yes), NOON - timedelta(minutes=1)).status == GRANTED
    assert held(join(no, yes), NOON).status == "denied"
    assert held(yes, NOON) == Held("unknown", "expired", until=None, since=NOON)


def test_moments_from_the_future_are_set_back_or_prove_nothing() -> None:
    soon, far = NOON + timedelta(minutes=4), NOON + timedelta(days=400)
    assert dated(GRANTED, soon, NOON) == NOON
    assert dated(GRANTED, far, NOON) is None
    assert dated("withdrawn", far, NOON) == NOON
    assert dated("withdrawn", None, NOON) is None
    assert standing(Act("c", IDENTIFIER, "withdrawn")).refused == {"withdrawn": ALWAYS}
