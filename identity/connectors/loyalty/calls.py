"""Single calls to the loyalty platform, each with the key under which it happens once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from identity.connectors.loyalty import replies
from identity.connectors.loyalty.replies import Reply, Transferred
from identity.connectors.remote import Remote
from identity.model.loyalty import LoyaltyMember

__all__ = ["Calls", "MergeWish", "derived"]


@dataclass(frozen=True, slots=True)
class MergeWish:
    """Members that are to be one, and the key under which that happens once."""

    survivor: str
    sources: tuple[str, ...]
    idempotency_key: str
    golden_id: str
    reason: str
    expected_versions: Mapping[str, int] = field(default_factory=dict)


def derived(key: str, step: str = "") -> str:
    """Return the key of one step of something bigger: 40 hex digits, the same whenever it is asked for."""
    return hashlib.sha256(f"{key}\n{step}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Calls:
    """One programme of the platform. Everything raises Unavailable and Refused."""

    remote: Remote
    program: str

    def ask(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        """Return what is at an address below the programme's."""
        return Reply(self.remote.call("GET", self._at(path), query=query))

    def post(self, path: str, body: object, key: str) -> Reply:
        """Have something done once."""
        return Reply(self.remote.call("POST", self._at(path), body, headers={"idempotency-key": key}))

    def member(self, number: str) -> LoyaltyMember:
        """Return the member that answers to a number."""
        return replies.member(self.ask(f"members/{quote(number, safe='')}"))

    def owner(self, card: str) -> LoyaltyMember:
        """Return the member a card belongs to."""
        return replies.member(self.ask(f"cards/{quote(card, safe='')}"))

    def transfer(
        self,
        sender: str,
        receiver: str,
        reference: str,
        key: str,
        lots: tuple[tuple[int, int], ...] | None = None,
    ) -> Transferred:
        """Hand over points: of those lots, else all."""
        body: dict[str, object] = {"from": sender, "to": receiver, "reference": reference}
        if lots is not None:
            body["lots"] = [{"lot": lot, "points": points} for lot, points in lots]
        return replies.transferred(self.post("transfers", body, key))

    def transfers(self, reference: str) -> tuple[Transferred, ...]:
        """Return the transfers that bear a reference."""
        found = self.ask("transfers", {"reference": reference}).objects("transfers")
        return tuple(map(replies.transferred, found))

    def reassign(self, card: str, receiver: str, key: str) -> None:
        """Give a card to another member."""
        self.post(f"cards/{quote(card, safe='')}/reassign", {"to": receiver}, key)

    def mark(self, number: str, name: str, value: object, *, only_if_absent: bool = False) -> object:
        """Note something about a member. Return the value in force."""
        body = {"value": value, "only_if_absent": only_if_absent}
        return self.remote.call("PUT", self._mark(number, name), body).get("value")

    def unmark(self, number: str, name: str) -> None:
        """Drop a note."""
        self.remote.call("DELETE", self._mark(number, name))

    def _mark(self, number: str, name: str) -> str:
        return self._at(f"members/{quote(number, safe='')}/marks/{quote(name, safe='')}")

    def _at(self, path: str) -> str:
        return f"/v1/programs/{quote(self.program, safe='')}/{path}"
