"""Merges on a platform that has none: made of transfers, and gone on with wherever they were interrupted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from identity.connectors.loyalty import Loyalty
from identity.connectors.loyalty.plan import mark_of
from identity.connectors.remote import Refused, Remote, RemoteSettings, Unavailable
from identity.model.loyalty import LoyaltyPolicy, MemberStatus, MergeReceipt
from reference_loyalty import Capabilities, Options
from tests.reference_loyalty.serving import Shop, open_program, shop

ROOMS = itertools.count()


class Crash(Exception):
    """The process died here."""


class Mortal(Remote):
    """Dies around its n-th write: before it is sent, or after it took effect."""

    def __init__(self, settings: RemoteSettings, lives: int, *, after: bool) -> None:
        super().__init__(settings)
        self.lives = lives
        self.after = after

    def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        if method == "GET":
            return super().call(method, *arguments, **named)
        self.lives -= 1
        if self.lives == 0 and not self.after:
            raise Crash
        reply = super().call(method, *arguments, **named)
        if self.lives == 0:
            raise Crash
        return reply


def moments() -> Iterator[tuple[int, bool]]:
    """Before and after each write, without end."""
    return ((step, after) for step in itertools.count(1) for after in (False, True))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    options = Options(Capabilities(merge=False, unmerge=False))
    with shop(tmp_path_factory.mktemp("loyalty") / "loyalty.db", options) as running:
        yield running


@pytest.fixture
def here(platform: Shop) -> Iterator[Shop]:
    yield furnished(platform)
    platform.no_faults()


def furnished(platform: Shop) -> Shop:
    """A programme of its own with members a, b and c, behind the programme's name."""
    room = f"own{next(ROOMS)}"
    open_program(platform.client, room)
    own = replace(platform, program=room)
    own.enrol(f"{room}-a", 100, "2999-01-01", cards=[f"{room}-card-a"])
    own.enrol(f"{room}-b", 40, "2998-01-01", cards=[f"{room}-card-b", f"{room}-card-d"])
    own.earn(f"{room}-b", 7)
    own.enrol(f"{room}-c", 5, tier="gold", cards=[f"{room}-card-c"])
    return own


def settings(here: Shop) -> RemoteSettings:
    return RemoteSettings(here.url, "the loyalty platform")


@pytest.fixture
def loyalty(here: Shop) -> Iterator[Loyalty]:
    with Remote(settings(here)) as remote:
        yield Loyalty(remote, LoyaltyPolicy(here.program))


def merge(loyalty: Loyalty, here: Shop, **told: Any) -> MergeReceipt:
    room = here.program
    asked = {"idempotency_key": f"{room}-key", "golden_id": "g1", "reason": "one person", **told}
    return loyalty.merge(f"{room}-a", [f"{room}-b", f"{room}-c"], **asked)


def unmerge(loyalty: Loyalty, here: Shop, receipt: MergeReceipt) -> MergeReceipt:
    return loyalty.unmerge(receipt.merge_id, idempotency_key=f"{here.program}-undo")


def holdings(here: Shop) -> dict[str, Any]:
    """What every member has: lots (with their numbers), cards; and how often points changed hands."""
    found = {}
    for name in "abc":
        member = here.member(f"{here.program}-{name}")
        lots = sorted((lot["points"], str(lot["expires_on"])) for lot in member["lots"])
        found[name] = (lots, member["cards"], {key for key in member["marks"] if key == "merged_into"})
    found["entries"] = sum(
        entry["kind"].startswith("transfer")
        for name in "abc"
        for entry in here.ledger(f"{here.program}-{name}")
    )
    return found


def test_a_merge_is_made_of_transfers_and_told_like_any_other(here: Shop, loyalty: Loyalty) -> None:
    room = here.program
    receipt = merge(loyalty, here)
    assert (receipt.survivor, receipt.points_moved) == (f"{room}-a", 52)
    assert receipt.cards_moved == (f"{room}-card-b", f"{room}-card-c", f"{room}-card-d")
    assert receipt.warnings == (f"TIER_NOT_MOVED:{room}-c",)
    assert len(receipt.ledger_entries) == 6
    survivor = loyalty.member(f"{room}-b")
    assert survivor == loyalty.by_card(f"{room}-card-c") == loyalty.member(f"{room}-a")
    assert (survivor.points, survivor.merged_from) == (152, (f"{room}-b", f"{room}-c"))
    statuses = [(each.status, each.merged_into) for each in loyalty.members()]
    assert statuses == [(MemberStatus.ACTIVE, None)] + 2 * [(MemberStatus.MERGED, f"{room}-a")]
    assert merge(loyalty, here) == receipt


def test_an_unmerge_returns_every_lot_and_card(here: Shop, loyalty: Loyalty) -> None:
    before = [here.member(f"{here.program}-{name}")["lots"] for name in "abc"]
    receipt = merge(loyalty, here)
    back = unmerge(loyalty, here, receipt)
    assert [here.member(f"{here.program}-{name}")["lots"] for name in "abc"] == before
    assert (back.points_moved, back.warnings) == (52, ())
    assert back.cards_moved == receipt.cards_moved
    assert loyalty.member(f"{here.program}-a").merged_from == ()
    assert unmerge(loyalty, here, receipt) == back
    with pytest.raises(Refused, match="ALREADY_REVERSED"):
        loyalty.unmerge(receipt.merge_id, idempotency_key="another")
    # The merge's own key brings its receipt again, and nothing else.
    assert merge(loyalty, here).points_moved == 52
    assert here.member(f"{here.program}-b")["points"] == 47


def test_a_merge_interrupted_at_any_step_is_gone_on_with(platform: Shop) -> None:
    whole = furnished(platform)
    with Remote(settings(whole)) as remote:
        merge(Loyalty(remote, LoyaltyPolicy(whole.program)), whole)
    wanted = str(holdings(whole)).replace(whole.program, "room")
    for step, after in moments():
        own = furnished(platform)
        with Mortal(settings(own), step, after=after) as dying, Remote(settings(own)) as remote:
            try:
                merge(Loyalty(dying, LoyaltyPolicy(own.program)), own)
            except Crash:
                receipt = merge(Loyalty(remote, LoyaltyPolicy(own.program)), own)
                assert (receipt.points_moved, len(receipt.ledger_entries)) == (52, 6)
            else:
                break
        assert str(holdings(own)).replace(own.program, "room") == wanted, (step, after)
    # A plan; for either source a transfer, its cards and a mark.
    assert step == 1 + (1 + 2 + 1) + (1 + 1 + 1) + 1


def test_an_unmerge_interrupted_at_any_step_is_gone_on_with(platform: Shop) -> None:
    wanted = ""
    for step, after in moments():
        own = furnished(platform)
        with Mortal(settings(own), step, after=after) as dying, Remote(settings(own)) as remote:
            patient = Loyalty(remote, LoyaltyPolicy(own.program))
            wanted = wanted or str({**holdings(own), "entries": 12}).replace(own.program, "room")
            receipt = merge(patient, own)
            try:
                unmerge(Loyalty(dying, LoyaltyPolicy(own.program)), own, receipt)
            except Crash:
                back = unmerge(patient, own, receipt)
                assert (back.points_moved, len(back.ledger_entries)) == (52, 6)
            else:
                break
        assert str(holdings(own)).replace(own.program, "room") == wanted, (step, after)
    # The way back; for either source a transfer, its cards and a mark; and that it is done.
    assert step == 1 + (1 + 2 + 1) + (1 + 1 + 1) + 1 + 1


def test_a_merge_half_done_can_be_taken_back(here: Shop, loyalty: Loyalty) -> None:
    before = {**holdings(here), "entries": 8}
    with Mortal(settings(here), 5, after=True) as dying, pytest.raises(Crash):
        merge(Loyalty(dying, LoyaltyPolicy(here.program)), here)
    here.redeem(f"{here.program}-c", 5, open=True)
    with pytest.raises(Refused, match="PENDING_ACTIVITY") as refusal:
        merge(loyalty, here)
    loyalty.unmerge(str(refusal.value.details["merge_id"]), idempotency_key=f"{here.program}-undo")
    assert holdings(here) == before


@pytest.mark.parametrize("fault", ["timeout_after_commit", "connection_cut", "wrong_json", "server_error"])
@pytest.mark.parametrize("path", ["transfers", "reassign", "marks"])
def test_a_lost_answer_at_any_kind_of_step_is_asked_for_again(
    here: Shop, loyalty: Loyalty, fault: str, path: str
) -> None:
    here.fault(fault, path=path, seconds=0.01)
    with pytest.raises(Unavailable):
        merge(loyalty, here)
    assert merge(loyalty, here).points_moved == 52
    assert here.member(f"{here.program}-a")["points"] == 152


def test_eight_tries_at_once_move_points_once(here: Shop, loyalty: Loyalty) -> None:
    with ThreadPoolExecutor(8) as threads:
        receipts = set(threads.map(lambda _: merge(loyalty, here), range(8)))
    assert len(receipts) == 1
    assert holdings(here)["entries"] == 6
    assert here.get(f"cards/{here.program}-card-c")["number"] == f"{here.program}-a"


def test_spent_points_forbid_an_unmerge_before_anything_is_returned(here: Shop, loyalty: Loyalty) -> None:
    receipt = merge(loyalty, here)
    here.redeem(f"{here.program}-a", 41)
    before = holdings(here)
    with pytest.raises(Refused) as refusal:
        unmerge(loyalty, here, receipt)
    assert (refusal.value.word, refusal.value.details["shortfall"]) == ("POINTS_SPENT", 40)
    assert holdings(here) == before


def test_a_chain_of_merges_is_taken_back_from_its_end(here: Shop, loyalty: Loyalty) -> None:
    room = here.program
    last = here.enrol(f"{room}-e", 1)["number"]
    before = {**holdings(here), "entries": 0}
    first = merge(loyalty, here)
    second = loyalty.merge(
        last, [f"{room}-a"], idempotency_key=f"{room}-second", golden_id="g1", reason="one person"
    )
    assert loyalty.member(f"{room}-c").number == last
    with pytest.raises(Refused, match="MERGE_SUPERSEDED"):
        unmerge(loyalty, here, first)
    loyalty.unmerge(second.merge_id, idempotency_key=f"{room}-undo-second")
    unmerge(loyalty, here, first)
    assert {**holdings(here), "entries": 0} == before


def test_a_card_that_went_elsewhere_since_is_left_there(here: Shop, loyalty: Loyalty) -> None:
    room = here.program
    receipt = merge(loyalty, here)
    here.enrol(f"{room}-f")
    here.post(f"cards/{room}-card-c/reassign", {"to": f"{room}-f"})
    assert unmerge(loyalty, here, receipt).warnings == (f"CARD_MOVED_SINCE:{room}-card-c",)
    assert here.get(f"cards/{room}-card-c")["number"] == f"{room}-f"


@pytest.mark.parametrize(
    ("word", "trouble"),
    [
        ("MEMBER_BLOCKED", lambda here, number: here.set(number, status="BLOCKED")),
        ("PENDING_ACTIVITY", lambda here, number: here.earn(number, 1, pending=True)),
        ("PENDING_ACTIVITY", lambda here, number: here.redeem(number, 1, open=True)),
        ("STALE_VERSION", lambda here, number: here.earn(number, 1)),
    ],
)
def test_nothing_is_moved_while_a_member_is_in_the_way(
    here: Shop, loyalty: Loyalty, word: str, trouble: Any
) -> None:
    number = f"{here.program}-c"
    versions = {number: here.member(number)["version"]}
    trouble(here, number)
    with pytest.raises(Refused) as refusal:
        merge(loyalty, here, expected_versions=versions)
    assert (refusal.value.word, refusal.value.details["members"]) == (word, [number])
    assert holdings(here)["entries"] == 0


def test_a_key_is_for_one_merge(here: Shop, loyalty: Loyalty) -> None:
    merge(loyalty, here)
    with pytest.raises(Refused, match="IDEMPOTENCY_KEY_REUSED"):
        merge(loyalty, here, golden_id="g2")
    with pytest.raises(Refused, match="ALREADY_MERGED"):
        merge(loyalty, here, idempotency_key=f"{here.program}-second")
    with pytest.raises(Refused, match="UNKNOWN_MERGE"):
        loyalty.unmerge(f"transfer.0.{here.program}-a", idempotency_key="k")


def test_a_plan_nobody_can_read_is_no_answer(here: Shop, loyalty: Loyalty) -> None:
    receipt = merge(loyalty, here)
    path = here.at(f"members/{here.program}-a/marks/{mark_of(receipt.merge_id)}")
    here.call("PUT", path, {"value": "torn"})
    with pytest.raises(Unavailable, match="UNREADABLE_REPLY"):
        loyalty.member(f"{here.program}-a")
