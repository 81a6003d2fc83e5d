"""joining: members of one profile that are not one at the platform yet are merged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from identity.consumers.loyalty.round import Round
from identity.model.loyalty import LoyaltyMember, LoyaltyMerge, MergeStatus
from identity.ports.remote import Refused, Unavailable
from identity.steps.consolidate import BlockerKind, Consolidation, consolidate
from identity.steps.untangle import joined

__all__ = ["join"]

BLOCKING = frozenset(
    {
        "PENDING_ACTIVITY",
        "MEMBER_BLOCKED",
        "DIFFERENT_PROGRAM",
        "DIFFERENT_MEMBER_TYPE",
        "CANNOT_CONSOLIDATE",
        "NOT_SUPPORTED",
    }
)
"""Refusals that a person can see to: they open a review task, all others are given up as they are."""
MERGED_WITH_ANOTHER = "MERGED_WITH_ANOTHER"
"""A member at the platform answers for two people, and no merge that is recorded here made it so."""
_STALE = frozenset({"STALE_VERSION", "ALREADY_MERGED"})
_LOOKS = 40

Members = Mapping[str, LoyaltyMember]


def join(now: Round, golden_id: str) -> None:
    """Merge the members of a profile, or note what stands in the way. Unavailable, Refused."""
    numbers = now.page.numbers(golden_id)
    together = joined(now.active)
    # Members that are one with somebody else's wait until a person has seen to that.
    if not numbers or _tangled(now, golden_id, numbers, together):
        return
    if not now.look and set(numbers) <= together.get(numbers[0], frozenset(numbers[:1])):
        return
    for _ in range(_LOOKS):
        members, blockers = _looked_at(now, golden_id, numbers)
        found = consolidate(members.values(), now.policy)
        if found:
            blockers += [(each.number, str(each.kind)) for each in found.blockers]
        if blockers:
            now.blocked[golden_id] = tuple(blockers)
            return
        if found is None or not _merged(now, golden_id, found, members):
            return
    raise Unavailable("UNSETTLED", "The members change faster than they are merged.")


def _tangled(
    now: Round, golden_id: str, numbers: Iterable[str], together: Mapping[str, frozenset[str]]
) -> bool:
    company = {other for number in numbers for other in together.get(number, {number})}
    return any(now.page.homes.get(other, frozenset()) - {golden_id} for other in company)


def _looked_at(
    now: Round, golden_id: str, numbers: Iterable[str]
) -> tuple[dict[str, LoyaltyMember], list[tuple[str, str]]]:
    """Return the members that answer to these numbers, and those that are of another programme or somebody else's
    too. Numbers that the platform does not know are left out: reconciliation tells of them."""
    members: dict[str, LoyaltyMember] = {}
    blockers = []
    for number in numbers:
        try:
            members[number] = now.member(number)
        except Refused as refusal:
            if refusal.word == BlockerKind.DIFFERENT_PROGRAM:
                blockers.append((number, refusal.word))
            elif refusal.word != "UNKNOWN_MEMBER":
                raise
    mixed = {member.number for member in members.values() if now.shared(member, golden_id)}
    return members, blockers + [(number, MERGED_WITH_ANOTHER) for number in sorted(mixed)]


def _merged(now: Round, golden_id: str, found: Consolidation, members: Members) -> bool:
    """Have members merged, and say whether to look again; False where a person has to see to it first."""
    merge = _wish(now, golden_id, found, members)
    now.note(merge)
    try:
        done = now.carried_out(merge)
    except Refused as refusal:
        return _refused(now, merge, refusal)
    for number in merge.sources:
        if now.member(number).number != done.survivor:
            raise Unavailable("UNVERIFIED", "The loyalty platform does not show the merge it told of.")
    return True


def _refused(now: Round, merge: LoyaltyMerge, refusal: Refused) -> bool:
    now.asked = True
    if half_done := refusal.details.get("merge_id"):
        now.platform.unmerge(str(half_done), idempotency_key=f"{merge.key}.back")
    now.note(replace(merge, status=MergeStatus.REFUSED, code=refusal.word))
    if refusal.word in _STALE:
        return True
    if refusal.word not in BLOCKING:
        raise refusal
    named = refusal.details.get("members")
    numbers = [str(each) for each in named] if isinstance(named, list) and named else [merge.asked]
    now.blocked[merge.golden_id] = tuple((number, refusal.word) for number in numbers)
    return False


def _wish(now: Round, golden_id: str, found: Consolidation, members: Members) -> LoyaltyMerge:
    """Return the merge to ask for: of as many members as the platform takes at a time."""
    most = max(now.platform.capabilities().max_sources, 1)
    wanted = [found.survivor.number, *(each.number for each in found.sources[:most])]
    sides = {
        number: tuple(sorted(known for known, member in members.items() if member.number == number))
        for number in wanted
    }
    about = frozenset(number for side in sides.values() for number in side)
    return LoyaltyMerge(
        key=_key(now.policy.program, sides, now.earlier(about)),
        program=now.policy.program,
        golden_id=golden_id,
        causation=now.causation,
        asked=found.survivor.number,
        sides=sides,
        versions={number: found.expected_versions[number] for number in wanted},
        at=now.at,
    )


def _key(program: str, sides: Mapping[str, Sequence[str]], earlier: int) -> str:
    """Return the key of a merge: made of what is merged, and how often it was before. The same members that are parted
    and belong together again are another merge."""
    told = [program, *sorted(f"{number}={'+'.join(side)}" for number, side in sides.items()), str(earlier)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:40]
