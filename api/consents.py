"""What requests and answers about consents look like; `api/answers.py` tells the answers with the others."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Id, Moment

__all__ = [
    "Agreed", "CheckAsked", "Checks", "ConsentAct", "ConsentActs", "MintAsked", "Receipt", "TokenSent", "Tokens",
    "ToldFacts", "Unsubscribed", "Whom",
]  # fmt: skip

_G = "g4x7k2m9q0c3d8f1n"
_AT = "2026-03-01T12:00:00.000000+00:00"
_NO_NUL = r"^[^\x00]*$"
_FACT = "0199d2c8c7a0b3e48f10a1b2c3d4e5f6.1"
Status = Literal["unknown", "granted", "denied", "withdrawn", "objected"]
Reason = Literal["granted", "denied", "withdrawn", "objected", "expired", "never_asked"]


def _example(**told: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [told]})


def _strict(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


class Whom(BaseModel):
    """Exactly one of: golden_id, source with source_record_id, email, phone (with the country of a national one)."""

    model_config = _strict({"email": "ines@example.com"})
    golden_id: Id | None = None
    source: Id | None = None
    source_record_id: Id | None = None
    email: Id | None = None
    phone: Id | None = None
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$", description="Whose national phone number.")] = ""


Label = Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
Told = Annotated[str, Field(min_length=1, max_length=2_000, pattern=_NO_NUL)]


class ConsentAct(Whom):
    """What somebody allowed or refused, or a signal that says so for them. Without `captured_at`: just now."""

    model_config = _strict({"email": "ines@example.com", "signal": "gpc"})
    purpose: Label | None = None
    channel: Label | None = None
    status: Literal["unknown", "granted", "denied", "withdrawn", "objected"] | None = None
    signal: Label | None = Field(
        None, description="In the place of purpose, channel and status: such as gpc."
    )
    captured_at: Moment | None = Field(None, description="When it was said.")
    expires_at: Moment | None = Field(None, description="Until when a yes holds.")
    jurisdiction: Label | None = None
    basis: Label | None = Field(None, description="The legal basis, such as consent or implied_consent.")
    told_by: Annotated[
        str, Field(max_length=200, pattern=_NO_NUL, description="Which system it was said in.")
    ] = ""
    notice_version: Told | None = Field(None, description="Which privacy notice was shown.")
    evidence: Told | None = Field(None, description="What proves it: a form, a call, a document.")


class ConsentActs(BaseModel):
    model_config = _strict(
        {
            "acts": [
                {
                    "email": "ines@example.com",
                    "purpose": "marketing",
                    "channel": "email",
                    "status": "granted",
                    "captured_at": "2026-03-01T12:00:00Z",
                    "jurisdiction": "eu",
                    "basis": "consent",
                    "told_by": "preference centre",
                    "notice_version": "2026-01",
                    "evidence": "double opt-in",
                }
            ]
        }
    )
    acts: list[ConsentAct] = Field(min_length=1, max_length=100)


class CheckAsked(BaseModel):
    model_config = _strict(
        {"purpose": "marketing", "channel": "email", "keys": [{"email": "ines@example.com"}]}
    )
    purpose: Label
    channel: Label
    jurisdiction: Label | None = Field(None, description="Whose law holds; else that of where each lives.")
    keys: list[Whom] = Field(min_length=1, max_length=1_000)


class MintAsked(BaseModel):
    model_config = _strict({"golden_ids": [_G], "purpose": "marketing", "channel": "email"})
    golden_ids: list[Id] = Field(min_length=1, max_length=1_000)
    purpose: Label
    channel: Label


class TokenSent(BaseModel):
    model_config = _strict({"token": "q1xT0m9Zb2hYc3ZkZ2hqa2w"})
    token: Annotated[str, Field(min_length=1, max_length=1_000)]


class Standing(BaseModel):
    golden_id: str
    status: Status


class ToldFact(BaseModel):
    """A fact that is kept. `captured_at` is null for a yes from the future, which ends no refusal. `profiles` are the
    people concerned, each with what holds for them now."""

    fact_id: str
    purpose: str
    channel: str
    status: Status
    captured_at: datetime | None
    expires_at: datetime | None
    profiles: list[Standing]


class ToldFacts(BaseModel):
    model_config = _example(
        operation_id="0199d2c8c7a0b3e48f10a1b2c3d4e5f6",
        facts=[
            {
                "fact_id": _FACT,
                "purpose": "marketing",
                "channel": "email",
                "status": "granted",
                "captured_at": _AT,
                "expires_at": None,
                "profiles": [{"golden_id": _G, "status": "granted"}],
            }
        ],
    )
    operation_id: str
    facts: list[ToldFact]


class Named(BaseModel):
    """An e-mail address or phone number, masked without `personal:read`, or a record (source:id)."""

    kind: Literal["email", "phone", "record"]
    value: str


class ByIdentifier(Named):
    status: Status
    reason: Reason
    since: datetime | None
    until: datetime | None


class Consented(BaseModel):
    """What holds: the strictest of what holds for each identifier."""

    purpose: str
    channel: str
    status: Status
    reason: Reason
    since: datetime | None
    until: datetime | None
    identifiers: list[ByIdentifier]


class Fact(BaseModel):
    """`told` as a fact, or `kept` because a record said so and says it no more. `evidence` needs `personal:read`."""

    fact_id: str
    origin: Literal["told", "kept"]
    purpose: str
    channel: str
    status: Status
    captured_at: datetime | None
    received_at: datetime
    expires_at: datetime | None
    told_by: str
    jurisdiction: str | None
    basis: str | None
    notice_version: str | None
    evidence: str | None
    identifier: Named | None
    records: list[str]


class Stated(BaseModel):
    """What a record says."""

    record: str
    purpose: str
    channel: str
    status: Status
    captured_at: datetime | None
    observed_at: datetime | None


class Agreed(BaseModel):
    """What a person allows, and everything that was said of it, in order."""

    model_config = _example(
        golden_id=_G,
        redirected_from=None,
        version=3,
        consents=[
            {
                "purpose": "marketing",
                "channel": "email",
                "status": "withdrawn",
                "reason": "withdrawn",
                "since": _AT,
                "until": None,
                "identifiers": [
                    {
                        "kind": "email",
                        "value": "i***@e***",
                        "status": "withdrawn",
                        "reason": "withdrawn",
                        "since": _AT,
                        "until": None,
                    }
                ],
            }
        ],
        facts=[],
        statements=[],
    )
    golden_id: str
    redirected_from: str | None
    version: int
    consents: list[Consented]
    facts: list[Fact]
    statements: list[Stated]


class Check(BaseModel):
    """Whether somebody may be reached. `golden_ids` are several where the key is known of several people: then the
    strictest answer holds."""

    allowed: bool
    reason: Literal[
        "granted", "denied", "withdrawn", "objected", "expired", "never_asked", "not_refused", "not_needed",
        "unknown_person", "shared", "no_records", "erased",
    ]  # fmt: skip
    status: Status
    golden_ids: list[str]


class Checks(BaseModel):
    """One answer for each key, in their order."""

    model_config = _example(
        answers=[{"allowed": True, "reason": "granted", "status": "granted", "golden_ids": [_G]}]
    )
    answers: list[Check]


class Token(BaseModel):
    golden_id: str
    token: str


class Tokens(BaseModel):
    """A token for each person, in their order."""

    model_config = _example(tokens=[{"golden_id": _G, "token": "q1xT0m9Zb2hYc3ZkZ2hqa2w"}])
    tokens: list[Token]


class Unsubscribed(BaseModel):
    """`profiles` are the people concerned, each with what holds for them now; none where nobody is left."""

    model_config = _example(unsubscribed=True, profiles=[{"golden_id": _G, "status": "withdrawn"}])
    unsubscribed: Literal[True]
    profiles: list[Standing]


class Party(BaseModel):
    role: Literal["pii_controller", "source"]
    name: str


class Processing(BaseModel):
    privacy_notice: str | None
    purpose: str
    collection_method: str | None
    communication_channel: str
    identifier_kind: str | None
    source_records: list[str]
    lawful_basis: str | None
    jurisdiction: str | None


class Occurrence(BaseModel):
    event_state: Literal[
        "consent_given", "consent_refused", "consent_withdrawn", "processing_objected", "consent_unknown"
    ]
    event_time: datetime | None
    received_at: datetime
    valid_until: datetime | None
    entity: str


class Receipt(BaseModel):
    """A consent record shaped on ISO/IEC TS 27560:2023. The person is named by golden ids."""

    schema_version: str
    record_id: str
    pii_principal_id: list[str]
    pii_processing: Processing
    party_identification: list[Party]
    event: Occurrence
