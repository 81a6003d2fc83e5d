"""The tables, declared once. Small columns stand before large ones: a scan of the small skips the large.

Those of people's decisions stand in `decision_tables.py`, those of what leaves in `delivery_tables.py`, those of who
follows in `consumer_tables.py`, those of what systems send beside records in `intake_tables.py`. Rows never leave this
folder: `mapping.py` turns them into model values, `bulk.py` into Arrow.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, Index, Table, UniqueConstraint, func, true
from sqlmodel import Field

import identity.store.audit_tables
import identity.store.consent_tables
import identity.store.consumer_tables
import identity.store.cutover_tables
import identity.store.decision_tables
import identity.store.delivery_tables
import identity.store.duty_tables
import identity.store.erp_tables
import identity.store.intake_tables
import identity.store.privacy_tables
import identity.store.request_tables
import identity.store.rights_tables
import identity.store.steward_tables  # noqa: F401
from identity.store.columns import METADATA, Row, given_number, key, number, position, text, time
from identity.store.dialect import CLUSTERED, NEVER_REUSED, Position, partial_index

__all__ = ["METADATA", "TABLES"]


class SourceRecordRow(Row, table=True):
    """What a source system last told about one of its records.

    The number is what the index knows it by; `features` are those it is filed by (null: it is not filed).
    """

    __tablename__ = "source_record"
    __table_args__ = (
        UniqueConstraint("source", "source_record_id", name="uq_source_record_key"),
        NEVER_REUSED,
    )

    number: int | None = position()
    source: str = key()
    source_record_id: str = key()
    mode: str = text()
    content_hash: str = text()
    observed_at: datetime | None = time(default=None)
    loaded_at: datetime = time()
    load_id: str = text()
    deleted_at: datetime | None = time(default=None)
    features: str | None = text(default=None)
    given_name: str | None = text(default=None)
    family_name: str | None = text(default=None)
    full_name: str | None = text(default=None)
    birth_date: str | None = text(default=None)
    email: str | None = text(default=None)
    phone: str | None = text(default=None)
    street_address: str | None = text(default=None)
    city: str | None = text(default=None)
    region: str | None = text(default=None)
    postcode: str | None = text(default=None)
    country: str | None = text(default=None)
    gender: str | None = text(default=None)
    tax_id: str | None = text(default=None)
    loyalty_id: str | None = text(default=None)
    consents: str = text()
    custom: str = text()
    original: str | None = text(default=None)


class CrosswalkRow(Row, table=True):
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

    id: int | None = position()
    source: str = key()
    source_record_id: str = key()
    golden_id: str = key()
    valid_from: datetime = time()
    valid_to: datetime | None = time(default=None)
    change_id: str = text()


class GoldenProfileRow(Row, table=True):
    """One person: the surviving values with their reasons, the consents, a digest that tells any change."""

    __tablename__ = "golden_profile"
    __table_args__ = (Index("ix_golden_profile_status", "status"),)

    golden_id: str = key(primary_key=True)
    version: int
    status: str = text()
    record_count: int
    fingerprint: str = text()
    created_at: datetime = time()
    updated_at: datetime = time()
    attributes: str = text()
    consents: str = text()


class RedirectRow(Row, table=True):
    """A retired golden id and the live one that answers for it; never a chain."""

    __tablename__ = "redirect"
    __table_args__ = (Index("ix_redirect_survivor", "survivor"), CLUSTERED)

    retired: str = key(primary_key=True)
    survivor: str = key()
    since: datetime = time()
    change_id: str = text()


class RedirectPastRow(Row, table=True):
    """Where a retired golden id led from a moment until another one, when it was led elsewhere or was live again."""

    __tablename__ = "redirect_past"
    __table_args__ = (Index("ix_redirect_past_retired", "retired"), NEVER_REUSED)

    id: int | None = position()
    retired: str = key()
    survivor: str = key()
    since: datetime = time()
    until: datetime = time()
    change_id: str = text()


class LinkRow(Row, table=True):
    """What the machine says of a pair of records. A pair has one spelling: the smaller key on the left."""

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint("(left_source, left_id) < (right_source, right_id)", name="ck_link_in_key_order"),
        Index("ix_link_right", "right_source", "right_id"),
        CLUSTERED,
    )

    left_source: str = key(primary_key=True)
    left_id: str = key(primary_key=True)
    right_source: str = key(primary_key=True)
    right_id: str = key(primary_key=True)
    match_weight: float | None = Field(default=None, sa_type=Double)
    judgement: str = text()
    model_version: str | None = text(default=None)
    decided_at: datetime = time()
    blocked: bool = Field(sa_column_kwargs={"server_default": true()})


class FiledRow(Row, table=True):
    """Which records are in which block."""

    __tablename__ = "filed"
    __table_args__ = (CLUSTERED,)

    block: int = number(primary_key=True)
    record: int = number(primary_key=True)


class IdentifierRow(Row, table=True):
    """Who holds which identifier value, and under which name (null: no whole name)."""

    __tablename__ = "identifier"
    __table_args__ = (CLUSTERED,)

    value: int = number(primary_key=True)
    record: int = number(primary_key=True)
    name: int | None = number(default=None)


class GenericValueRow(Row, table=True):
    """An identifier value that too many different names share: it counts as nobody's own."""

    __tablename__ = "generic_value"

    value: int = given_number()
    since: datetime = time()


class RedoRow(Row, table=True):
    """Something to decide again: a record, or everybody in a block."""

    __tablename__ = "redo"
    __table_args__ = (Index("ix_redo_oldest", "queued_at", "kind", "subject"), CLUSTERED)

    kind: str = key(primary_key=True)
    subject: int = number(primary_key=True)
    reason: str = text()
    queued_at: datetime = time()


class SettingRow(Row, table=True):
    """What the store has to remember about itself."""

    __tablename__ = "setting"
    __table_args__ = (CLUSTERED,)

    name: str = key(primary_key=True)
    value: str = text()


class EventRow(Row, table=True):
    """A fact, in the order in which facts became true; the position is what a reader remembers."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("event_id", name="uq_event_id"),
        UniqueConstraint("subject", "version", name="uq_event_subject_version"),
        NEVER_REUSED,
    )

    position: int | None = position()
    event_id: str = key()
    type: str = text()
    subject: str = key()
    version: int
    time: datetime = time()
    correlation_id: str | None = text(default=None)
    body: str = text()
    traceparent: str | None = text(default=None)


class QuarantineRow(Row, table=True):
    """A row that was not taken, or was taken with a warning, and why."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("ix_quarantine_load", "load_id"),
        Index("ix_quarantine_row", "file", "row"),
        Index("ix_quarantine_status", "status"),
        partial_index("ix_quarantine_waiting", "source", "code", "id", where="status = 'open'"),
        NEVER_REUSED,
    )

    id: int | None = position()
    load_id: str = text()
    file: str = text()
    row: int | None = Field(default=None, sa_type=Position)
    column: str | None = text(default=None)
    source: str = key()
    source_record_id: str | None = key(default=None)
    code: str = text()
    message: str = text()
    outcome: str = text()
    raw: str | None = text(default=None)
    status: str = text()
    created_at: datetime = time()
    mending_until: datetime | None = time(default=None)
    closed_at: datetime | None = time(default=None)
    closed_by: str | None = text(default=None)
    closed_reason: str | None = text(default=None)


class LoadRow(Row, table=True):
    """A file, and where its rows went."""

    __tablename__ = "load"
    __table_args__ = (Index("ix_load_file_digest", "file_digest"),)

    load_id: str = key(primary_key=True)
    file: str = text()
    file_digest: str = text()
    source: str = key()
    rows: int
    accepted: int
    quarantined: int
    rejected: int
    unchanged: int
    started_at: datetime = time()
    finished_at: datetime | None = time(default=None)
    model_version: str | None = text(default=None)


class MatchModelRow(Row, table=True):
    """A match model as JSON; at most one is active."""

    __tablename__ = "match_model"
    __table_args__ = (partial_index("uq_match_model_active", "active", where="active", unique=True),)

    version: str = key(primary_key=True)
    active: bool
    created_at: datetime = time()
    body: str = text()


class ChangeRow(Row, table=True):
    """An operation that moved records or profiles: what, who, why, when."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_at", "at"),)

    change_id: str = key(primary_key=True)
    kind: str = text()
    actor: str = text()
    reason: str = text()
    correlation_id: str | None = text(default=None)
    at: datetime = time()
    model_version: str | None = text(default=None)


# People are found by name whatever its case.
for _name in ("family_name", "full_name"):
    Index(f"ix_source_record_{_name}", func.lower(METADATA.tables["source_record"].c[_name]))

TABLES: dict[str, Table] = dict(METADATA.tables)
