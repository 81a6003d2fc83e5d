"""What is asked of the store, each answered from one consistent look. Unknown is None; the caller decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union

from identity.model.cluster import GoldenId
from identity.model.golden import GoldenProfile
from identity.model.judgement import Link
from identity.model.operation import Operation, OperationKind, OperationStatus
from identity.model.record import RecordKey, SourceRecord
from identity.ports import RedoKind
from identity.store import mapping
from identity.store.columns import of_keys
from identity.store.dialect import Database
from identity.store.fields import PLAIN, Fields
from identity.store.review_views import ReviewViews
from identity.store.tables import TABLES

__all__ = [
    "Activation",
    "Counts",
    "EventView",
    "ModelView",
    "OperationView",
    "ProfileView",
    "RedoCount",
    "RedoView",
    "Views",
]

_RECORD = TABLES["source_record"]
_CROSSWALK = TABLES["crosswalk"].c
_PROFILE = TABLES["golden_profile"].c
_REDIRECT = TABLES["redirect"].c
_LINK = TABLES["link"]
_MODEL = TABLES["match_model"].c
_ACTIVATION = TABLES["model_activation"].c
_VERDICT = TABLES["verdict"].c
_OPERATION = TABLES["operation"].c
_CHANGE = TABLES["change"].c
_EVENT = TABLES["event"]
_QUARANTINE = TABLES["quarantine"].c
_REDO = TABLES["redo"].c
_SETTING = TABLES["setting"].c
_KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A golden profile as it is now. `redirected_from` is the id asked for, when another answers for it."""

    profile: GoldenProfile
    status: str
    created_at: datetime
    updated_at: datetime
    redirected_from: GoldenId | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """One fact of the log."""

    position: int
    event_id: str
    type: str
    subject: GoldenId
    version: int
    time: datetime
    correlation_id: str | None
    body: Mapping[str, Any]
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class OperationView:
    """What a person decided, who, when and why, and the profiles concerned. `reverses` is what an undo took back."""

    operation_id: str
    kind: OperationKind
    actor: str
    reason: str
    at: datetime
    correlation_id: str | None
    status: OperationStatus
    reverses: str | None
    reversed_by: str | None
    profiles: tuple[GoldenId, ...]


@dataclass(frozen=True, slots=True)
class RedoView:
    """Something that waits to be decided again."""

    kind: RedoKind
    subject: int
    reason: str
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class RedoCount:
    """How much of one kind waits for one reason."""

    kind: RedoKind
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelView:
    """A match model that the database knows."""

    version: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Activation:
    """A model came into force."""

    version: str
    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the store holds. `memberships` counts live records under a golden id."""

    records: int
    memberships: int
    live_profiles: int
    merged_profiles: int
    erased_profiles: int
    links: int
    verdicts: int
    events: int
    open_quarantine: int


class Views(ReviewViews):
    def __init__(self, database: Database, fields: Fields = PLAIN) -> None:
        self._database = database
        self._fields = fields

    def profile(self, golden_id: GoldenId) -> ProfileView | None:
        """Return the profile that answers for this id, after at most one redirect; None if never issued."""
        survivor = select(_REDIRECT.survivor).where(_REDIRECT.retired == golden_id).scalar_subquery()
        asked = select(*_PROFILE).where(_PROFILE.golden_id == func.coalesce(survivor, golden_id))
        with self._database.read() as look:
            row = look.execute(asked).one_or_none()
            if row is None:
                return None
            records = _members(look, GoldenId(row.golden_id), None)
        return ProfileView(
            profile=mapping.golden_profile(row, records, self._fields),
            status=row.status,
            created_at=row.created_at,
            updated_at=row.updated_at,
            redirected_from=golden_id if row.golden_id != golden_id else None,
        )

    def members(self, golden_id: GoldenId, as_of: datetime | None = None) -> tuple[RecordKey, ...]:
        """Return the records under this id in key order, now or at a moment; redirects are not followed."""
        with self._database.read() as look:
            return _members(look, golden_id, as_of)

    def golden_id_of(self, key: RecordKey, as_of: datetime | None = None) -> GoldenId | None:
        """Return the golden id the record is under now, or was under at a moment."""
        here = and_(_CROSSWALK.source == key.source, _CROSSWALK.source_record_id == key.source_record_id)
        with self._database.read() as look:
            found = look.execute(
                _within(select(_CROSSWALK.golden_id).where(here), as_of)
            ).scalar_one_or_none()
        return None if found is None else GoldenId(found)

    def record(self, key: RecordKey) -> SourceRecord | None:
        """Return what the source last told, or None when it never told, or has deleted, this record."""
        asked = select(_RECORD).where(_is(key), _RECORD.c.deleted_at.is_(None))
        with self._database.read() as look:
            row = look.execute(asked).one_or_none()
        return None if row is None else mapping.source_record(row, self._fields)

    def original(self, key: RecordKey) -> str | None:
        """Return a record as it came, where that is kept."""
        with self._database.read() as look:
            stored = look.execute(select(_RECORD.c.original).where(_is(key))).scalar_one_or_none()
        return self._fields.clear("source_record.original", stored)

    def retired_into(self, golden_id: GoldenId) -> tuple[GoldenId, ...]:
        """Return the ids that lead to this one, in order."""
        asked = select(_REDIRECT.retired).where(_REDIRECT.survivor == golden_id).order_by(_REDIRECT.retired)
        with self._database.read() as look:
            return tuple(GoldenId(each) for each in look.execute(asked).scalars())

    def links_of(self, keys: Iterable[RecordKey]) -> tuple[Link, ...]:
        """Return every link that touches one of these records, in the order of the pairs."""
        wanted = sorted(set(keys))
        found: dict[tuple[RecordKey, RecordKey], Link] = {}
        with self._database.read() as look:
            for start in range(0, len(wanted), _KEYS_AT_ONCE):
                for row in look.execute(_links(wanted[start : start + _KEYS_AT_ONCE])):
                    link = mapping.link(row)
                    found[link.left, link.right] = link
        return tuple(found[pair] for pair in sorted(found))

    def events(self, after: int = 0, limit: int = 100, subject: str | None = None) -> tuple[EventView, ...]:
        """Return up to `limit` events behind the position `after`, in the order of the log."""
        asked = select(_EVENT).where(_EVENT.c.position > after)
        if subject is not None:
            asked = asked.where(_EVENT.c.subject == subject)
        with self._database.read() as look:
            rows = look.execute(asked.order_by(_EVENT.c.position).limit(limit)).all()
        return tuple(EventView(**{**row._mapping, "body": orjson.loads(row.body)}) for row in rows)

    def operations(self, limit: int = 100) -> tuple[OperationView, ...]:
        """Return up to `limit` of what people decided, newest first."""
        asked = select(
            *(_OPERATION[name] for name in ("operation_id", "kind", "status", "reverses", "reversed_by")),
            *(_OPERATION[name] for name in ("before", "after")),
            *(_CHANGE[name] for name in ("actor", "reason", "at", "correlation_id")),
        ).where(_CHANGE.change_id == _OPERATION.operation_id)
        newest = asked.order_by(_CHANGE["at"].desc(), _OPERATION.operation_id.desc()).limit(limit)
        with self._database.read() as look:
            return tuple(_operation(row, self._fields) for row in look.execute(newest))

    def operation(self, operation_id: str) -> Operation | None:
        """Return what a person decided, with the profiles before and after it; None for an id nobody knows."""
        asked = select(
            *(_OPERATION[name] for name in ("operation_id", "kind", "status", "reverses", "reversed_by")),
            *(_OPERATION[name] for name in ("before", "after")),
            *(_CHANGE[name] for name in ("actor", "reason", "at", "correlation_id")),
        ).where(_CHANGE.change_id == _OPERATION.operation_id, _OPERATION.operation_id == operation_id)
        with self._database.read() as look:
            row = look.execute(asked).one_or_none()
        if row is None:
            return None
        images = {
            "before": mapping.images_from_json(row.before, self._fields),
            "after": mapping.images_from_json(row.after, self._fields),
        }
        told = {"kind": OperationKind(row.kind), "status": OperationStatus(row.status)}
        return Operation(**{**row._mapping, **images, **told})

    def redo(self, limit: int = 100) -> tuple[RedoView, ...]:
        """Return up to `limit` of what waits to be decided again, oldest first."""
        asked = select(_REDO.kind, _REDO.subject, _REDO.reason, _REDO.queued_at)
        with self._database.read() as look:
            rows = look.execute(asked.order_by(_REDO.queued_at, _REDO.kind, _REDO.subject).limit(limit)).all()
        return tuple(RedoView(RedoKind(kind), *rest) for kind, *rest in rows)

    def redo_waiting(self) -> tuple[RedoCount, ...]:
        """Return how much waits to be decided again, by kind and reason."""
        asked = select(_REDO.kind, _REDO.reason, func.count()).group_by(_REDO.kind, _REDO.reason)
        with self._database.read() as look:
            rows = look.execute(asked.order_by(_REDO.kind, _REDO.reason)).all()
        return tuple(RedoCount(RedoKind(kind), reason, count) for kind, reason, count in rows)

    def index_version(self) -> str | None:
        """Return what the index of real time was built with, None while it is being built."""
        return mapping.standing_version(self.setting(mapping.INDEX_VERSION))

    def setting(self, name: str) -> str | None:
        with self._database.read() as look:
            return look.execute(select(_SETTING.value).where(_SETTING.name == name)).scalar_one_or_none()

    def settings(self, prefix: str) -> dict[str, str]:
        """Return the settings whose names begin so, by the rest of their names."""
        asked = select(_SETTING.name, _SETTING.value).where(_SETTING.name.startswith(prefix, autoescape=True))
        with self._database.read() as look:
            return {name.removeprefix(prefix): value for name, value in look.execute(asked)}

    def models(self) -> tuple[ModelView, ...]:
        """Return the models there are, the newest first."""
        asked = select(_MODEL.version, _MODEL.active, _MODEL.created_at).order_by(
            _MODEL.created_at.desc(), _MODEL.version
        )
        with self._database.read() as look:
            return tuple(ModelView(*row) for row in look.execute(asked))

    def activations(self) -> tuple[Activation, ...]:
        """Return when which model came into force, the latest first."""
        asked = select(_ACTIVATION.version, _ACTIVATION.at, _ACTIVATION.actor, _ACTIVATION.reason)
        with self._database.read() as look:
            return tuple(Activation(*row) for row in look.execute(asked.order_by(_ACTIVATION.id.desc())))

    def counts(self) -> Counts:
        with self._database.read() as look:
            statuses = _counted(look, _PROFILE.status)
            return Counts(
                records=_count(look, select(func.count()).select_from(_RECORD)),
                memberships=_count(look, select(func.count()).where(_CROSSWALK.valid_to.is_(None))),
                live_profiles=statuses.get("live", 0),
                merged_profiles=statuses.get("merged", 0),
                erased_profiles=statuses.get("erased", 0),
                links=_count(look, select(func.count()).select_from(_LINK)),
                verdicts=_count(look, select(func.count()).where(_VERDICT.withdrawn_at.is_(None))),
                events=_count(look, select(func.count()).select_from(_EVENT)),
                open_quarantine=_count(look, select(func.count()).where(_QUARANTINE.status == "open")),
            )


def _members(look: Connection, golden_id: GoldenId, as_of: datetime | None) -> tuple[RecordKey, ...]:
    under = select(_CROSSWALK.source, _CROSSWALK.source_record_id).where(_CROSSWALK.golden_id == golden_id)
    return tuple(sorted(RecordKey(*row) for row in look.execute(_within(under, as_of))))


def _operation(row: Any, fields: Fields) -> OperationView:
    images = (*mapping.images_from_json(row.before, fields), *mapping.images_from_json(row.after, fields))
    return OperationView(
        row.operation_id,
        OperationKind(row.kind),
        row.actor,
        row.reason,
        row.at,
        row.correlation_id,
        OperationStatus(row.status),
        row.reverses,
        row.reversed_by,
        tuple(sorted({image.golden_id for image in images})),
    )


def _within(asked: Select[Any], as_of: datetime | None) -> Any:
    """Narrow a question to now or to a moment; a membership holds from its start until before its end."""
    current = asked.where(_CROSSWALK.valid_to.is_(None))
    if as_of is None:
        return current
    # Two questions, because open and closed memberships have an index each.
    closed = asked.where(
        _CROSSWALK.valid_to.is_not(None), _CROSSWALK.valid_from <= as_of, _CROSSWALK.valid_to > as_of
    )
    return union(current.where(_CROSSWALK.valid_from <= as_of), closed)


def _is(key: RecordKey) -> ColumnElement[bool]:
    return and_(_RECORD.c.source == key.source, _RECORD.c.source_record_id == key.source_record_id)


def _links(keys: list[RecordKey]) -> Select[Any]:
    left = of_keys(_LINK.c.left_source, _LINK.c.left_id, keys)
    right = of_keys(_LINK.c.right_source, _LINK.c.right_id, keys)
    return select(_LINK).where(or_(left, right))


def _count(look: Connection, asked: Select[int]) -> int:
    return look.execute(asked).scalar_one()


def _counted(look: Connection, column: ColumnElement[str]) -> dict[str, int]:
    rows = look.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}
