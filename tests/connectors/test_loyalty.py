"""The loyalty platform as this service meets it: over HTTP, with everything that goes wrong there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from identity.connectors.loyalty import Loyalty
from identity.connectors.remote import Refused, Remote, RemoteSettings, Unavailable
from identity.model.loyalty import LoyaltyPolicy, MemberStatus, MergeReceipt, PointsLot, TierPolicy
from reference_loyalty import Capabilities, Options
from tests.reference_loyalty.serving import PROGRAM, Shop, open_program, shop

ROOMS = itertools.count()


def settings(url: str, **told: Any) -> RemoteSettings:
    return replace(RemoteSettings(url, "the loyalty platform", timeout_seconds=0.5), **told)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("loyalty") / "loyalty.db") as running:
        yield running


@pytest.fixture
def here(platform: Shop) -> Iterator[Shop]:
    """A programme of this test's own, with members `a` and `b` in it, both behind the programme's name."""
    room = f"own{next(ROOMS)}"
    open_program(platform.client, room)
    own = replace(platform, program=room)
    own.enrol(f"{room}-a", 100, "2999-01-01", cards=[f"{room}-card-a"])
    own.enrol(f"{room}-b", 40, cards=[f"{room}-card-b"], tier="gold")
    yield own
    platform.no_faults()


@pytest.fixture
def loyalty(here: Shop) -> Iterator[Loyalty]:
    with Remote(settings(here.url)) as remote:
        yield Loyalty(remote, LoyaltyPolicy(here.program))


def merge(loyalty: Loyalty, here: Shop, key: str = "key", **told: Any) -> MergeReceipt:
    asked = {"golden_id": "g1", "reason": "one person", "idempotency_key": f"{here.program}-{key}", **told}
    return loyalty.merge(f"{here.program}-a", [f"{here.program}-b"], **asked)


def test_a_member_is_read_with_lots_and_cards(here: Shop, loyalty: Loyalty) -> None:
    member = loyalty.member(f"{here.program}-a")
    assert (member.points, member.tier, member.status) == (100, "basic", MemberStatus.ACTIVE)
    assert [(lot.points, lot.expires_on) for lot in member.lots] == [(100, date(2999, 1, 1))]
    assert loyalty.by_card(f"{here.program}-card-a") == member
    assert member.enrolled_at.tzinfo is not None


def test_all_members_are_read_in_pages(here: Shop, loyalty: Loyalty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.connectors.loyalty.client._PAGE", 1)
    here.enrol(f"{here.program}-c")
    merge(loyalty, here)
    numbers = [f"{here.program}-{name}" for name in "abc"]
    assert [member.number for member in loyalty.members()] == numbers
    assert [member.status for member in loyalty.members(after=numbers[0])] == ["MERGED", "ACTIVE"]


def test_a_merge_is_told_in_full_and_taken_back(here: Shop, loyalty: Loyalty) -> None:
    receipt = merge(loyalty, here)
    assert receipt.survivor == f"{here.program}-a"
    assert (receipt.tier_before, receipt.tier_after, receipt.points_moved) == ("basic", "gold", 40)
    assert receipt.cards_moved == (f"{here.program}-card-b",)
    assert loyalty.merged(receipt.merge_id) == receipt
    assert loyalty.member(f"{here.program}-b").merged_from == (f"{here.program}-b",)
    assert loyalty.unmerge(receipt.merge_id, idempotency_key=f"{here.program}-u").merge_id == receipt.merge_id
    assert loyalty.member(f"{here.program}-b").points == 40


def test_the_tier_after_a_merge_is_what_the_rules_say(here: Shop) -> None:
    with Remote(settings(here.url)) as remote:
        policy = LoyaltyPolicy(here.program, tier_policy=TierPolicy.KEEP_SURVIVOR)
        assert merge(Loyalty(remote, policy), here).tier_after == "basic"


def test_a_refusal_bears_the_platforms_word_and_what_it_said(here: Shop, loyalty: Loyalty) -> None:
    receipt = merge(loyalty, here)
    here.redeem(f"{here.program}-a", 120)
    with pytest.raises(Refused) as refusal:
        loyalty.unmerge(receipt.merge_id, idempotency_key=f"{here.program}-u")
    assert (refusal.value.word, refusal.value.details["shortfall"]) == ("POINTS_SPENT", 20)
    with pytest.raises(Refused, match="UNKNOWN_MEMBER"):
        loyalty.member("nobody at?all")
    here.enrol(f"{here.program}-c")
    with pytest.raises(Refused, match="STALE_VERSION"):
        loyalty.merge(
            f"{here.program}-a",
            [f"{here.program}-c"],
            idempotency_key=f"{here.program}-k2",
            golden_id="g1",
            reason="one person",
            expected_versions={f"{here.program}-a": 1},
        )


@pytest.mark.parametrize("fault", ["timeout_after_commit", "connection_cut", "wrong_json"])
def test_an_answer_that_is_lost_after_the_effect_is_asked_for_again(
    here: Shop, loyalty: Loyalty, fault: str
) -> None:
    here.fault(fault, path="member-merges")
    with pytest.raises(Unavailable):
        merge(loyalty, here)
    receipt = merge(loyalty, here)
    assert receipt.points_moved == 40
    assert len([entry for entry in here.ledger(f"{here.program}-a") if entry["kind"] == "transfer_in"]) == 1


@pytest.mark.parametrize(
    ("fault", "code", "seconds"),
    [
        ("too_many_requests", "HTTP_429", 7.0),
        ("server_error", "HTTP_500", None),
        ("error_in_200", "UNREADABLE_REPLY", None),
    ],
)
def test_what_may_pass_is_unavailable(
    here: Shop, loyalty: Loyalty, fault: str, code: str, seconds: float | None
) -> None:
    here.fault(fault, path="member-merges", retry_after=7)
    with pytest.raises(Unavailable) as problem:
        merge(loyalty, here)
    assert (problem.value.code, problem.value.retry_after) == (code, seconds)
    merge(loyalty, here)


def test_what_will_not_pass_is_refused(here: Shop, loyalty: Loyalty) -> None:
    here.fault("refusal", path="member-merges", word="CUSTOMER_HAS_GIFT_CARDS")
    with pytest.raises(Refused) as refusal:
        merge(loyalty, here)
    assert refusal.value.word == "CUSTOMER_HAS_GIFT_CARDS"


def test_a_survivor_may_have_a_new_number(here: Shop, loyalty: Loyalty) -> None:
    here.fault("new_id_survivor", path="member-merges")
    receipt = merge(loyalty, here)
    assert receipt.survivor not in (f"{here.program}-a", f"{here.program}-b")
    assert loyalty.member(f"{here.program}-a").number == receipt.survivor


def test_thirty_two_tries_at_once_have_one_effect(here: Shop, loyalty: Loyalty) -> None:
    with Remote(settings(here.url, timeout_seconds=20.0)) as remote, ThreadPoolExecutor(32) as threads:
        patient = Loyalty(remote, LoyaltyPolicy(here.program))
        receipts = set(threads.map(lambda _: merge(patient, here), range(32)))
    assert len(receipts) == 1
    assert loyalty.member(f"{here.program}-a").points == 140


def test_a_platform_that_can_do_neither_is_left_alone(tmp_path: Path) -> None:
    able = Capabilities(merge=False, transfer_points=False)
    with (
        shop(tmp_path / "loyalty.db", Options(able, token="sesame")) as here,
        Remote(settings(here.url, token="sesame")) as remote,
        Remote(settings(here.url, token="simsim")) as stranger,
    ):
        with pytest.raises(Refused, match="CANNOT_CONSOLIDATE"):
            merge(Loyalty(remote, LoyaltyPolicy(PROGRAM)), here)
        with pytest.raises(Refused, match="UNAUTHENTICATED"):
            Loyalty(stranger, LoyaltyPolicy(PROGRAM)).capabilities()


def test_equal_members_are_equal_values(here: Shop, loyalty: Loyalty) -> None:
    assert loyalty.member(f"{here.program}-a") == loyalty.member(f"{here.program}-a")
    assert PointsLot(1, 2, None) == PointsLot(1, 2, None)
