"""What explanations look like, for the documentation, as `api.answers` says."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["HowTold", "Pair", "Passage", "WhyNotTold", "WhyTold"]

Status = Literal["live", "not stored", "deleted", "shadow", "empty", "erased"]


class Contribution(BaseModel):
    """What one comparison moves the match weight by, in bits. `values`, left and right, need personal:read."""

    comparison: str
    level: str
    match_weight: float
    values: list[dict[str, str]] | None = None


class Pair(BaseModel):
    """A weighed pair: the contributions sum to the match weight. `left` is null for one who was only asked about."""

    left: str | None
    right: str
    match_weight: float
    judgement: Literal["match", "possible_match", "no_match"]
    model: str
    contributions: list[Contribution]


class Changed(BaseModel):
    change_id: str
    kind: str
    actor: str
    at: datetime
    reason: str
    correlation_id: str | None
    model_version: str | None


class Came(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    origin: str | None = Field(
        alias="from", description="Another golden id; null: told for the first time, or again."
    )
    records: list[str]


class Left(BaseModel):
    to: str | None = Field(description="Another golden id; null: taken out.")
    records: list[str]


class Passage(BaseModel):
    """What one change did to a golden id."""

    at: datetime
    change: Changed | None
    merged_in: list[str]
    came: list[Came]
    left: list[Left]
    leads_to: str | None


class Side(BaseModel):
    """One side of a question: who answers for it now, and for which records."""

    asked: str
    golden_id: str | None
    records: list[str]
    status: Status


class Said(BaseModel):
    """What a person said of two records, and when and why."""

    left: str
    right: str
    judgement: Literal["match", "no_match"]
    operation_id: str
    kind: str
    actor: str
    reason: str
    at: datetime


class Link(BaseModel):
    """A step of the path; `match_weight` is null where a person's word alone holds."""

    left: str
    right: str
    match_weight: float | None
    said: Said | None


class WhyTold(BaseModel):
    """Their best pair, and the path of links between them whose weakest is strongest."""

    together: bool
    one: Side
    other: Side
    pair: Pair
    path: list[Link]
    said: list[Said]


class Cause(BaseModel):
    """Why two are apart; `cause` says which of the other fields there are."""

    cause: Literal[
        "absent", "kept_apart", "too_large", "limit_reached", "below_threshold", "no_shared_block",
        "company_speaks_against", "waiting",
    ]  # fmt: skip
    told: str
    asked: str | None = None
    status: Status | None = None
    how: Literal["directly", "through others", "in company"] | None = None
    said: Said | None = None
    identifier: str | None = None
    limit: int | None = None
    records: int | None = None
    largest: int | None = None
    match_weight: float | None = None
    threshold: float | None = None
    against: list[Contribution] | None = None
    overfull: list[str] | None = None
    generic: list[str] | None = None
    one: list[str] | None = None
    other: list[str] | None = None
    best: float | None = None
    mean: float | None = None
    worth: float | None = None


class WhyNotTold(BaseModel):
    """What keeps two apart, the decisive cause first; none when they are together."""

    together: bool
    one: Side
    other: Side
    pair: Pair | None
    causes: list[Cause]


class Joined(BaseModel):
    """Two groups of records that hold together: by a decision, or by what their links are worth, in bits."""

    one: list[str]
    other: list[str]
    by_decision: bool
    best: float
    mean: float
    worth: float
    said: list[Said]


class HowTold(BaseModel):
    """The history of a golden id, oldest first, and the order in which its records hold together."""

    golden_id: str
    answers: str = Field(description="Who answers for it now.")
    status: Literal["live", "empty", "erased"]
    records: list[str]
    history: list[Passage]
    joins: list[Joined]
