"""Merging members, every rule that forbids it, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reference_loyalty import Capabilities, Options
from tests.reference_loyalty.serving import Shop, merging, open_program, shop


def lots(member: Any) -> list[tuple[int, str | None]]:
    return sorted(((lot["points"], lot["expires_on"]) for lot in member["lots"]), key=str)


@pytest.fixture
def pair(here: Shop) -> tuple[str, str]:
    """Two members of this test's own: one with more points, one with a higher tier."""
    one, other = f"{here.program}-1", f"{here.program}-2"
    here.enrol(one, 100, "2999-01-01", cards=[f"{one}-card"])
    here.enrol(other, 40, "2998-01-01", cards=[f"{other}-card"], tier="gold")
    here.earn(other, 7)
    here.post(f"members/{other}/vouchers", {"voucher": f"{other}-voucher"})
    return one, other


def test_a_merge_moves_points_cards_and_vouchers_and_keeps_expiry_dates(
    here: Shop, pair: tuple[str, str]
) -> None:
    one, other = pair
    receipt = here.merge(one, other, golden_id="g1")
    member = here.member(one)
    assert lots(member) == [(100, "2999-01-01"), (40, "2998-01-01"), (7, None)]
    assert (member["tier"], member["cards"]) == ("gold", [f"{one}-card", f"{other}-card"])
    assert member["vouchers"] == receipt["vouchers_moved"] == [f"{other}-voucher"]
    assert (receipt["tier_before"], receipt["tier_after"]) == ("basic", "gold")
    assert (receipt["points_moved"], receipt["cards_moved"]) == (47, [f"{other}-card"])
    assert len(receipt["ledger_entries"]) == 4
    assert here.get(f"member-merges/{receipt['merge_id']}") == receipt


def test_old_numbers_and_cards_lead_to_the_survivor(here: Shop, pair: tuple[str, str]) -> None:
    one, other = pair
    last = here.enrol(f"{here.program}-3")["number"]
    here.merge(one, other)
    here.merge(last, one)
    for path in (f"members/{other}", f"members/{one}", f"cards/{other}-card"):
        assert here.get(path)["number"] == last
    assert here.member(other)["merged_from"] == [one, other]
    assert here.earn(other, 5)["number"] == last


def test_every_transfer_has_two_sides_of_one_size(here: Shop, pair: tuple[str, str]) -> None:
    one, other = pair
    here.merge(one, other)
    drawn = {entry["entry"]: entry for entry in here.ledger(other) if entry["kind"] == "transfer_out"}
    added = [entry for entry in here.ledger(one) if entry["kind"] == "transfer_in"]
    assert sorted(entry["pair"] for entry in added) == sorted(drawn)
    for entry in added:
        assert entry["points"] == -drawn[entry["pair"]]["points"]
        assert entry["expires_on"] == drawn[entry["pair"]]["expires_on"]


def _as_it_was(here: Shop, numbers: tuple[str, ...]) -> list[Any]:
    return [
        {name: value for name, value in here.member(number).items() if name != "version"}
        for number in numbers
    ]


def test_an_unmerge_brings_everything_back(here: Shop, pair: tuple[str, str]) -> None:
    before = _as_it_was(here, pair)
    receipt = here.merge(*pair)
    reversed_ = here.unmerge(receipt)
    assert _as_it_was(here, pair) == before
    assert (reversed_["status"], reversed_["warnings"]) == ("REVERSED", [])
    again = here.refused(f"member-merges/{receipt['merge_id']}/unmerge")
    assert again["code"] == "ALREADY_REVERSED"


def test_a_chain_of_merges_is_taken_back_from_its_end(here: Shop, pair: tuple[str, str]) -> None:
    last = here.enrol(f"{here.program}-3", 9)["number"]
    before = _as_it_was(here, (*pair, last))
    first = here.merge(*pair)
    second = here.merge(last, pair[0])
    assert here.refused(f"member-merges/{first['merge_id']}/unmerge")["code"] == "MERGE_SUPERSEDED"
    here.unmerge(second)
    here.unmerge(first)
    assert _as_it_was(here, (*pair, last)) == before


def test_a_tier_another_merge_brought_stays(here: Shop, pair: tuple[str, str]) -> None:
    third = here.enrol(f"{here.program}-3", tier="silver")["number"]
    receipt = here.merge(*pair)
    here.merge(pair[0], third)
    here.unmerge(receipt)
    assert here.member(pair[0])["tier"] == "silver"


def test_what_came_since_stays_with_the_survivor(here: Shop, pair: tuple[str, str]) -> None:
    one, other = pair
    receipt = here.merge(one, other)
    here.earn(other, 1000)
    here.set(one, tier="silver")
    assert here.unmerge(receipt)["warnings"] == ["TIER_CHANGED_SINCE"]
    assert (here.member(one)["points"], here.member(one)["tier"]) == (1100, "silver")
    assert here.member(other)["points"] == 47


def test_spent_points_forbid_an_unmerge_and_the_shortfall_is_told(here: Shop, pair: tuple[str, str]) -> None:
    one, other = pair
    receipt = here.merge(one, other)
    here.redeem(one, 15)
    refusal = here.refused(f"member-merges/{receipt['merge_id']}/unmerge")
    assert (refusal["code"], refusal["shortfall"]) == ("POINTS_SPENT", 15)
    assert here.member(other)["number"] == one


def test_points_set_aside_forbid_an_unmerge(here: Shop, pair: tuple[str, str]) -> None:
    receipt = here.merge(*pair)
    here.redeem(pair[0], 120, open=True)
    refusal = here.refused(f"member-merges/{receipt['merge_id']}/unmerge")
    assert refusal["code"] == "PENDING_ACTIVITY"


@pytest.mark.parametrize(
    ("policy", "tier"), [("keep_survivor", "basic"), ("highest", "gold"), ("recompute", "silver")]
)
def test_the_tier_after_a_merge_is_as_asked(
    here: Shop, pair: tuple[str, str], policy: str, tier: str
) -> None:
    here.earn(pair[1], 900)
    assert here.merge(*pair, tier_policy=policy)["tier_after"] == tier


def test_what_is_not_to_move_stays(here: Shop, pair: tuple[str, str]) -> None:
    one, other = pair
    receipt = here.merge(one, other, move={"points": False, "cards": False, "vouchers": False})
    assert here.member(one)["points"] == 100
    assert receipt["warnings"] == [f"POINTS_LEFT:{other}"]
    assert (receipt["cards_moved"], receipt["vouchers_moved"]) == ([], [])
    assert here.get(f"cards/{other}-card")["number"] == one


def _block(here: Shop, number: str) -> None:
    here.set(number, status="BLOCKED")


def _pending(here: Shop, number: str) -> None:
    here.earn(number, 5, pending=True)


def _open(here: Shop, number: str) -> None:
    here.redeem(number, 5, open=True)


def _merged(here: Shop, number: str) -> None:
    here.merge(here.enrol(f"{number}-other")["number"], number)


@pytest.mark.parametrize(
    ("trouble", "word"),
    [
        (_block, "MEMBER_BLOCKED"),
        (_pending, "PENDING_ACTIVITY"),
        (_open, "PENDING_ACTIVITY"),
        (_merged, "ALREADY_MERGED"),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_a_merge_is_refused_while_a_member_is_in_the_way(
    here: Shop, pair: tuple[str, str], trouble: Any, word: str, which: int
) -> None:
    trouble(here, pair[which])
    refusal = here.refused("member-merges", merging(*pair))
    assert (refusal["code"], refusal["members"]) == (word, [pair[which]])
    # Nothing happened: the same key may succeed later.
    here.refused("member-merges", merging(*pair), key=f"{here.program}-later")
    if trouble is _block:
        here.set(pair[which], status="ACTIVE")
        assert here.call("POST", here.at("member-merges"), merging(*pair), f"{here.program}-later").is_success


def test_members_of_another_programme_or_type_are_not_merged(here: Shop, pair: tuple[str, str]) -> None:
    business = here.enrol(f"{here.program}-b", member_type="business")["number"]
    open_program(here.client, f"{here.program}-x")
    here.call("POST", f"/v1/programs/{here.program}-x/members", {"number": f"{here.program}-9"})
    assert here.refused("member-merges", merging(pair[0], business))["code"] == "DIFFERENT_MEMBER_TYPE"
    elsewhere = here.refused("member-merges", merging(pair[0], f"{here.program}-9"))
    assert elsewhere["code"] == "DIFFERENT_PROGRAM"
    assert here.refused("member-merges", merging(pair[0], "nobody"))["code"] == "UNKNOWN_MEMBER"
    assert here.refused("member-merges", merging(pair[0], pair[0]))["code"] == "SAME_MEMBER"


def test_a_member_that_changed_since_is_looked_at_again(here: Shop, pair: tuple[str, str]) -> None:
    versions = {number: here.member(number)["version"] for number in pair}
    here.earn(pair[1], 1)
    refusal = here.refused("member-merges", merging(*pair, expected_versions=versions))
    assert (refusal["code"], refusal["members"]) == ("STALE_VERSION", [pair[1]])
    here.merge(*pair, expected_versions=refusal["versions"])


def test_one_merge_takes_so_many_members(here: Shop) -> None:
    numbers = [here.enrol(f"{here.program}-{at}", 1)["number"] for at in range(7)]
    refusal = here.refused("member-merges", merging(*numbers))
    assert (refusal["code"], refusal["max_sources"]) == ("TOO_MANY_SOURCES", 5)
    here.merge(*numbers[:6])
    assert here.member(numbers[0])["points"] == 6


def test_a_merge_needs_a_key_and_a_key_is_for_one_request(here: Shop, pair: tuple[str, str]) -> None:
    path, key = here.at("member-merges"), f"{here.program}-key"
    assert here.call("POST", path, merging(*pair)).json()["code"] == "IDEMPOTENCY_KEY_MISSING"
    first = here.call("POST", path, merging(*pair), key)
    again = here.call("POST", path, merging(*pair), key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other = here.refused("member-merges", merging(*pair, reason="another"), key=key)
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_thirty_two_tries_at_once_merge_once(here: Shop, pair: tuple[str, str]) -> None:
    def attempt(_: int) -> Any:
        return here.call("POST", here.at("member-merges"), merging(*pair), f"{here.program}-race").json()

    with ThreadPoolExecutor(32) as threads:
        replies = list(threads.map(attempt, range(32)))
    assert all(reply == replies[0] for reply in replies)
    assert replies[0]["status"] == "DONE"
    assert len([entry for entry in here.ledger(pair[0]) if entry["kind"] == "transfer_in"]) == 2


def test_two_merges_of_one_member_at_once_have_one_winner(here: Shop, pair: tuple[str, str]) -> None:
    third = here.enrol(f"{here.program}-3")["number"]

    def attempt(survivor: str) -> Any:
        key = f"{survivor}-{here.program}-wins"
        return here.call("POST", here.at("member-merges"), merging(survivor, pair[1]), key).json()

    with ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(attempt, (pair[0], third)))
    assert sorted(reply.get("code", reply["status"]) for reply in replies) == ["ALREADY_MERGED", "DONE"]


def test_transfers_keep_expiry_dates_and_return_to_where_they_came_from(
    here: Shop, pair: tuple[str, str]
) -> None:
    one, other = pair
    before = [here.member(number)["lots"] for number in pair]
    sent = here.post("transfers", {"from": other, "to": one, "reference": "r1"})
    assert lots(here.member(one)) == [(100, "2999-01-01"), (40, "2998-01-01"), (7, None)]
    assert here.get("transfers?reference=r1")["transfers"] == [sent]
    back = [{"lot": lot["to_lot"], "points": lot["points"]} for lot in sent["lots"]]
    here.post("transfers", {"from": one, "to": other, "lots": back})
    assert [here.member(number)["lots"] for number in pair] == before
    short = here.refused("transfers", {"from": one, "to": other, "lots": back})
    assert (short["code"], short["shortfall"]) == ("POINTS_SPENT", 47)


def test_a_transfer_of_more_than_there_is_or_with_activity_open_is_refused(
    here: Shop, pair: tuple[str, str]
) -> None:
    one, other = pair
    much = here.refused("transfers", {"from": one, "to": other, "points": 101})
    assert (much["code"], much["shortfall"]) == ("NOT_ENOUGH_POINTS", 1)
    here.redeem(one, 60, open=True)
    assert here.refused("transfers", {"from": one, "to": other})["code"] == "PENDING_ACTIVITY"
    assert here.refused("transfers", {"from": one, "to": other, "points": 41})["code"] == "PENDING_ACTIVITY"
    here.post("transfers", {"from": one, "to": other, "points": 40})
    assert here.refused("transfers", {"from": one, "to": one})["code"] == "SAME_MEMBER"


def test_a_card_can_change_hands(here: Shop, pair: tuple[str, str]) -> None:
    one, other = pair
    here.post(f"cards/{other}-card/reassign", {"to": one})
    assert here.get(f"cards/{other}-card")["number"] == one
    assert here.refused("cards/none/reassign", {"to": one})["code"] == "UNKNOWN_CARD"


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    options = Options(Capabilities(survivor_choice=False))
    with shop(tmp_path_factory.mktemp("square") / "loyalty.db", options) as running:
        yield running


def test_a_platform_may_give_merged_members_a_new_number(square: Shop) -> None:
    square.enrol("sq-1", 10, cards=["sq-card-1"])
    square.enrol("sq-2", 20, "2999-01-01", cards=["sq-card-2"])
    before = _as_it_was(square, ("sq-1", "sq-2"))
    receipt = square.merge("sq-1", "sq-2")
    new = receipt["survivor"]
    assert new not in ("sq-1", "sq-2")
    assert receipt["warnings"] == ["NEW_SURVIVOR"]
    assert {square.member(number)["number"] for number in ("sq-1", "sq-2", new)} == {new}
    assert lots(square.member(new)) == [(10, None), (20, "2999-01-01")]
    square.unmerge(receipt)
    assert _as_it_was(square, ("sq-1", "sq-2")) == [
        {**before[0], "merged_from": [new]},
        before[1],
    ]


def test_what_a_new_number_gained_goes_to_the_member_that_was_to_survive(square: Shop) -> None:
    square.enrol("sq-3", 10)
    square.enrol("sq-4", 20, "2999-01-01")
    receipt = square.merge("sq-3", "sq-4")
    square.earn("sq-4", 500)
    square.unmerge(receipt)
    assert [square.member(number)["points"] for number in ("sq-3", "sq-4", receipt["survivor"])] == [
        510,
        20,
        510,
    ]


def test_a_platform_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    able = Capabilities(merge=False, unmerge=False, transfer_points=False, reassign_card=False)
    with shop(tmp_path / "loyalty.db", Options(able)) as here:
        here.enrol("no-1", cards=["no-card"])
        here.enrol("no-2")
        wanted = {
            "member-merges": merging("no-1", "no-2"),
            "member-merges/m/unmerge": None,
            "transfers": {"from": "no-1", "to": "no-2"},
            "cards/no-card/reassign": {"to": "no-2"},
        }
        assert {here.refused(path, body)["code"] for path, body in wanted.items()} == {"NOT_SUPPORTED"}
