"""What consolidation needs: the loyalty platform, and what this service knows of its members and of merges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.loyalty import LoyaltyCapabilities, LoyaltyMember, LoyaltyMerge, MergeReceipt

__all__ = ["LoyaltyBook", "LoyaltyPage", "LoyaltyPlatform"]


class LoyaltyPlatform(Protocol):
    """One programme of a loyalty platform. Everything raises Unavailable and Refused."""

    def capabilities(self) -> LoyaltyCapabilities: ...

    def member(self, number: str) -> LoyaltyMember:
        """Return the member that answers to a number: of one that was merged away, the survivor."""
        ...

    def members(self, after: str = "") -> Iterator[LoyaltyMember]:
        """Yield all members themselves, merged ones too, by number."""
        ...

    def merge(
        self,
        survivor: str,
        sources: Sequence[str],
        *,
        idempotency_key: str,
        golden_id: str,
        reason: str,
        expected_versions: Mapping[str, int] | None = None,
    ) -> MergeReceipt:
        """Make members one, once for each key. The receipt's `survivor` may be a new number."""
        ...

    def unmerge(self, merge_id: str, *, idempotency_key: str) -> MergeReceipt:
        """Take a merge back."""
        ...

    def anonymise(self, number: str, *, idempotency_key: str) -> None:
        """Have whom a number belongs to forgotten, with all that is one member with it; the points stay there."""
        ...


@dataclass(frozen=True, slots=True)
class LoyaltyPage:
    """What is known around some golden ids, as far as merges reach.

    `homes` are the live golden ids of members by the numbers of their records; `merges` are those that are there or may
    be, the oldest first; `past` tells of each merge ever asked for whom it was about; `asked` are all ids looked at.
    """

    asked: frozenset[str]
    homes: Mapping[str, frozenset[GoldenId]] = field(default_factory=dict)
    merges: Sequence[LoyaltyMerge] = ()
    past: Sequence[frozenset[str]] = ()

    def numbers(self, golden_id: str) -> tuple[str, ...]:
        """Return the numbers of the members that a profile has now."""
        return tuple(sorted(number for number, homes in self.homes.items() if golden_id in homes))

    @property
    def golden_ids(self) -> tuple[GoldenId, ...]:
        return tuple(sorted({home for homes in self.homes.values() for home in homes}))


class LoyaltyBook(Protocol):
    """What this service knows of members: whose they are, and which merges were asked for."""

    def page(self, golden_ids: Iterable[str], sources: Collection[str]) -> LoyaltyPage:
        """Return what is so now around these ids and those that answer for them, from one consistent look."""
        ...

    def homes(self, numbers: Collection[str], sources: Collection[str]) -> dict[str, frozenset[GoldenId]]:
        """Return the live golden ids of members by the numbers of their records; only of those who have one."""
        ...

    def whose(self, sources: Collection[str]) -> dict[str, GoldenId]:
        """Return the golden id of every member's record, by number."""
        ...

    def active(self) -> tuple[LoyaltyMerge, ...]:
        """Return all merges that are there or may be, the oldest first."""
        ...

    def errands(self, erasure_id: str, consumer: str) -> tuple[str, ...] | None:
        """Return the accounts that a consumer has to forget because somebody was erased; None: it was not told."""
        ...
