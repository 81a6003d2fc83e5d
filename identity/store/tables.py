"""The tables, declared once. Small columns stand before large ones: a scan of the small skips the large.

Rows never leave this folder: `mapping.py` turns them into model values, `bulk.py` into Arrow.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Double, Index, MetaData, Table, Text, UniqueConstraint, true
from sqlmodel import Field, SQLModel

from identity.store.dialect import CLUSTERED, NEVER_REUSED, KeyText, Position, UtcDateTime, partial_index

__all__ = ["METADATA", "TABLES"]

METADATA = MetaData(naming_convention={"pk": "pk_%(table_name)s"})


class _Row(SQLModel):
    metadata = METADATA


def _key(**options: Any) -> Any:
    return Field(sa_type=KeyText, **options)


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def _time(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def _position() -> Any:
    return Field(default=None, sa_column=Column(Position, primary_key=True, autoincrement=True))


def _number(**options: Any) -> Any:
    return Field(sa_type=Position, **options)


def _given_number() -> Any:
    return Field(sa_column=Column(Position, primary_key=True, autoincrement=False))


class SourceRecordRow(_Row, table=True):
    """What a source system last told about one of its records.

    The number is what the index knows it by; `features` are those it is filed by (null: it is not filed).
    """

    __tablename__ = "source_record"
    __table_args__ = (
        UniqueConstraint("source", "source_record_id", name="uq_source_record_key"),
        NEVER_REUSED,
    )

    number: int | None = _position()
    source: str = _key()
    source_record_id: str = _key()
    mode: str = _text()
    content_hash: str = _text()
    observed_at: datetime | None = _time(default=None)
    loaded_at: datetime = _time()
    load_id: str = _text()
    deleted_at: datetime | None = _time(default=None)
    features: str | None = _text(default=None)
    given_name: str | None = _text(default=None)
    family_name: str | None = _text(default=None)
    full_name: str | None = _text(default=None)
    birth_date: str | None = _text(default=None)
    email: str | None = _text(default=None)
    phone: str | None = _text(default=None)
    street_address: str | None = _text(default=None)
    city: str | None = _text(default=None)
    region: str | None = _text(default=None)
    postcode: str | None = _text(default=None)
    country: str | None = _text(default=None)
    gender: str | None = _text(default=None)
    tax_id: str | None = _text(default=None)
    loyalty_id: str | None = _text(default=None)
    consents: str = _text()
    custom: str = _text()
    original: str | None = _text(default=None)


class CrosswalkRow(_Row, table=True):
    """Which golden id a record was under, from when until when (null: now)."""

    __tablename__ = "crosswalk"
    # The closed rows have their own indexes: a first load, which closes nothing, does not pay for them.
    __table_args__ = (
        partial_index(
            "uq_crosswalk_current", "source", "source_record_id", where="valid_to IS NULL", unique=True
        ),
        partial_index("ix_crosswalk_golden_current", "golden_id", where="valid_to IS NULL"),
        partial_index("ix_crosswalk_closed", "source", "source_record_id", where="valid_to IS NOT NULL"),
        partial_index("ix_crosswalk_golden_closed", "golden_id", where="valid_to IS NOT NULL"),
        NEVER_REUSED,
    )

    id: int | None = _position()
    source: str = _key()
    source_record_id: str = _key()
    golden_id: str = _key()
    valid_from: datetime = _time()
    valid_to: datetime | None = _time(default=None)
    change_id: str = _text()


class GoldenProfileRow(_Row, table=True):
    """One person: the surviving values with their reasons, the consents, a digest that tells any change."""

    __tablename__ = "golden_profile"
    __table_args__ = (Index("ix_golden_profile_status", "status"),)

    golden_id: str = _key(primary_key=True)
    version: int
    status: str = _text()
    record_count: int
    fingerprint: str = _text()
    created_at: datetime = _time()
    updated_at: datetime = _time()
    attributes: str = _text()
    consents: str = _text()


class RedirectRow(_Row, table=True):
    """A retired golden id and the live one that answers for it; never a chain."""

    __tablename__ = "redirect"
    __table_args__ = (Index("ix_redirect_survivor", "survivor"), CLUSTERED)

    retired: str = _key(primary_key=True)
    survivor: str = _key()
    since: datetime = _time()
    change_id: str = _text()


class LinkRow(_Row, table=True):
    """What was decided about a pair of records. A pair has one spelling: the smaller key on the left."""

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint("(left_source, left_id) < (right_source, right_id)", name="ck_link_in_key_order"),
        Index("ix_link_right", "right_source", "right_id"),
        partial_index("ix_link_steward", "decided_by", where="decided_by = 'steward'"),
        CLUSTERED,
    )

    left_source: str = _key(primary_key=True)
    left_id: str = _key(primary_key=True)
    right_source: str = _key(primary_key=True)
    right_id: str = _key(primary_key=True)
    match_weight: float | None = Field(default=None, sa_type=Double)
    judgement: str = _text()
    decided_by: str = _text()
    model_version: str | None = _text(default=None)
    decided_at: datetime = _time()
    blocked: bool = Field(sa_column_kwargs={"server_default": true()})


class FiledRow(_Row, table=True):
    """Which records are in which block."""

    __tablename__ = "filed"
    __table_args__ = (CLUSTERED,)

    block: int = _number(primary_key=True)
    record: int = _number(primary_key=True)


class IdentifierRow(_Row, table=True):
    """Who holds which identifier value, and under which name (null: no whole name)."""

    __tablename__ = "identifier"
    __table_args__ = (CLUSTERED,)

    value: int = _number(primary_key=True)
    record: int = _number(primary_key=True)
    name: int | None = _number(default=None)


class GenericValueRow(_Row, table=True):
    """An identifier value that too many different names share: it counts as nobody's own."""

    __tablename__ = "generic_value"

    value: int = _given_number()
    since: datetime = _time()


class RedoRow(_Row, table=True):
    """Something to decide again: a record, or everybody in a block."""

    __tablename__ = "redo"
    __table_args__ = (Index("ix_redo_oldest", "queued_at", "kind", "subject"), CLUSTERED)

    kind: str = _key(primary_key=True)
    subject: int = _number(primary_key=True)
    reason: str = _text()
    queued_at: datetime = _time()


class SettingRow(_Row, table=True):
    """What the store has to remember about itself."""

    __tablename__ = "setting"
    __table_args__ = (CLUSTERED,)

    name: str = _key(primary_key=True)
    value: str = _text()


class EventRow(_Row, table=True):
    """A fact, in the order in which facts became true; the position is what a reader remembers."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("event_id", name="uq_event_id"),
        UniqueConstraint("subject", "version", name="uq_event_subject_version"),
        NEVER_REUSED,
    )

    position: int | None = _position()
    event_id: str = _key()
    type: str = _text()
    subject: str = _key()
    version: int
    time: datetime = _time()
    correlation_id: str | None = _text(default=None)
    body: str = _text()


class QuarantineRow(_Row, table=True):
    """A row that was not taken, or was taken with a warning, and why."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("ix_quarantine_load", "load_id"),
        Index("ix_quarantine_row", "file", "row"),
        Index("ix_quarantine_status", "status"),
        NEVER_REUSED,
    )

    id: int | None = _position()
    load_id: str = _text()
    file: str = _text()
    row: int | None = Field(default=None, sa_type=Position)
    column: str | None = _text(default=None)
    source: str = _key()
    source_record_id: str | None = _key(default=None)
    code: str = _text()
    message: str = _text()
    outcome: str = _text()
    raw: str | None = _text(default=None)
    status: str = _text()
    created_at: datetime = _time()


class LoadRow(_Row, table=True):
    """A file, and where its rows went."""

    __tablename__ = "load"
    __table_args__ = (Index("ix_load_file_digest", "file_digest"),)

    load_id: str = _key(primary_key=True)
    file: str = _text()
    file_digest: str = _text()
    source: str = _key()
    rows: int
    accepted: int
    quarantined: int
    rejected: int
    unchanged: int
    started_at: datetime = _time()
    finished_at: datetime | None = _time(default=None)
    model_version: str | None = _text(default=None)


class MatchModelRow(_Row, table=True):
    """A match model as JSON; at most one is active."""

    __tablename__ = "match_model"
    __table_args__ = (partial_index("uq_match_model_active", "active", where="active", unique=True),)

    version: str = _key(primary_key=True)
    active: bool
    created_at: datetime = _time()
    body: str = _text()


class ChangeRow(_Row, table=True):
    """An operation that moved records or profiles: what, who, why, when."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_at", "at"),)

    change_id: str = _key(primary_key=True)
    kind: str = _text()
    actor: str = _text()
    reason: str = _text()
    correlation_id: str | None = _text(default=None)
    at: datetime = _time()
    model_version: str | None = _text(default=None)


TABLES: dict[str, Table] = dict(METADATA.tables)
