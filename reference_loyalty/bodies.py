"""What requests hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from reference_loyalty.faults import FaultKind

__all__ = [
    "CardMove",
    "Earning",
    "Enrolment",
    "FaultSwitch",
    "Mark",
    "MergeRequest",
    "Move",
    "Name",
    "Person",
    "Portion",
    "Program",
    "Redemption",
    "Standing",
    "Tier",
    "Transfer",
    "Voucher",
]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""A name or number that can stand in an address."""

Points = Annotated[int, Field(gt=0, le=10**12)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Tier(_Body):
    name: Name
    from_points: Annotated[int, Field(ge=0)] = 0


class Program(_Body):
    """The first tier is reached from 0 points."""

    program: Name
    name: Annotated[str, Field(max_length=200)] = ""
    tiers: Annotated[list[Tier], Field(min_length=1, max_length=50)] = [Tier(name="member")]


class Person(_Body):
    """What a member has told of themselves."""

    name: Annotated[str, Field(max_length=200)] = ""
    email: Annotated[str, Field(max_length=200)] = ""
    phone: Annotated[str, Field(max_length=50)] = ""


class Enrolment(_Body):
    number: Name
    member_type: Literal["individual", "business"] = "individual"
    tier: Name | None = None
    cards: Annotated[list[Name], Field(max_length=50)] = []
    person: Person | None = None
    enrolled_at: datetime | None = None


class Standing(_Body):
    """A member's status or tier, as somebody at the platform sets it."""

    status: Literal["ACTIVE", "BLOCKED"] | None = None
    tier: Name | None = None


class Earning(_Body):
    points: Points
    expires_on: date | None = None
    pending: bool = False


class Redemption(_Body):
    points: Points
    open: bool = False


class Voucher(_Body):
    voucher: Name


class Mark(_Body):
    """A note about a member. With `only_if_absent` a value that is there stays."""

    value: JsonValue
    only_if_absent: bool = False


class Move(_Body):
    points: bool = True
    vouchers: bool = True
    cards: bool = True
    history: bool = True


class MergeRequest(_Body):
    survivor: Name
    sources: Annotated[list[Name], Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    tier_policy: Literal["keep_survivor", "highest", "recompute"] = "highest"
    move: Move = Move()
    golden_id: Annotated[str, Field(max_length=64)] = ""
    expected_versions: dict[Name, int] = {}


class Portion(_Body):
    lot: int
    points: Points


class Transfer(_Body):
    """Points of certain lots, so many points, or all."""

    sender: Annotated[Name, Field(alias="from")]
    receiver: Annotated[Name, Field(alias="to")]
    points: Points | None = None
    lots: Annotated[list[Portion], Field(max_length=10_000)] | None = None
    reference: Annotated[str, Field(max_length=200)] = ""


class CardMove(_Body):
    to: Name


class FaultSwitch(_Body):
    fault: FaultKind
    calls: Annotated[int, Field(ge=1, le=10_000)] = 1
    path: str = ""
    seconds: Annotated[float, Field(ge=0, le=300)] = 30.0
    retry_after: Annotated[int, Field(ge=0)] = 1
    word: Name = "REFUSED"
