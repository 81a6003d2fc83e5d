"""Merges for platforms that only transfer points: plan, then transfer, reassign, mark; and the way back.

Each step happens once, under a key derived from the merge's, or does no harm when it is repeated. So whoever finds a
merge half-done makes the same call again, and the remaining steps are taken. Tiers and vouchers stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from identity.connectors.loyalty.calls import Calls, MergeWish, derived
from identity.connectors.loyalty.plan import (
    MERGED_INTO,
    Plan,
    mark_of,
    merge_id_of,
    plan_of,
    seen,
    survivor_in,
)
from identity.connectors.loyalty.replies import Transferred
from identity.connectors.remote import Refused
from identity.model.loyalty import LoyaltyCapabilities, LoyaltyMember, MemberStatus, MergeReceipt

__all__ = ["merge_by_transfer", "part_by_transfer"]


def merge_by_transfer(calls: Calls, wish: MergeWish, able: LoyaltyCapabilities) -> MergeReceipt:
    """Move all that the sources have to the survivor.

    Unavailable: make the same call again. Refused, before anything is done: SAME_MEMBER, ALREADY_MERGED,
    MEMBER_BLOCKED, DIFFERENT_MEMBER_TYPE, PENDING_ACTIVITY, STALE_VERSION, IDEMPOTENCY_KEY_REUSED. Refused half-way,
    when something changed in between: `merge_id` in its details is what can be taken back.
    """
    merge_id = merge_id_of(wish)
    plan = _planned(calls, wish, merge_id)
    if plan.returns is None:
        with _naming(merge_id):
            for source in plan.sources:
                _take_over(calls, wish, merge_id, source, plan.cards[source] if able.reassign_card else ())
    warnings = [f"TIER_NOT_MOVED:{number}" for number, tier in plan.tiers.items() if tier != plan.tier]
    if not able.reassign_card:
        warnings += [f"CARD_NOT_MOVED:{card}" for cards in plan.cards.values() for card in cards]
    if plan.returns is None:
        warnings += [f"POINTS_LEFT:{number}" for number in plan.sources if calls.member(number).points]
    moved = [card for cards in plan.cards.values() for card in cards] if able.reassign_card else []
    return _receipt(merge_id, plan, calls.transfers(merge_id), moved, warnings)


def _planned(calls: Calls, wish: MergeWish, merge_id: str) -> Plan:
    """Return the plan of a merge: the one that was made before, else one made now."""
    survivor = calls.member(wish.survivor)
    found = survivor.marks.get(mark_of(merge_id))
    if found is None:
        fresh = _fresh(wish, survivor, [calls.member(number) for number in wish.sources])
        # Somebody else may have planned in between, and begun: theirs stands.
        found = calls.mark(wish.survivor, mark_of(merge_id), fresh.value(), only_if_absent=True)
    plan = plan_of(found)
    if set(plan.sources) != set(wish.sources) or plan.golden_id != wish.golden_id:
        raise Refused("IDEMPOTENCY_KEY_REUSED", "The key was used for another merge.")
    return plan


def _fresh(wish: MergeWish, survivor: LoyaltyMember, sources: Sequence[LoyaltyMember]) -> Plan:
    numbers = (wish.survivor, *wish.sources)
    if len(set(numbers)) < len(numbers) or not wish.sources:
        raise Refused("SAME_MEMBER", "A merge takes different members.")
    members = dict(zip(numbers, map(seen, (survivor, *sources)), strict=True))
    for number, member in members.items():
        if word := _obstacle(number, member, survivor.member_type, wish):
            raise Refused(word, "Members cannot be merged as they are.", {"members": [number]})
    return Plan(
        wish.golden_id,
        survivor.tier,
        {number: members[number].tier for number in wish.sources},
        {number: members[number].cards for number in wish.sources},
    )


def _obstacle(number: str, member: LoyaltyMember, member_type: str, wish: MergeWish) -> str | None:
    obstacles = {
        "ALREADY_MERGED": member.status is MemberStatus.MERGED or member.number != number,
        "MEMBER_BLOCKED": member.status in (MemberStatus.BLOCKED, MemberStatus.ANONYMISED),
        "DIFFERENT_MEMBER_TYPE": member.member_type != member_type,
        "PENDING_ACTIVITY": member.pending_points > 0 or member.open_redemptions > 0,
        "STALE_VERSION": wish.expected_versions.get(number, member.version) != member.version,
    }
    return next((word for word, stands in obstacles.items() if stands), None)


def _take_over(calls: Calls, wish: MergeWish, merge_id: str, source: str, cards: Sequence[str]) -> None:
    key = wish.idempotency_key
    calls.transfer(source, wish.survivor, merge_id, derived(key, f"points {source}"))
    for card in cards:
        calls.reassign(card, wish.survivor, derived(key, f"card {card}"))
    calls.mark(source, MERGED_INTO, wish.survivor)


def part_by_transfer(
    calls: Calls, merge_id: str, idempotency_key: str, able: LoyaltyCapabilities
) -> MergeReceipt:
    """Take such a merge back: every source gets its lots and cards again.

    Unavailable: make the same call again. Refused: UNKNOWN_MERGE, ALREADY_REVERSED, MERGE_SUPERSEDED, and POINTS_SPENT
    with the `shortfall`, before anything is done.
    """
    survivor = calls.member(survivor_in(merge_id) or "")
    found = survivor.marks.get(mark_of(merge_id))
    if found is None:
        raise Refused("UNKNOWN_MERGE", "The merge is not known.")
    plan = plan_of(found)
    if plan.parted_by and plan.parted_by != derived(idempotency_key):
        raise Refused("ALREADY_REVERSED", "The merge was taken back before.")
    warnings: list[str] = []
    if not plan.parted_by:
        plan = _way_back(calls, merge_id, plan, survivor)
        with _naming(merge_id):
            for source in plan.sources:
                warnings += _hand_back(calls, merge_id, plan, source, survivor.number, able)
        plan = replace(plan, parted_by=derived(idempotency_key))
        calls.mark(survivor.number, mark_of(merge_id), plan.value())
    moved = [card for cards in plan.cards.values() for card in cards] if able.reassign_card else []
    return _receipt(merge_id, plan, calls.transfers(_back(merge_id)), moved, warnings)


def _way_back(calls: Calls, merge_id: str, plan: Plan, survivor: LoyaltyMember) -> Plan:
    """Return the plan with the lots that return, noted before the first of them does."""
    if plan.returns is not None:
        return plan
    if seen(survivor).status is MemberStatus.MERGED:
        raise Refused("MERGE_SUPERSEDED", "Take the later merge of its survivor back first.")
    moved = calls.transfers(merge_id)
    today = datetime.now(UTC).date()
    there = {lot.lot: lot.points for lot in survivor.lots}
    returns: dict[str, tuple[tuple[int, int], ...]] = dict.fromkeys(plan.sources, ())
    missing = 0
    for each in moved:
        # Lots that have expired since are worth nothing on either side, and stay.
        alive = [part for part in each.parts if part.expires_on is None or part.expires_on >= today]
        for part in alive:
            missing += max(0, part.points - there.get(part.lot, 0))
            there[part.lot] = there.get(part.lot, 0) - part.points
        returns[each.sender] += tuple((part.lot, part.points) for part in alive)
    if missing:
        details = {"shortfall": missing, "merge_id": merge_id}
        raise Refused("POINTS_SPENT", f"{missing} of the points that were moved are spent.", details)
    planned = replace(plan, returns=returns)
    calls.mark(survivor.number, mark_of(merge_id), planned.value())
    return planned


def _hand_back(
    calls: Calls, merge_id: str, plan: Plan, source: str, survivor: str, able: LoyaltyCapabilities
) -> list[str]:
    warnings = []
    # Derived from the merge, not from who takes it back: a second attempt goes on where the first one stopped.
    if portions := (plan.returns or {})[source]:
        key = derived(merge_id, f"return {source}")
        calls.transfer(survivor, source, _back(merge_id), key, portions)
    for card in plan.cards[source] if able.reassign_card else ():
        if calls.owner(card).number in (survivor, source):
            calls.reassign(card, source, derived(merge_id, f"return card {card}"))
        else:
            warnings.append(f"CARD_MOVED_SINCE:{card}")
    calls.unmark(source, MERGED_INTO)
    return warnings


def _back(merge_id: str) -> str:
    return f"{merge_id}.back"


def _receipt(
    merge_id: str, plan: Plan, moved: Sequence[Transferred], cards: Sequence[str], warnings: Sequence[str]
) -> MergeReceipt:
    return MergeReceipt(
        merge_id=merge_id,
        survivor=survivor_in(merge_id) or "",
        sources=plan.sources,
        ledger_entries=tuple(entry for each in moved for entry in each.ledger_entries),
        points_moved=sum(each.points for each in moved),
        tier_before=plan.tier,
        tier_after=plan.tier,
        cards_moved=tuple(sorted(cards)),
        warnings=tuple(warnings),
    )


@contextmanager
def _naming(merge_id: str) -> Iterator[None]:
    """Add the merge to what a refusal half-way tells."""
    try:
        yield
    except Refused as refusal:
        refusal.details.setdefault("merge_id", merge_id)
        raise
