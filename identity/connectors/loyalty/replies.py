"""What the loyalty platform answers, checked field by field. An answer of another shape is no answer: Unavailable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import NoReturn, TypeVar

from identity.connectors.remote import unreadable
from identity.model.loyalty import (
    LoyaltyCapabilities,
    LoyaltyMember,
    MemberStatus,
    MergeReceipt,
    PointsLot,
)

__all__ = ["Reply", "Transferred", "capabilities", "member", "receipt", "transferred"]

Kind = TypeVar("Kind")
Choice = TypeVar("Choice", bound=StrEnum)

SYSTEM = "the loyalty platform"


@dataclass(frozen=True, slots=True)
class Transferred:
    """Points that changed hands: of which member, to which, in which lots they are now, and the entries."""

    sender: str
    receiver: str
    points: int
    parts: tuple[PointsLot, ...]
    ledger_entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON object whose fields have to be of a certain kind."""

    content: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        return self._of(str, name) or self._wrong(name)

    def perhaps(self, name: str) -> str | None:
        """Return a text, or None where there is none."""
        return None if self.content.get(name) is None else self.text(name)

    def number(self, name: str) -> int:
        """Return a whole number."""
        number = self._of(int, name)
        return self._wrong(name) if isinstance(number, bool) else number

    def flag(self, name: str) -> bool:
        """Return yes or no."""
        return self._of(bool, name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._each(str, name))

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        return tuple(self._each(int, name))

    def objects(self, name: str) -> tuple[Reply, ...]:
        """Return a list of objects."""
        return tuple(Reply(each) for each in self._each(dict, name))

    def moment(self, name: str) -> datetime:
        """Return a moment with its time zone."""
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            return self._wrong(name)
        return moment if moment.tzinfo else self._wrong(name)

    def day(self, name: str) -> date | None:
        """Return a day, or None where there is none."""
        text = self.perhaps(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            return self._wrong(name)

    def choice(self, name: str, among: type[Choice]) -> Choice:
        """Return one of several words."""
        try:
            return among(self.text(name))
        except ValueError:
            return self._wrong(name)

    def _of(self, kind: type[Kind], name: str) -> Kind:
        value = self.content.get(name)
        return value if isinstance(value, kind) else self._wrong(name)

    def _each(self, kind: type[Kind], name: str) -> list[Kind]:
        values: list[Kind] = self._of(list, name)
        # Exactly of the kind: in Python, true is a number too.
        return values if all(type(value) is kind for value in values) else self._wrong(name)

    def _wrong(self, name: str) -> NoReturn:
        raise unreadable(SYSTEM, f"{name} is missing or of another kind")


def capabilities(reply: Reply) -> LoyaltyCapabilities:
    """Return what the platform says it can do."""
    flags = {
        field.name: reply.flag(field.name)
        for field in fields(LoyaltyCapabilities)
        if field.name != "max_sources"
    }
    return LoyaltyCapabilities(**flags, max_sources=reply.number("max_sources"))


def member(reply: Reply) -> LoyaltyMember:
    """Return a member."""
    marks = reply.content.get("marks")
    return LoyaltyMember(
        number=reply.text("number"),
        program=reply.text("program"),
        member_type=reply.text("member_type"),
        status=reply.choice("status", MemberStatus),
        tier=reply.text("tier"),
        points=reply.number("points"),
        lots=tuple(
            PointsLot(lot.number("lot"), lot.number("points"), lot.day("expires_on"))
            for lot in reply.objects("lots")
        ),
        pending_points=reply.number("pending_points"),
        open_redemptions=reply.number("open_redemptions"),
        cards=reply.texts("cards"),
        enrolled_at=reply.moment("enrolled_at"),
        last_activity_at=reply.moment("last_activity_at"),
        merged_into=reply.perhaps("merged_into"),
        merged_from=reply.texts("merged_from"),
        version=reply.number("version"),
        marks=marks if isinstance(marks, dict) else {},
    )


def receipt(reply: Reply) -> MergeReceipt:
    """Return what a merge did."""
    return MergeReceipt(
        merge_id=reply.text("merge_id"),
        survivor=reply.text("survivor"),
        sources=reply.texts("sources"),
        ledger_entries=reply.numbers("ledger_entries"),
        points_moved=reply.number("points_moved"),
        tier_before=reply.text("tier_before"),
        tier_after=reply.text("tier_after"),
        cards_moved=reply.texts("cards_moved"),
        warnings=reply.texts("warnings"),
    )


def transferred(reply: Reply) -> Transferred:
    """Return what a transfer did."""
    return Transferred(
        sender=reply.text("from"),
        receiver=reply.text("to"),
        points=reply.number("points"),
        parts=tuple(
            PointsLot(lot.number("to_lot"), lot.number("points"), lot.day("expires_on"))
            for lot in reply.objects("lots")
        ),
        ledger_entries=reply.numbers("ledger_entries"),
    )
