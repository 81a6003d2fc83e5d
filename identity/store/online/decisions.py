"""What people decided, and how what they decide about came to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import orjson

from identity.model.cluster import GoldenId
from identity.model.judgement import Judgement, Verdict
from identity.model.operation import Operation, OperationKind, OperationStatus, ProfileImage
from identity.model.record import RecordKey
from identity.ports import Retirement
from identity.store import mapping
from identity.store.dialect import Asked, utc
from identity.store.fields import Fields
from identity.store.online import statements as sql
from identity.store.online.profiles import ProfileSide

__all__ = ["DecisionSide", "VerdictReads", "verdicts_in"]


class VerdictReads:
    """What a unit of work and a look that writes nothing ask alike."""

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def verdicts(self, keys: Collection[RecordKey]) -> list[Verdict]:
        if not keys:
            return []
        rows = [(key.source, key.source_record_id) for key in keys]
        return verdicts_in(self._fetch(sql.VERDICTS.on(rows)))


class DecisionSide(ProfileSide, VerdictReads):
    def put_verdicts(self, verdicts: Collection[Verdict]) -> None:
        rows = [
            (v.left.source, v.left.source_record_id, v.right.source, v.right.source_record_id,
             v.judgement.value, v.operation_id)
            for v in sorted(verdicts)
        ]  # fmt: skip
        self._execute(sql.PUT_VERDICTS.on(rows, at=self.at))

    def withdraw(self, operation_id: str, by: str, judgement: Judgement | None = None) -> None:
        only = judgement.value if judgement else ""
        self._execute(sql.WITHDRAW.of(operation_id=operation_id, by=by, at=self.at, judgement=only))

    def images(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, ProfileImage]:
        if not golden_ids:
            return {}
        members = self.members_of(golden_ids)
        return {
            golden_id: ProfileImage(
                golden_id,
                version,
                status,
                members.get(golden_id, ()),
                mapping.attributes_from_json(self._fields.read(mapping.ATTRIBUTES, attributes)),
                orjson.loads(consents),
            )
            for golden_id, version, status, attributes, consents in self._fetch(
                sql.IMAGES.on(list(golden_ids))
            )
        }

    def operation(self, operation_id: str) -> Operation | None:
        found = self._fetch(sql.OPERATION.of(operation_id=operation_id))
        return _operation(found[0], self._fields) if found else None

    def put_operation(self, operation: Operation) -> None:
        asked = sql.PUT_OPERATION.of(
            operation_id=operation.operation_id,
            kind=operation.kind.value,
            status=operation.status.value,
            reverses=operation.reverses,
            before=mapping.images_to_json(operation.before, self._fields),
            after=mapping.images_to_json(operation.after, self._fields),
        )
        self._execute(asked)

    def reverse(self, operation_id: str, by: str) -> None:
        self._execute(sql.REVERSE.of(operation_id=operation_id, by=by))

    def retirement(self, golden_id: GoldenId) -> Retirement | None:
        survivor = self._fetch(sql.SURVIVOR.of(golden_id=golden_id))
        ((since,),) = self._fetch(sql.LAST_LEFT.of(golden_id=golden_id))
        if not survivor or since is None:
            return None
        ((led_to, change_id),) = self._fetch(sql.LED_TO.of(golden_id=golden_id, since=utc(since)))
        return Retirement(
            golden_id,
            GoldenId(survivor[0][0]),
            GoldenId(led_to),
            change_id,
            utc(since),
            self._just_before(golden_id, since),
            self._just_before(led_to, since),
        )

    def _just_before(self, golden_id: str, moment: Any) -> tuple[RecordKey, ...]:
        found = self._fetch(sql.JUST_BEFORE.of(golden_id=golden_id, moment=utc(moment)))
        return tuple(sorted(RecordKey(*row) for row in found))

    def told_since(self, keys: Collection[RecordKey], moment: datetime) -> set[RecordKey]:
        if not keys:
            return set()
        rows = [(key.source, key.source_record_id) for key in keys]
        return {RecordKey(*row) for row in self._fetch(sql.TOLD_SINCE.on(rows, moment=moment))}


def verdicts_in(rows: Iterable[tuple[Any, ...]]) -> list[Verdict]:
    """Return the verdicts of rows, each once, in order."""
    return sorted({_verdict(row) for row in rows})


def _verdict(row: tuple[Any, ...]) -> Verdict:
    left_source, left_id, right_source, right_id, judgement, operation_id = row
    return Verdict(
        RecordKey(left_source, left_id), RecordKey(right_source, right_id), Judgement(judgement), operation_id
    )


def _operation(row: tuple[Any, ...], fields: Fields) -> Operation:
    operation_id, kind, actor, reason, at, before, after, correlation_id, status, reverses, reversed_by = row
    return Operation(
        operation_id,
        OperationKind(kind),
        actor,
        reason,
        utc(at),
        mapping.images_from_json(before, fields),
        mapping.images_from_json(after, fields),
        correlation_id,
        OperationStatus(status),
        reverses,
        reversed_by,
    )
