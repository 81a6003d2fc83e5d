"""Values that people gave in the place of what records say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from identity.model.override import Override
from identity.model.record import RecordKey
from identity.store.dialect import Answer, Asked, Kind, Statement, utc
from identity.store.fields import Fields
from identity.store.online.unit import Unit

__all__ = ["OverrideReads", "OverrideSide"]

_KEYS = {"source": Kind.TEXT, "source_record_id": Kind.TEXT}
_VALUE, _SAID = "value_override.value", "value_override_record.said"
_COLUMNS = "o.operation_id, o.attribute, o.value, o.origin, o.at, r.source, r.source_record_id, r.said"
_JOINED = "value_override_record AS r ON r.override_id = o.override_id"
_EVERY = Statement(f"SELECT {_COLUMNS} FROM value_override AS o JOIN {_JOINED} WHERE o.ended_at IS NULL")
_OF = Statement(
    f"SELECT {_COLUMNS} FROM {{rows}} AS s JOIN value_override_record AS r ON r.source = s.source"
    " AND r.source_record_id = s.source_record_id JOIN value_override AS o ON o.override_id = r.override_id"
    " WHERE o.ended_at IS NULL",
    _KEYS,
)
_PUT = Statement(
    "INSERT INTO value_override (override_id, operation_id, attribute, value, origin, at)"
    " SELECT s.override_id, s.operation_id, s.attribute, s.value, s.origin, s.at FROM {rows} AS s WHERE TRUE",
    dict.fromkeys(("override_id", "operation_id", "attribute", "value", "origin"), Kind.TEXT)
    | {"at": Kind.TIME},
)
_PUT_RECORDS = Statement(
    "INSERT INTO value_override_record (override_id, source, source_record_id, said)"
    " SELECT s.override_id, s.source, s.source_record_id, s.said FROM {rows} AS s WHERE TRUE",
    dict.fromkeys(("override_id", "source", "source_record_id", "said"), Kind.TEXT),
)
_END = Statement("UPDATE value_override SET ended_at = :at WHERE operation_id = :operation_id")


class OverrideReads:
    """What a unit of work and a look that writes nothing ask alike."""

    _fields: Fields

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def overrides(self, keys: Collection[RecordKey]) -> list[Override]:
        if not keys:
            return []
        rows = [(key.source, key.source_record_id) for key in sorted(keys)]
        return _overrides(self._ask(_OF.on(rows))(), self._fields)

    def every_override(self) -> list[Override]:
        """Return all that nobody took back: for whoever resolves everybody."""
        return _overrides(self._ask(_EVERY.of())(), self._fields)


class OverrideSide(Unit, OverrideReads):
    def put_overrides(self, given: Sequence[Override]) -> None:
        fields = self._fields
        self._execute(
            _PUT.on(
                [
                    (_name(o), o.operation_id, o.attribute, fields.seal(_VALUE, o.value), o.origin, o.at)
                    for o in given
                ]
            ),
            _PUT_RECORDS.on(
                [
                    (_name(each), key.source, key.source_record_id, fields.seal(_SAID, said))
                    for each in given
                    for key, said in sorted(each.said.items())
                ]
            ),
        )

    def end_overrides(self, operation_id: str) -> None:
        self._execute(_END.of(operation_id=operation_id, at=self.at))


def _name(given: Override) -> str:
    return f"{given.operation_id}.{given.attribute}"


def _overrides(rows: Iterable[tuple[Any, ...]], fields: Fields) -> list[Override]:
    found: dict[tuple[str, str], Override] = {}
    said: dict[tuple[str, str], dict[RecordKey, str | None]] = {}
    for operation_id, attribute, value, origin, at, source, record, spelled in rows:
        name = operation_id, attribute
        found[name] = Override(operation_id, attribute, fields.read(_VALUE, value), origin, utc(at))
        said.setdefault(name, {})[RecordKey(source, record)] = fields.clear(_SAID, spelled)
    return [replace(each, said=said[name]) for name, each in sorted(found.items())]
