"""The loyalty platform as this service uses it: members are read, merged and parted; balances are never written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from identity.connectors.loyalty import replies
from identity.connectors.loyalty.calls import Calls, MergeWish
from identity.connectors.loyalty.emulation import merge_by_transfer, part_by_transfer
from identity.connectors.loyalty.plan import seen, survivor_in
from identity.connectors.loyalty.replies import Reply
from identity.connectors.remote import Refused, Remote, Unavailable
from identity.model.loyalty import (
    LoyaltyCapabilities,
    LoyaltyMember,
    LoyaltyPolicy,
    MemberStatus,
    MergeReceipt,
)

__all__ = ["Loyalty"]

_PAGE = 200
_LONGEST_CHAIN = 20


class Loyalty:
    """One programme of a loyalty platform.

    Everything raises Unavailable (try the same call again) and Refused (the platform's word, and what else it said).
    """

    def __init__(self, remote: Remote, policy: LoyaltyPolicy) -> None:
        self._remote = remote
        self._policy = policy
        self._calls = Calls(remote, policy.program)

    def capabilities(self) -> LoyaltyCapabilities:
        """Return what the platform can do."""
        return replies.capabilities(Reply(self._remote.call("GET", "/v1/capabilities")))

    def member(self, number: str) -> LoyaltyMember:
        """Return the member that answers to a number: of one that was merged away, the survivor."""
        for _ in range(_LONGEST_CHAIN):
            member = seen(self._calls.member(number))
            if member.status is not MemberStatus.MERGED or member.merged_into is None:
                return member
            number = member.merged_into
        raise Refused("MERGED_IN_A_CIRCLE", "Members are merged into each other.")

    def by_card(self, card: str) -> LoyaltyMember:
        """Return the member that answers to a card, however old the card."""
        return self.member(self._calls.owner(card).number)

    def members(self, after: str = "") -> Iterator[LoyaltyMember]:
        """Yield all members themselves, merged ones too, by number; from the one behind `after`."""
        there: str | None = after
        while there is not None:
            page = self._calls.ask("members", {"after": there, "limit": _PAGE})
            yield from (seen(replies.member(each)) for each in page.objects("members"))
            following = page.perhaps("next_after")
            # By number, always onwards: a platform that repeats itself must not keep us for ever.
            if following is not None and following <= there:
                raise Unavailable("UNREADABLE_REPLY", "The loyalty platform repeats a page of members.")
            there = following

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
        """Make members one, once for each key; by transfers where the platform cannot merge.

        The receipt's `survivor` may be a new number. Refused CANNOT_CONSOLIDATE where neither is possible.
        """
        wish = MergeWish(
            survivor, tuple(sources), idempotency_key, golden_id, reason, dict(expected_versions or {})
        )
        able = self.capabilities()
        if able.merge:
            return self._settled(self._calls.post("member-merges", self._body(wish), idempotency_key))
        if able.transfer_points:
            return merge_by_transfer(self._calls, wish, able)
        raise Refused(
            "CANNOT_CONSOLIDATE", "The loyalty platform neither merges members nor transfers points."
        )

    def merged(self, merge_id: str) -> MergeReceipt:
        """Return the receipt of a merge by the platform itself."""
        return replies.receipt(self._calls.ask(f"member-merges/{merge_id}"))

    def unmerge(self, merge_id: str, *, idempotency_key: str) -> MergeReceipt:
        """Take a merge back. Refused POINTS_SPENT with the `shortfall` in its details, and others."""
        if survivor_in(merge_id):
            return part_by_transfer(self._calls, merge_id, idempotency_key, self.capabilities())
        reply = self._calls.post(f"member-merges/{merge_id}/unmerge", None, idempotency_key)
        return self._settled(reply)

    def anonymise(self, number: str, *, idempotency_key: str) -> None:
        """Have whom a number belongs to forgotten. Refused UNKNOWN_MEMBER, DIFFERENT_PROGRAM."""
        self._calls.post(f"members/{quote(number, safe='')}/anonymise", None, idempotency_key)

    def _body(self, wish: MergeWish) -> dict[str, object]:
        return {
            "survivor": wish.survivor,
            "sources": list(wish.sources),
            "reason": wish.reason,
            "golden_id": wish.golden_id,
            "tier_policy": str(self._policy.tier_policy),
            "expected_versions": dict(wish.expected_versions),
        }

    def _settled(self, reply: Reply) -> MergeReceipt:
        # A platform may take a merge on and carry it out later: the same call then tells when it is done.
        if reply.text("status") not in ("DONE", "REVERSED"):
            raise Unavailable("UNDER_WAY", "The loyalty platform is still at it.")
        return replies.receipt(reply)
