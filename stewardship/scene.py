"""What is known around a task: its records side by side, how its pair compares, what links hold its profiles."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from identity.bootstrap import Service
from identity.commands.ask import as_compared, pair_report
from identity.model.cluster import GoldenId
from identity.model.judgement import Link
from identity.model.record import RecordKey, SourceRecord
from identity.model.review import ReviewTask
from identity.steps.compare import compare
from identity.steps.file import hold
from identity.steps.normalise import normalise
from identity.store import ProfileView

__all__ = ["Scene", "Side", "key_of", "scene_of"]

MOST = 12
"""So many records are shown side by side."""


@dataclass(frozen=True, slots=True)
class Side:
    """One record: whose it is, what it says, and which of its values are shared by too many to mean anything."""

    key: RecordKey
    golden_id: GoldenId | None
    values: Mapping[str, str]
    observed_at: datetime | None
    generic: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scene:
    """`sides` are in the order in which they stand, the pair (if there is one) first; `left_out` so many more there
    are. `pair` is the report of `identity explain`. `seen` changes with everything that a decision rests on."""

    task: ReviewTask
    profiles: Mapping[GoldenId, ProfileView]
    sides: Sequence[Side]
    left_out: int
    named: Sequence[RecordKey]
    pair: Mapping[str, Any] | None
    links: Sequence[Link]
    seen: str

    @property
    def versions(self) -> dict[GoldenId, int]:
        return {golden_id: view.profile.version for golden_id, view in self.profiles.items()}

    @property
    def one(self) -> GoldenId:
        """The profile that the task is about."""
        return next(iter(self.profiles), GoldenId(""))

    @property
    def two(self) -> tuple[GoldenId, GoldenId]:
        """The two profiles that the task is about: the same twice where one has become the other meanwhile."""
        return self.one, list(self.profiles or [GoldenId("")])[-1]

    @property
    def asked(self) -> tuple[RecordKey, RecordKey]:
        """The two records in question."""
        left, right = self.named
        return left, right

    @property
    def decided_in(self) -> str:
        """The operation that the task asks about again."""
        return str(self.task.details.get("operation_id", ""))


def scene_of(service: Service, task: ReviewTask) -> Scene:
    """Return what is known around a task now."""
    views = service.store.views
    found = {golden_id: views.profile(golden_id) for golden_id in _golden_ids(service, task)}
    profiles = {view.profile.golden_id: view for view in found.values() if view}
    named = [key_of(str(task.details[side])) for side in ("left", "right") if side in task.details]
    keys = _ordered(named, [view.profile.records for view in profiles.values()])
    records = _stored(service, keys[:MOST])
    sides = _sides(service, records, profiles)
    links = _inside(views.links_of(keys), keys) if keys else ()
    compared = [record for record in records if record.key in named]
    pair = _pair(service, compared) if len(compared) == 2 else None
    return Scene(
        task,
        profiles,
        sides,
        max(0, len(keys) - MOST),
        named,
        pair,
        links,
        _seen(task, profiles.values(), sides),
    )


def _seen(task: ReviewTask, profiles: Collection[ProfileView], sides: Sequence[Side]) -> str:
    """Return what is another as soon as the task is, or a profile that it is about, or a value that is shown."""
    versions = sorted((view.profile.golden_id, view.profile.version, view.status) for view in profiles)
    told = (
        task.task_id,
        task.status.value,
        orjson.dumps(dict(task.details), option=orjson.OPT_SORT_KEYS),
        versions,
        [(side.key, sorted(side.values.items())) for side in sides],
    )
    return hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()


def key_of(text: str) -> RecordKey:
    source, _, record_id = text.partition(":")
    return RecordKey(source, record_id)


def _golden_ids(service: Service, task: ReviewTask) -> Sequence[GoldenId]:
    """Return the profiles of a task; a sample names its records only."""
    if task.golden_ids:
        return task.golden_ids
    named = [key_of(str(task.details[side])) for side in ("left", "right") if side in task.details]
    homes = (service.store.views.golden_id_of(key) for key in named)
    return sorted({home for home in homes if home})


def _ordered(named: Sequence[RecordKey], profiles: Sequence[Sequence[RecordKey]]) -> list[RecordKey]:
    """Return the pair first, then everybody else in turn of their profiles."""
    rest = [[key for key in keys if key not in named] for keys in profiles]
    depth = max(map(len, rest), default=0)
    return [*named, *(keys[place] for place in range(depth) for keys in rest if place < len(keys))]


def _stored(service: Service, keys: Sequence[RecordKey]) -> list[SourceRecord]:
    """Return what sources last told of these records, in this order; who was deleted is left out."""
    with service.store.look() as look:
        stored = look.stored(keys)
    return [stored[key].record for key in keys if key in stored and stored[key].deleted_at is None]


def _sides(
    service: Service, records: Sequence[SourceRecord], profiles: Mapping[GoldenId, ProfileView]
) -> list[Side]:
    homes = {key: golden_id for golden_id, view in profiles.items() for key in view.profile.records}
    generic = _generic(service, records)
    return [
        Side(record.key, homes.get(record.key), record.attributes, record.observed_at, generic[record.key])
        for record in records
    ]


def _generic(service: Service, records: Sequence[SourceRecord]) -> dict[RecordKey, frozenset[str]]:
    """Return the attributes of each record whose value counts as nobody's own."""
    held = {
        record.key: hold(normalise(record, service.match_rules.custom).features, service.index.cabinet)[0]
        for record in records
    }
    with service.store.look() as look:
        shared = look.generic({value for values in held.values() for value in values.values()})
    return {
        key: frozenset(name for name, value in values.items() if value in shared)
        for key, values in held.items()
    }


def _pair(service: Service, records: Sequence[SourceRecord]) -> Mapping[str, Any]:
    with service.store.look() as look:
        model = service.desk.scorer(look).model
    ours, theirs = as_compared(service, sorted(records, key=lambda record: record.key))
    scored = compare(ours, theirs, model, service.comparators)
    return pair_report(service, model, (ours, theirs), scored.match_weight, scored.contributions)


def _inside(links: Sequence[Link], keys: Sequence[RecordKey]) -> tuple[Link, ...]:
    known = frozenset(keys)
    return tuple(link for link in links if {link.left, link.right} <= known)
