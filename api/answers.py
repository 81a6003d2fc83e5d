"""What answers look like, for the documentation: routes send what they have, and tests hold them to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.consents import (
    Agreed,
    Checks,
    Receipt,
    Tokens,
    ToldFacts,
    Unsubscribed,
)
from api.explanations import Pair, Passage
from api.schemas import Found, Image, Redirected, Resolved
from identity.model.run import RunKind, RunStatus

__all__ = [
    "Agreed", "Answers", "Checks", "Events", "Health", "Likeness", "MergePreview", "Models", "NamesFound",
    "Operations", "Profile", "ProfileThen", "Readiness", "Receipt", "ResolvedBatch", "Run", "RunDetails",
    "Runs", "Tokens", "ToldFacts", "Unsubscribed", "Whereabouts",
]  # fmt: skip

_G, _RETIRED = "g4x7k2m9q0c3d8f1n", "g0b6t5w1r9h2j4s8v"
_AT = "2026-03-01T12:00:00.000000+00:00"


def _example(**told: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [told]})


class ResolvedBatch(BaseModel):
    """One result for each record, in their order."""

    results: list[Resolved]


class Answers(BaseModel):
    """One answer for each key, in their order."""

    answers: list[Found]


class Alike(BaseModel):
    record: str
    golden_id: str | None
    match_weight: float
    judgement: Literal["match", "possible_match", "no_match"]


class Likeness(BaseModel):
    """Who is like the record asked about, the likest first; `best` says why that one is. `shared` are attributes that
    count for nothing, because too many people share the value."""

    model_config = _example(
        asked=None,
        shared=[],
        alike=[{"record": "pos:1001", "golden_id": _G, "match_weight": 17.2, "judgement": "match"}],
        best=None,
        found=True,
    )
    asked: str | None
    shared: list[str]
    alike: list[Alike]
    best: Pair | None
    found: bool


class NamesFound(BaseModel):
    """`next_cursor` leads to the next page; null on the last."""

    model_config = _example(golden_ids=[_G], next_cursor=None)
    golden_ids: list[str]
    next_cursor: str | None


class Reasoned(BaseModel):
    """The record that a value is from, and the rule that chose it."""

    record: str
    rule: str
    observed_at: datetime | None


class ShownRecord(BaseModel):
    source: str
    source_record_id: str
    attributes: dict[str, str]
    observed_at: datetime | None


class Profile(BaseModel):
    """A golden profile. `provenance`, `consents`, `records` and `history` are there when `include` names them."""

    model_config = _example(
        golden_id=_G,
        redirected_from=None,
        version=3,
        status="live",
        restricted=False,
        values={"given_name": "I***", "email": "i***@e***"},
        record_keys=["ecommerce:C-1042", "pos:1001"],
        updated_at=_AT,
        consents={"marketing.email": "granted"},
    )
    golden_id: str
    redirected_from: str | None
    version: int
    status: Literal["live", "empty"]
    restricted: bool = False
    values: dict[str, str]
    record_keys: list[str]
    updated_at: datetime
    consents: dict[str, str] | None = None
    provenance: dict[str, Reasoned] | None = None
    records: list[ShownRecord] | None = None
    history: list[Passage] | None = None


class ProfileThen(BaseModel):
    """What a golden id meant at a past moment."""

    golden_id: str
    redirected_from: str | None
    as_of: datetime
    status: Literal["live", "empty"]
    records: list[str]


class Blocker(BaseModel):
    code: str
    message: str
    remedy: str


class MergePreview(BaseModel):
    """What a merge would lead to, or what stands against it. `accounts` are the records concerned, by source."""

    model_config = _example(
        mergeable=True,
        blockers=[],
        profiles=[
            {"golden_id": _G, "version": 4, "status": "live", "records": ["ecommerce:C-1042", "pos:1001"]}
        ],
        redirects=[{"retired": _RETIRED, "survivor": _G}],
        accounts={"ecommerce": ["C-1042"], "pos": ["1001"]},
    )
    mergeable: bool
    blockers: list[Blocker]
    profiles: list[Image]
    redirects: list[Redirected]
    accounts: dict[str, list[str]]


class OperationLine(BaseModel):
    """What a person decided; `reverses` is what an undo took back."""

    operation_id: str
    kind: Literal["merge", "split", "keep_apart", "keep_together", "override", "undo"]
    actor: str
    reason: str
    at: datetime
    correlation_id: str | None
    status: Literal["done", "reversed"]
    reverses: str | None
    reversed_by: str | None
    profiles: list[str]


class Operations(BaseModel):
    operations: list[OperationLine]


class PropagatedTo(BaseModel):
    """How far a decision came in one system, and since when. `pending`: nothing is known of it yet, or it waits to be
    tried again; `failed`: a person has to see to it, `reason` says to what; `compensated`: it was taken back there."""

    consumer: str
    status: Literal["pending", "acknowledged", "failed", "compensated"]
    reason: str | None
    at: datetime | None


class Propagation(BaseModel):
    """`consumers` are those who have ever followed."""

    model_config = _example(
        operation_id="01J9Z3K5V7",
        consumers=[
            {
                "consumer": "loyalty",
                "status": "acknowledged",
                "reason": None,
                "at": "2026-03-09T12:00:00+00:00",
            }
        ],
    )
    operation_id: str
    consumers: list[PropagatedTo]


class Whereabouts(BaseModel):
    model_config = _example(source="pos", source_record_id="1001", golden_id=_G)
    source: str
    source_record_id: str
    golden_id: str


class Event(BaseModel):
    """A fact of the log. `data` is as docs/events describes it for the type; opaque names only."""

    position: int
    id: str
    type: str
    subject: str
    version: int
    time: datetime
    data: dict[str, Any]


class Events(BaseModel):
    """Send `next` back as `after`; `more` says that there is a next page already."""

    model_config = _example(events=[], next=17, more=False)
    events: list[Event]
    next: int
    more: bool


class Model(BaseModel):
    version: str
    active: bool
    created_at: datetime


class Activation(BaseModel):
    version: str
    at: datetime
    actor: str
    reason: str


class Models(BaseModel):
    """The models there are, and when each came into force."""

    models: list[Model]
    history: list[Activation]


class Breach(BaseModel):
    limit: str
    measured: float
    allowed: float


class Move(BaseModel):
    """A record, and the golden id it would be under."""

    source: str
    source_record_id: str
    came_from: str | None
    golden_id: str | None


class Stage(BaseModel):
    name: str
    seconds: float
    peak_megabytes: float


class Run(BaseModel):
    """A re-match. What it would change is told once it has been measured."""

    run_id: str
    kind: RunKind
    status: RunStatus
    started_at: datetime
    beat_at: datetime
    finished_at: datetime | None
    model_version: str | None
    decided_by: str | None
    decided_at: datetime | None
    seconds: float | None
    actor: str | None = None
    approved: str | None = None
    failure: str | None = None
    breaches: list[Breach] | None = None
    records: int | None = None
    profiles: int | None = None
    loyalty_accounts: int | None = None
    records_moved: int | None = None
    profiles_changed: int | None = None
    loyalty_accounts_moved: int | None = None
    created: int | None = None
    updated: int | None = None
    merged: int | None = None
    split: int | None = None
    largest_profile: int | None = None
    records_looked_at: int | None = None
    records_rehearsed: int | None = None
    model_before: str | None = None
    trained_now: bool | None = None
    way: str | None = Field(None, description="How it was carried out.")
    queued: int | None = None
    decided_again: int | None = None
    changed: int | None = None
    sample: list[Move] | None = Field(None, description="Some of what it proposed.")
    stages: list[Stage] | None = Field(None, description="What carrying it out took.")


class Runs(BaseModel):
    runs: list[Run]


class RunDetails(Run):
    """A re-match, the number of records it would move, and the first of them."""

    moves: int
    proposed: list[Move]


class Health(BaseModel):
    model_config = _example(status="ok")
    status: Literal["ok"]


class ReplicaTold(BaseModel):
    model_config = _example(state="answers", lag_seconds=0.4)
    state: Literal["answers", "away", "behind", "stranger"]
    lag_seconds: float | None


class Readiness(BaseModel):
    model_config = _example(status="ok", missing={})
    status: Literal["ok", "reads only", "missing"]
    missing: dict[str, str]
    replica: ReplicaTold | None = None
