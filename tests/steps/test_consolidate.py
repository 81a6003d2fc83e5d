"""Which of a person's loyalty members lives on, and what has to be out of the way first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.model.loyalty import LoyaltyMember, LoyaltyPolicy, MemberStatus
from identity.steps.consolidate import Blocker, BlockerKind, consolidate

POLICY = LoyaltyPolicy("rewards", ("basic", "silver", "gold"))
DAY = datetime(2025, 1, 1, tzinfo=UTC)
PLAIN = LoyaltyMember(
    number="m0",
    program="rewards",
    member_type="individual",
    status=MemberStatus.ACTIVE,
    tier="basic",
    points=0,
    lots=(),
    pending_points=0,
    open_redemptions=0,
    cards=(),
    enrolled_at=DAY,
    last_activity_at=DAY,
    merged_into=None,
    merged_from=(),
    version=3,
)


def member(number: str, **told: Any) -> LoyaltyMember:
    return replace(PLAIN, number=number, **told)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"tier": "gold"}, {"tier": "silver", "last_activity_at": DAY + timedelta(9)}),
        ({"tier": "basic"}, {"tier": "diamond"}),
        ({"last_activity_at": DAY + timedelta(1), "enrolled_at": DAY}, {"enrolled_at": DAY - timedelta(9)}),
        ({"enrolled_at": DAY - timedelta(1)}, {}),
    ],
)
def test_the_survivor_is_chosen_by_tier_then_activity_then_enrolment(
    better: dict[str, Any], worse: dict[str, Any]
) -> None:
    chosen = consolidate([member("a", **worse), member("b", **better)], POLICY)
    assert chosen is not None
    assert (chosen.survivor.number, [source.number for source in chosen.sources]) == ("b", ["a"])


def test_of_equals_the_smallest_number_lives_on() -> None:
    chosen = consolidate([member("c"), member("a"), member("b")], POLICY)
    assert chosen is not None
    assert [chosen.survivor.number, *(source.number for source in chosen.sources)] == ["a", "b", "c"]
    assert chosen.expected_versions == {"a": 3, "b": 3, "c": 3}
    assert chosen.blockers == ()


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        ({"open_redemptions": 1}, BlockerKind.OPEN_REDEMPTION),
        ({"pending_points": 1}, BlockerKind.PENDING_POINTS),
        ({"program": "club"}, BlockerKind.DIFFERENT_PROGRAM),
        ({"member_type": "business"}, BlockerKind.DIFFERENT_MEMBER_TYPE),
        ({"status": MemberStatus.BLOCKED}, BlockerKind.MEMBER_BLOCKED),
    ],
)
def test_what_stands_in_the_way_is_told_member_by_member(trouble: dict[str, Any], kind: BlockerKind) -> None:
    chosen = consolidate([member("a"), member("b", **trouble)], POLICY)
    assert chosen is not None
    assert chosen.blockers == (Blocker("b", kind),)


def test_members_merged_already_and_members_named_twice_leave_nothing_to_do() -> None:
    gone = member("b", status=MemberStatus.MERGED, merged_into="a")
    assert consolidate([member("a"), member("a"), gone], POLICY) is None
    assert consolidate([], POLICY) is None


@given(st.permutations("abcde"), st.lists(st.sampled_from(POLICY.tiers), min_size=5, max_size=5))
def test_the_order_in_which_members_are_told_does_not_matter(order: list[str], tiers: list[str]) -> None:
    told = {number: member(number, tier=tier) for number, tier in zip("abcde", tiers, strict=True)}
    assert consolidate(told.values(), POLICY) == consolidate([told[number] for number in order], POLICY)
