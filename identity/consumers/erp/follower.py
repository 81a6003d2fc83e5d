"""The follower of the ERP."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from identity.consumers.named import golden_ids as golden_ids_of
from identity.consumers.named import listed
from identity.consumers.outcomes import ERASED
from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy, ErpWritten, PartyMerge
from identity.model.following import Followed, FollowedOutcome, Forgotten
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.ports.erp import ErpAccounts, ErpBook, ErpPage
from identity.ports.remote import Refused, Unavailable
from identity.steps.refer import Wish, refer

__all__ = ["ERP", "ErpFollower"]

ERP = "erp"
_GONE = frozenset({"UNKNOWN_ACCOUNT", "INACTIVE_ACCOUNT"})
"""Refusals of an account that is no more: there is nothing to write to, and reconciliation tells of it."""


class ErpFollower:
    """See `ports.consumers.Follower`. `digest` is keyed: what an account was told is known again by it.

    Written is what is so now, however many events led to it: merge, split and undo are all the same here. Accounts are
    made one only after a person has made one profile of two, and only where the policy allows it: the ERP cannot undo
    it.
    """

    name = ERP
    types = frozenset({"customer.created", "customer.updated", "customer.merged", "customer.split", ERASED})

    def __init__(
        self, accounts: ErpAccounts, book: ErpBook, policy: ErpPolicy, digest: Callable[[str], str]
    ) -> None:
        self._accounts, self._book, self._policy, self._digest = accounts, book, policy, digest

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:
        golden_ids = golden_ids_of(event)
        if event.type == ERASED:
            return self._forget(golden_ids, str(event.body.get("erasure_id", "")), hold)
        now = _Round(self._book.page(golden_ids, self._numbers(event), self._policy), hold)
        try:
            if look:
                self._add_bearers(now, golden_ids)
            for number in sorted(now.wishes):
                self._bring_about(now, now.wishes[number], look)
            if self._policy.party_merge is PartyMerge.ALLOWED and event.body.get("operation") == "merge":
                self._merge_parties(now)
        except (Refused, Unavailable):
            hold.note(*now.facts)  # what was written is known, also where the rest was not
            raise
        outcome = FollowedOutcome.DONE if now.changed else FollowedOutcome.NOTHING
        return Followed(outcome, facts=tuple(now.facts), asked=now.asked)

    def _forget(self, golden_ids: Collection[str], erasure_id: str, hold: Hold) -> Followed:
        """Take our references, and what we told, off the accounts of somebody who was erased; the rest is the ERP's.

        Looked for is who bears the ids there, so that it does not matter what is still known here.
        """
        numbers = self._book.errands(erasure_id, ERP) or ()
        now = _Round(self._book.page(golden_ids, numbers, self._policy), hold)
        self._add_bearers(now, golden_ids)
        for number in sorted(now.wishes):
            self._bring_about(now, now.wishes[number], look=True)
        kept = [fact for fact in now.facts if fact.golden_id is not None]
        gone = Forgotten(ERP, erasure_id, tuple(sorted(now.wishes.keys() - {fact.number for fact in kept})))
        outcome = FollowedOutcome.DONE if now.changed else FollowedOutcome.NOTHING
        return Followed(outcome, facts=(*kept, gone), asked=now.asked)

    def _numbers(self, event: LoggedEvent) -> set[str]:
        """Return the accounts that an event says came or went."""
        named = [*listed(event.body.get("records_gained")), *listed(event.body.get("records_lost"))]
        keys = (name.partition(":") for name in named)
        return {number for source, _, number in keys if source == self._policy.source}

    def _add_bearers(self, now: _Round, golden_ids: Collection[str]) -> None:
        """Look for these ids on all accounts: one that bears somebody else's loses it."""
        borne = {number for golden_id in sorted(golden_ids) for number in self._accounts.bearers(golden_id)}
        now.asked = True
        if unknown := borne - now.wishes.keys():
            now.wishes.update(self._book.page((), unknown, self._policy).wishes)

    def _bring_about(self, now: _Round, wish: Wish, look: bool) -> None:
        written = ErpWritten(wish.number, wish.golden_id, self._told(wish))
        if not look and now.page.written.get(wish.number) == written:
            return
        now.hold.note()  # is it still us who follow?
        try:
            changed = self._wrote(wish)
        except Refused as refusal:
            if refusal.word not in _GONE:
                raise
            changed = False
        now.asked = True
        now.changed |= changed
        now.facts.append(written)

    def _wrote(self, wish: Wish) -> bool:
        account, changed = self._accounts.account(wish.number), False
        for writing in refer([wish], {wish.number: account}, self._policy.attributes):
            if writing.clear:
                changed |= self._accounts.clear_reference(wish.number)
            if writing.golden_id is not None:
                changed |= self._accounts.write_reference(wish.number, writing.golden_id)
            if writing.attributes is not None:
                changed |= self._accounts.write_attributes(wish.number, writing.attributes)
        return changed

    def _merge_parties(self, now: _Round) -> None:
        """Make one account of those of a profile: the one with the first number stays."""
        for golden_id, numbers in _by_profile(now.page.wishes).items():
            kept, *others = sorted(numbers)
            if [other for other in others if self._merged(now, other, kept)]:
                # What the others bore has come along, out of use.
                self._accounts.write_reference(kept, golden_id)

    def _merged(self, now: _Round, source: str, destination: str) -> bool:
        now.hold.note()
        try:
            merged = self._accounts.merge_parties(source, destination)
        except Refused as refusal:
            if refusal.word not in _GONE:
                raise
            merged = False
        now.changed |= merged
        return merged

    def _told(self, wish: Wish) -> str:
        told = [f"{name}={wish.attributes.get(name, '')}" for name in self._policy.attributes]
        return self._digest("\x1f".join(told))


@dataclass(slots=True)
class _Round:
    """What was known when an event was followed, and what was done since."""

    page: ErpPage
    hold: Hold
    wishes: dict[str, Wish] = field(default_factory=dict)
    facts: list[ErpWritten] = field(default_factory=list)
    changed: bool = False
    asked: bool = False

    def __post_init__(self) -> None:
        self.wishes = dict(self.page.wishes)


def _by_profile(wishes: Mapping[str, Wish]) -> dict[GoldenId, list[str]]:
    found: dict[GoldenId, list[str]] = {}
    for wish in wishes.values():
        if wish.golden_id is not None:
            found.setdefault(wish.golden_id, []).append(wish.number)
    return found
