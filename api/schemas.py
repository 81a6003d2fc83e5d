"""What requests and answers look like. Names are those of the files' columns; unknown ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = [
    "Asked", "Checked", "Confirmed", "Consent", "Decision", "ExportAsked", "Found", "Judged", "LookupBatch",
    "MatchAsked", "Merge", "NameAsked", "PrivacyAsked", "ProblemBody", "RecordBatch", "RecordBody", "RecordIn",
    "Resolved", "Split",
]  # fmt: skip

_NO_NUL = r"^[^\x00]*$"
_STRICT = ConfigDict(extra="forbid")
_IDS = ("g4x7k2m9q0c3d8f1n", "g0b6t5w1r9h2j4s8v")
_INES: dict[str, Any] = {
    "given_name": "Ines",
    "family_name": "Okafor",
    "email": "ines@example.com",
    "phone": "(212) 555-0142",
    "postcode": "10001",
    "country": "US",
    "observed_at": "2026-03-01T12:00:00Z",
    "consents": {"marketing.email": {"status": "granted", "captured_at": "2026-02-01T09:30:00Z"}},
}
_TOLD: dict[str, Any] = {"source": "ecommerce", "source_record_id": "C-1042", **_INES}
_MOST_MEMBERS = 1_000


def _strict(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


def _storable_moment(moment: datetime) -> datetime:
    if not 1000 <= moment.year <= 9998:
        raise ValueError("out of range")
    # Databases know no offset of sixteen hours and more, and the moment is the same.
    return moment.astimezone(UTC)


def _written(moment: object) -> object:
    # Seconds since 1970 would do as well, in a text too, which nobody is told.
    if not isinstance(moment, str) or "-" not in moment[1:]:
        raise ValueError("is no date written out")
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_storable_moment)]
Number = Annotated[int, Strict()]
Text = Annotated[str, Field(max_length=65_536)]
Word = Annotated[str, Field(max_length=65_536, pattern=_NO_NUL)]
Id = Annotated[str, Field(min_length=1, max_length=1_000, pattern=_NO_NUL)]
"""Of what is there already: nothing that is stored has a NUL in it."""
Name = Annotated[str, Field(min_length=1, max_length=1_000)]
Value = Annotated[
    str, Field(description="Up to 64 KB; a longer one is refused under E309, and stops no other record.")
]


class Consent(BaseModel):
    model_config = _STRICT
    status: Literal["unknown", "granted", "denied", "withdrawn", "objected"]
    captured_at: Moment | None = None


class RecordBody(BaseModel):
    """A customer in canonical attributes, spelled as the source spells them."""

    model_config = _strict(_INES)
    given_name: Value | None = None
    family_name: Value | None = None
    full_name: Value | None = None
    birth_date: Value | None = None
    email: Value | None = None
    phone: Value | None = None
    street_address: Value | None = None
    city: Value | None = None
    region: Value | None = None
    postcode: Value | None = None
    country: Value | None = None
    gender: Value | None = None
    tax_id: Value | None = None
    loyalty_id: Value | None = None
    custom: dict[str, Value] = Field(default_factory=dict, description="Declared custom attributes.")
    observed_at: Moment | None = Field(None, description="When the source last knew this to be true.")
    consents: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}\.[a-z0-9_]{1,64}$")], Consent] = Field(
        default_factory=dict, description="By purpose and channel, such as marketing.email."
    )

    def attributes(self) -> dict[str, str]:
        """Return what is told; an empty value tells nothing."""
        told = {name: getattr(self, name) for name in CANONICAL_ATTRIBUTES} | self.custom
        return {name: value for name, value in told.items() if value}


class RecordIn(RecordBody):
    model_config = _strict(_TOLD)
    source: Name = Field(examples=["ecommerce"])
    source_record_id: Name = Field(examples=["C-1042"])


class RecordBatch(BaseModel):
    model_config = _strict({"records": [_TOLD]})
    records: list[RecordIn] = Field(min_length=1, max_length=1_000)


class ExportAsked(BaseModel):
    """Without a purpose personal values are masked, unless the client may see them in clear."""

    model_config = _strict({"format": "parquet", "purpose": "marketing"})
    format: Literal["parquet", "ndjson"] = "parquet"
    purpose: Literal["service", "marketing", "analytics", "fraud"] | None = None


class Resolved(BaseModel):
    """What became of a record. A refused one has a problem, and nothing of it was stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "ecommerce",
                    "source_record_id": "C-1042",
                    "outcome": "accepted",
                    "golden_id": _IDS[0],
                    "decision": "match",
                    "match_weight": 17.2,
                    "operation_id": "0199d2c8c7a0b3e48f10a1b2c3d4e5f6",
                    "problem": None,
                }
            ]
        }
    )

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

    model_config = _strict({"email": "ines@example.com"}, {"source": "pos", "source_record_id": "1001"})
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
    model_config = _strict(
        {"keys": [{"email": "ines@example.com"}, {"phone": "(212) 555-0142", "country": "US"}]}
    )
    keys: list[Asked] = Field(min_length=1, max_length=1_000)


class Found(BaseModel):
    """Who answers: `golden_id` when it is one. `status` is live, empty, erased, unknown, or shared: the value belongs
    to too many to be anybody's. `records`, then, are told with `as_of`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"golden_id": _IDS[0], "golden_ids": [_IDS[0]], "status": "live", "redirected": False}
            ]
        }
    )
    golden_id: str | None
    golden_ids: list[str]
    status: Literal["live", "empty", "erased", "unknown", "shared"]
    redirected: bool
    records: list[str] | None = None


class MatchAsked(BaseModel):
    model_config = _strict({"record": {"given_name": "Ines", "email": "ines@example.com"}, "limit": 5})
    record: RecordBody
    limit: Annotated[Number, Field(ge=1, le=100)] = 10


class NameAsked(BaseModel):
    model_config = _strict({"family_name": "Okafor", "given_name": "In", "limit": 20})
    family_name: Name
    given_name: Text = ""
    birth_date: Text = ""
    postcode: Text = ""
    limit: Annotated[Number, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(pattern="^[0-9]{0,18}$")] = ""


GoldenIds = Annotated[list[Id], Field(min_length=2, max_length=50)]
Versions = Annotated[
    dict[Id, Number], Field(description="Versions as they were seen; another is refused as stale.")
]


class Merge(BaseModel):
    model_config = _strict({"profile_ids": [*_IDS], "reason": "Same person, by phone."})
    profile_ids: GoldenIds
    reason: Word = ""
    into: Id | None = Field(None, description="Whose id lives on; by default the rules say.")
    expected_versions: Versions = Field(default_factory=dict)


class Key(BaseModel):
    model_config = _STRICT
    source: Id
    source_record_id: Id


class Split(BaseModel):
    model_config = _strict(
        {
            "records": [{"source": "ecommerce", "source_record_id": "C-1042"}],
            "reason": "Her daughter's account.",
        }
    )
    records: list[Key] = Field(min_length=1, max_length=_MOST_MEMBERS)
    reason: Word = ""
    expected_versions: Versions = Field(default_factory=dict)


class Judged(BaseModel):
    """Of two records (as source:id) or, to keep apart, two profiles."""

    model_config = _strict(
        {"judgement": "keep_apart", "one": "pos:1001", "other": "ecommerce:C-1042", "reason": "Two sisters."}
    )
    judgement: Literal["keep_apart", "keep_together"]
    one: Id
    other: Id
    reason: Word = ""
    expected_versions: Versions = Field(default_factory=dict)


class Reason(BaseModel):
    model_config = _strict({"reason": "They only share an address."})
    reason: Word = ""


class PrivacyAsked(BaseModel):
    model_config = _strict({"kind": "erasure", "golden_id": _IDS[0], "reason": "By letter of 1 March."})
    kind: Literal["access", "erasure", "rectification", "restriction"]
    golden_id: Id
    reason: Word = ""
    values: Annotated[dict[str, str], Field(max_length=50)] = {}


class Checked(BaseModel):
    model_config = _strict({"check": "Answered from the address on file."})
    check: Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]*\S[^\x00]*$")]


class Confirmed(BaseModel):
    model_config = _strict({"status": "done"})
    status: Literal["done", "held_by_law", "nothing_held"]


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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "operation_id": "0199d2c8c7a0b3e48f10a1b2c3d4e5f6",
                    "kind": "merge",
                    "status": "done",
                    "golden_id": _IDS[0],
                    "golden_ids": [_IDS[0]],
                    "redirects": [{"retired": _IDS[1], "survivor": _IDS[0]}],
                    "profiles": [
                        {
                            "golden_id": _IDS[0],
                            "version": 4,
                            "status": "live",
                            "records": ["ecommerce:C-1042", "pos:1001"],
                        }
                    ],
                    "at": "2026-03-01T12:00:00.000000+00:00",
                }
            ]
        }
    )
    operation_id: str
    kind: Literal["merge", "split", "keep_apart", "keep_together", "override", "undo"]
    status: Literal["done", "reversed"]
    golden_id: str | None
    golden_ids: list[str]
    redirects: list[Redirected]
    profiles: list[Image]
    at: datetime


class Place(BaseModel):
    place: str
    problem: str


class ProblemBody(BaseModel):
    """RFC 9457. `code` is stable: branch on it. `places` tells where a request is not as it has to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:customer-identity:problem:UNKNOWN",
                    "title": "Nobody is known by this.",
                    "status": 404,
                    "code": "UNKNOWN",
                    "detail": "Tell a record first, or match.",
                    "request_id": "0199d2c8c7a0b3e48f10a1b2c3d4e5f6",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    places: list[Place] | None = None
