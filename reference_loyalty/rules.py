"""What stands in the way of a merge. Each rule is a question about the members, and a word when the answer is no."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reference_loyalty.database import Work
from reference_loyalty.holds import holds_of
from reference_loyalty.members import member
from reference_loyalty.options import Capabilities
from reference_loyalty.problems import Problem

__all__ = ["MOVABLE", "MergeWish", "admitted", "check_active", "check_idle", "check_versions"]

MOVABLE = ("points", "vouchers", "cards", "history")


@dataclass(frozen=True, slots=True)
class MergeWish:
    """What a caller asks for."""

    program: str
    survivor: str
    sources: tuple[str, ...]
    reason: str
    golden_id: str = ""
    tier_policy: str = "highest"
    move: frozenset[str] = frozenset(MOVABLE)
    expected_versions: Mapping[str, int] = field(default_factory=dict)


def admitted(work: Work, wish: MergeWish, capabilities: Capabilities) -> dict[str, sqlite3.Row]:
    """Return the members of a merge that may go ahead, the survivor first.

    NOT_SUPPORTED, SAME_MEMBER, TOO_MANY_SOURCES, UNKNOWN_MEMBER, DIFFERENT_PROGRAM, ALREADY_MERGED, MEMBER_BLOCKED,
    DIFFERENT_MEMBER_TYPE, PENDING_ACTIVITY, STALE_VERSION.
    """
    numbers = (wish.survivor, *wish.sources)
    if not capabilities.merge:
        raise Problem("NOT_SUPPORTED", "Members cannot be merged here.")
    if len(set(numbers)) < len(numbers):
        raise Problem("SAME_MEMBER", "A merge takes different members.")
    if len(wish.sources) > capabilities.max_sources:
        raise Problem(
            "TOO_MANY_SOURCES",
            f"One merge takes {capabilities.max_sources} sources at most.",
            max_sources=capabilities.max_sources,
        )
    rows = {number: member(work, wish.program, number) for number in numbers}
    check_active(rows.values())
    if len({row["member_type"] for row in rows.values()}) > 1:
        raise Problem("DIFFERENT_MEMBER_TYPE", "Only members of one type are merged.", members=list(numbers))
    check_idle(work, numbers)
    check_versions(rows, wish.expected_versions)
    return rows


def check_active(rows: Iterable[sqlite3.Row]) -> None:
    """Refuse members that are merged away, blocked or nobody's. ALREADY_MERGED, MEMBER_BLOCKED, MEMBER_ANONYMISED."""
    for row in rows:
        if row["status"] == "MERGED":
            raise Problem(
                "ALREADY_MERGED",
                "The member was merged into another.",
                members=[row["number"]],
                merged_into=row["merged_into"],
            )
        if row["status"] == "BLOCKED":
            raise Problem("MEMBER_BLOCKED", "The member is blocked.", members=[row["number"]])
        if row["status"] == "ANONYMISED":
            raise Problem(
                "MEMBER_ANONYMISED", "The person asked to be forgotten here.", members=[row["number"]]
            )


def check_idle(work: Work, numbers: Iterable[str]) -> None:
    """Refuse members with pending points or an open redemption. PENDING_ACTIVITY."""
    if busy := [number for number in numbers if holds_of(work, number)]:
        raise Problem("PENDING_ACTIVITY", "Wait until nothing is pending or open.", members=busy)


def check_versions(rows: Mapping[str, sqlite3.Row], expected: Mapping[str, int]) -> None:
    """Refuse members that have changed since the caller looked. STALE_VERSION."""
    versions = {number: row["version"] for number, row in rows.items()}
    if stale := [number for number, version in expected.items() if versions.get(number, version) != version]:
        raise Problem("STALE_VERSION", "Look at the members again.", members=stale, versions=versions)
