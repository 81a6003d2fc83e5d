"""What requests and answers look like. Names are those of the files' columns; unknown ones are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = [
    "Asked", "Consent", "Decision", "Found", "Judged", "LookupBatch", "MatchAsked", "Merge", "NameAsked",
    "ProblemBody", "RecordBatch", "RecordBody", "RecordIn", "Resolved", "Split",
]  # fmt: skip

_STRICT = ConfigDict(extra="forbid")
_MOST_MEMBERS = 1_000


def _storable_moment(moment: datetime) -> datetime:
    if not 1000 <= moment.year <= 9998:
        raise ValueError("out of range")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_storable_moment)]
Text = Annotated[str, Field(max_length=65_536)]
Name = Annotated[str, Field(min_length=1, max_length=1_000)]


class Consent(BaseModel):
    model_config = _STRICT
    status: Literal["unknown", "granted", "denied", "withdrawn", "objected"]
    captured_at: Moment | None = None


class RecordBody(BaseModel):
    """A customer in canonical attributes, spelled as the source spells them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "given_name": "Ines",
                    "family_name": "Okafor",
                    "email": "ines@example.com",
                    "phone": "(212) 555-0142",
                    "postcode": "10001",
                    "country": "US",
                    "observed_at": "2026-03-01T12:00:00Z",
                    "consents": {"marketing.email": {"status": "granted"}},
                }
            ]
        },
    )
    given_name: Text | None = None
    family_name: Text | None = None
    full_name: Text | None = None
    birth_date: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    street_address: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postcode: Text | None = None
    country: Text | None = None
    gender: Text | None = None
    tax_id: Text | None = None
    loyalty_id: Text | None = None
    custom: dict[str, Text] = Field(default_factory=dict, description="Declared custom attributes.")
    observed_at: Moment | None = Field(None, description="When the source last knew this to be true.")
    consents: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}$")], Consent] = Field(
        default_factory=dict, description="By purpose and channel, such as marketing.email."
    )

    def attributes(self) -> dict[str, str]:
        """Return what is told; an empty value tells nothing."""
        told = {name: getattr(self, name) for name in CANONICAL_ATTRIBUTES} | self.custom
        return {name: value for name, value in told.items() if value}


class RecordIn(RecordBody):
    source: Name = Field(examples=["ecommerce"])
    source_record_id: Name = Field(examples=["C-1042"])


class RecordBatch(BaseModel):
    model_config = _STRICT
    records: list[RecordIn] = Field(min_length=1, max_length=1_000)


class Resolved(BaseModel):
    """What became of a record. A refused one has a problem, and nothing of it was stored."""

    source: str
    source_record_id: str
    outcome: Literal["accepted", "unchanged", "superseded", "shadow", "deleted", "unknown", "refused"]
    golden_id: str | None
    decision: Literal["match", "possible_match", "no_match"]
    match_weight: float | None
    operation_id: str | None
    problem: dict[str, str] | None = None


class Asked(BaseModel):
    """Exactly one of: golden_id, source with source_record_id, email, phone, loyalty_id, tax_id."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "ines@example.com"}, {"source": "pos", "source_record_id": "1001"}]
        },
    )
    golden_id: Name | None = None
    source: Name | None = None
    source_record_id: Name | None = None
    email: Name | None = None
    phone: Name | None = None
    loyalty_id: Name | None = None
    tax_id: Name | None = None
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$", description="Whose national phone number.")] = ""
    as_of: Moment | None = Field(None, description="Then instead of now; for golden ids and records.")


class LookupBatch(BaseModel):
    model_config = _STRICT
    keys: list[Asked] = Field(min_length=1, max_length=1_000)


class Found(BaseModel):
    """Who answers: `golden_id` when it is one. `status` is live, empty, erased, unknown, or shared: the value belongs
    to too many to be anybody's."""

    golden_id: str | None
    golden_ids: list[str]
    status: Literal["live", "empty", "erased", "unknown", "shared"]
    redirected: bool
    records: list[str] | None = None


class MatchAsked(BaseModel):
    model_config = _STRICT
    record: RecordBody
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class NameAsked(BaseModel):
    model_config = _STRICT
    family_name: Name
    given_name: Text = ""
    birth_date: Text = ""
    postcode: Text = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(pattern="^[0-9]{0,18}$")] = ""


GoldenIds = Annotated[list[Name], Field(min_length=2, max_length=50)]
Versions = Annotated[
    dict[str, int], Field(description="Versions as they were seen; another is refused as stale.")
]


class Merge(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"profile_ids": ["g1…", "g2…"], "reason": "Same person, by phone."}]},
    )
    profile_ids: GoldenIds
    reason: Text = ""
    into: Name | None = Field(None, description="Whose id lives on; by default the rules say.")
    expected_versions: Versions = Field(default_factory=dict)


class Key(BaseModel):
    model_config = _STRICT
    source: Name
    source_record_id: Name


class Split(BaseModel):
    model_config = _STRICT
    records: list[Key] = Field(min_length=1, max_length=_MOST_MEMBERS)
    reason: Text = ""
    expected_versions: Versions = Field(default_factory=dict)


class Judged(BaseModel):
    """Of two records (as source:id) or, to keep apart, two profiles."""

    model_config = _STRICT
    judgement: Literal["keep_apart", "keep_together"]
    one: Name
    other: Name
    reason: Text = ""
    expected_versions: Versions = Field(default_factory=dict)


class Reason(BaseModel):
    model_config = _STRICT
    reason: Text = ""


class Image(BaseModel):
    golden_id: str
    version: int
    status: str
    records: list[str]


class Redirected(BaseModel):
    retired: str
    survivor: str


class Decision(BaseModel):
    """What a decision did. `golden_id` is the profile that is left, when it is one."""

    operation_id: str
    kind: Literal["merge", "split", "keep_apart", "keep_together", "undo"]
    status: Literal["done", "reversed"]
    golden_id: str | None
    golden_ids: list[str]
    redirects: list[Redirected]
    profiles: list[Image]
    at: datetime


class ProblemBody(BaseModel):
    """RFC 9457. `code` is stable: branch on it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    places: list[dict[str, Any]] | None = None
