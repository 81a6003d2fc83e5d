"""The plan of a merge that is made of transfers. It is kept as a mark of the survivor, before the first step is taken:
who died half-way is followed by somebody who finds it and takes the remaining steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from identity.connectors.loyalty.calls import MergeWish, derived
from identity.connectors.loyalty.replies import SYSTEM, Reply
from identity.connectors.remote import unreadable
from identity.model.loyalty import LoyaltyMember, MemberStatus

__all__ = ["MERGED_INTO", "Plan", "mark_of", "merge_id_of", "plan_of", "seen", "survivor_in"]

MERGED_INTO = "merged_into"
"""The mark of a member whose points and cards are another's."""

_PLAN = "merge."
_MERGE = "transfer."

Portions = tuple[tuple[int, int], ...]


def merge_id_of(wish: MergeWish) -> str:
    """Return the id of a merge made of transfers. It tells the survivor, and the mark that holds the plan."""
    return f"{_MERGE}{derived(wish.idempotency_key)}.{wish.survivor}"


def survivor_in(merge_id: str) -> str | None:
    """Return the survivor in such an id; None for any other id."""
    _, dot, survivor = merge_id.removeprefix(_MERGE).partition(".")
    return survivor if merge_id.startswith(_MERGE) and dot and survivor else None


def mark_of(merge_id: str) -> str:
    """Return the name of the mark that holds the plan."""
    return _PLAN + merge_id.removeprefix(_MERGE).partition(".")[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the members had, by number, the survivor's tier; and when it is taken back, which lots return to whom and
    the key of the one who did."""

    golden_id: str
    tier: str
    tiers: Mapping[str, str]
    cards: Mapping[str, tuple[str, ...]]
    returns: Mapping[str, Portions] | None = None
    parted_by: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The members that are merged away."""
        return tuple(self.tiers)

    def value(self) -> dict[str, object]:
        """Return the plan as the value of a mark."""
        return {
            "golden_id": self.golden_id,
            "tier": self.tier,
            "sources": [
                {
                    "number": number,
                    "tier": tier,
                    "cards": list(self.cards[number]),
                    **({} if self.returns is None else {"returns": _listed(self.returns[number])}),
                }
                for number, tier in self.tiers.items()
            ],
            "parted_by": self.parted_by,
        }


def _listed(portions: Portions) -> list[dict[str, int]]:
    return [{"lot": lot, "points": points} for lot, points in portions]


def plan_of(value: object) -> Plan:
    """Return the plan in the value of a mark. Unavailable for anything else."""
    if not isinstance(value, dict):
        raise unreadable(SYSTEM, "a mark is of another kind")
    told = Reply(value)
    sources = told.objects("sources")
    returns = None
    if any("returns" in source.content for source in sources):
        returns = {source.text("number"): _portions(source) for source in sources}
    return Plan(
        golden_id=str(told.content.get("golden_id", "")),
        tier=told.text("tier"),
        tiers={source.text("number"): source.text("tier") for source in sources},
        cards={source.text("number"): source.texts("cards") for source in sources},
        returns=returns,
        parted_by=str(told.content.get("parted_by", "")),
    )


def _portions(source: Reply) -> Portions:
    return tuple((part.number("lot"), part.number("points")) for part in source.objects("returns"))


def seen(member: LoyaltyMember) -> LoyaltyMember:
    """Return a member as merges made of transfers have left it: merged into another, or from others."""
    plans = [plan_of(value) for name, value in member.marks.items() if name.startswith(_PLAN)]
    gained = {number for plan in plans if not plan.parted_by for number in plan.sources}
    into = member.marks.get(MERGED_INTO)
    told = replace(member, merged_from=tuple(sorted({*member.merged_from, *gained})))
    return replace(told, status=MemberStatus.MERGED, merged_into=str(into)) if into else told
