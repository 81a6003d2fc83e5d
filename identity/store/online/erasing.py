"""What is left of who was erased: an id that answers 410, marks nobody can read, events that name no record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from identity.model.cluster import GoldenId
from identity.model.loyalty import ACTIVE
from identity.model.operation import ProfileImage
from identity.model.privacy import Erasure, PrivacyRequest
from identity.model.record import RecordKey
from identity.ports.privacy import Traces
from identity.store import errands, mapping
from identity.store.dialect import Answer, Asked
from identity.store.fields import Fields
from identity.store.online import erasing_statements as sql
from identity.store.online.unit import Unit

__all__ = ["EraseSide", "PrivacyReads"]

_SHOWN = ("golden_id", "retired", "operation_id", "operation", "model_version", "erasure_id")
"""What an event of an erased person still tells: opaque ids of ours, none of a source."""
_GONE = orjson.dumps(
    {
        "type": "urn:customer-identity:problem:ERASED",
        "title": "The person was erased.",
        "status": 410,
        "code": "ERASED",
        "detail": "Forget the id.",
        "request_id": "",
    }
).decode()


class PrivacyReads:
    """What a unit of work and a look that writes nothing ask alike."""

    _fields: Fields

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def erasures(self) -> frozenset[str]:
        return frozenset(name for (name,) in self._ask(sql.ERASURES.of())())

    def every_key(self) -> list[RecordKey]:
        return [RecordKey(*row) for row in self._ask(sql.EVERY_KEY.of())()]

    def requests(self, request_ids: Collection[str]) -> dict[str, PrivacyRequest]:
        rows = self._ask(sql.REQUESTS.on(sorted(request_ids)))() if request_ids else ()
        found = (mapping.request_of(dict(zip(sql.REQUEST, row, strict=True)), self._fields) for row in rows)
        return {request.request_id: request for request in found}


class EraseSide(Unit, PrivacyReads):
    def suppressed(self, marks: Collection[int]) -> frozenset[int]:
        if not marks:
            return frozenset()
        return frozenset(mark for (mark,) in self._fetch(sql.SUPPRESSED.on(sorted(marks))))

    def suppresses(self) -> bool:
        return bool(self._fetch(sql.ANYBODY.of()))

    def traces(self, golden_id: GoldenId) -> Traces:
        retired = [retired for (retired,) in self._fetch(sql.RETIRED_INTO.of(golden_id=golden_id))]
        golden_ids = (golden_id, *sorted(GoldenId(each) for each in retired))
        ever = [RecordKey(*row) for row in self._fetch(sql.EVER_UNDER.on(list(golden_ids)))]
        now = {
            RecordKey(source, record): GoldenId(home)
            for source, record, home in (self._fetch(sql.NOW_UNDER.on(_rows(ever))) if ever else ())
        }
        return Traces(
            golden_ids,
            tuple(sorted(key for key in ever if now.get(key) == golden_id)),
            tuple(sorted(key for key in ever if key not in now)),
        )

    def erase(self, erasure: Erasure, keys: Collection[RecordKey], members: Collection[str] = ()) -> None:
        ids, rows = list(erasure.golden_ids), _rows(keys)
        self._scrub_operations(set(ids), set(keys))
        self._scrub_events(ids)
        self._scrub_others(ids, rows)
        named = [*ids, *(str(key) for key in keys)]
        spelled = [*ids, *(orjson.dumps(key.source_record_id).decode() for key in keys)]
        facts = [fact_id for (fact_id,) in self._fetch(sql.FACTS_OF.on(rows))] if rows else []
        numbers = [number for (number,) in self._fetch(sql.NUMBERS.on(rows))] if rows else []
        merges = self._lost_merges(set(members))
        tasks = [task_id for (task_id,) in self._fetch(sql.TASKS_NAMING.on(named))]
        self._execute(
            *(statement.on(rows) for statement in sql.FORGET_KEYS),
            sql.FORGET_OVERRIDES.of(),
            sql.FORGET_WANTED.on(ids),
            sql.FORGET_WISHES.on(rows, at=erasure.at),
            sql.FORGET_FACTS.on(facts),
            sql.FORGET_REDO.on(numbers),
            *(statement.on(ids) for statement in sql.FORGET_SUBJECTS),
            *(statement.on(tasks) for statement in sql.FORGET_TASKS),
            *(statement.on(merges) for statement in sql.FORGET_MERGES),
            sql.FORGET_REPLIES.on(spelled, reply=_GONE),
            sql.SUPPRESS.on([(mark, erasure.erasure_id) for mark in sorted(erasure.marks)], at=erasure.at),
        )

    def forget_texts(self, texts: Collection[str]) -> None:
        told = [text.lower() for text in texts if len(text) > 3]
        self._execute(sql.FORGET_RAW.on(told), sql.FORGET_ROWS.on(self._sealed_rows(told)))

    def _sealed_rows(self, told: Collection[str]) -> list[int]:
        """Return the numbers of the quarantined rows that hold one of these, where no database can read them."""
        if not (told and self._fields.keys):
            return []
        read = self._fields.read
        rows = (
            (number, read("quarantine.raw", raw).lower()) for number, raw in self._fetch(sql.SEALED_ROWS.of())
        )
        return [number for number, raw in rows if any(text in raw for text in told)]

    def followers(self) -> frozenset[str]:
        return frozenset(name for (name,) in self._fetch(errands.FOLLOWERS.of()))

    def put_errands(self, erasure_id: str, accounts: Mapping[str, Sequence[str]]) -> None:
        self._execute(*errands.put_errands(erasure_id, accounts, self.at))

    def put_request(self, request: PrivacyRequest) -> None:
        self._execute(
            sql.PUT_REQUEST.of(
                request_id=request.request_id,
                kind=request.kind.value,
                golden_id=request.golden_id,
                status=request.status.value,
                received_at=request.received_at,
                due_at=request.due_at,
                actor=request.actor,
                check=request.check,
                reason=request.reason,
                decided_at=request.decided_at,
                report=orjson.dumps(dict(request.report)).decode(),
                wanted=self._fields.spelled(
                    "privacy_request.wanted", orjson.dumps(dict(request.wanted)).decode()
                ),
            )
        )

    def _lost_merges(self, members: Collection[str]) -> list[int]:
        """Return the merges at the loyalty platform that nobody needs to know of any more. One that the platform has
        still, with somebody else's members, is needed until the erasure is followed there (store/errands.py)."""
        about: dict[int, set[str]] = defaultdict(set)
        active = set()
        for number, status, member in self._fetch(sql.MERGES_OF.on(sorted(members))) if members else ():
            about[number].add(member)
            active |= {number} if status in ACTIVE else set()
        return sorted(number for number in about if number not in active or about[number] <= set(members))

    def _scrub_others(self, golden_ids: Collection[GoldenId], rows: list[tuple[str, str]]) -> None:
        """Take these records out of the events of others, under whose ids they have been."""
        others = (
            sorted({name for (name,) in self._fetch(sql.EVER_AT.on(rows))} - set(golden_ids)) if rows else []
        )
        if not others:
            return
        named, scrubbed = {f"{source}:{record}" for source, record in rows}, []
        for position, body in self._fetch(sql.EVENTS_OF.on(others)):
            told = orjson.loads(body)
            kept = {name: _but(value, named) for name, value in told.items()}
            if kept != told:
                scrubbed.append((position, orjson.dumps(kept).decode()))
        self._execute(sql.SCRUB_EVENTS.on(scrubbed))

    def _scrub_operations(self, golden_ids: Collection[GoldenId], keys: Collection[RecordKey]) -> None:
        fields = self._fields
        for operation_id, *sides in self._fetch(sql.OPERATIONS_OF.on(sorted(golden_ids))):
            before, after = (
                mapping.images_to_json(
                    [_scrubbed(each, golden_ids, keys) for each in mapping.images_from_json(side, fields)],
                    fields,
                )
                for side in sides
            )
            self._execute(sql.SCRUB_OPERATION.of(operation_id=operation_id, before=before, after=after))

    def _scrub_events(self, golden_ids: Sequence[GoldenId]) -> None:
        found: list[tuple[Any, ...]] = self._fetch(sql.EVENTS_OF.on(list(golden_ids)))
        scrubbed = []
        for position, body in found:
            told = orjson.loads(body)
            kept = {name: told[name] for name in _SHOWN if name in told}
            if kept != told:
                scrubbed.append((position, orjson.dumps(kept).decode()))
        self._execute(sql.SCRUB_EVENTS.on(scrubbed))


def _but(value: object, named: Collection[str]) -> object:
    """Return what an event tells, without these records where it is a list of some."""
    if not isinstance(value, list):
        return value
    return [each for each in value if not (isinstance(each, str) and each in named)]


def _rows(keys: Collection[RecordKey]) -> list[tuple[str, str]]:
    return [(key.source, key.source_record_id) for key in sorted(keys)]


def _scrubbed(
    image: ProfileImage, golden_ids: Collection[GoldenId], keys: Collection[RecordKey]
) -> ProfileImage:
    kept = tuple(key for key in image.records if key not in keys)
    if image.golden_id not in golden_ids and len(kept) == len(image.records):
        return image
    return ProfileImage(image.golden_id, image.version, image.status, kept, {}, {})
