"""Values that people gave in the place of what records say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from identity.model.override import Override
from identity.model.record import RecordKey
from identity.store.dialect import Answer, Asked, Kind, Statement, utc
from identity.store.online.unit import Unit

__all__ = ["OverrideReads", "OverrideSide"]

_KEYS = {"source": Kind.TEXT, "source_record_id": Kind.TEXT}
_COLUMNS = "o.operation_id, o.attribute, o.value, o.origin, o.at, r.source, r.source_record_id, r.said"
_JOINED = "value_override_record AS r ON r.operation_id = o.operation_id AND r.attribute = o.attribute"
_EVERY = Statement(f"SELECT {_COLUMNS} FROM value_override AS o JOIN {_JOINED} WHERE o.ended_at IS NULL")
_OF = Statement(
    f"SELECT {_COLUMNS} FROM {{rows}} AS s JOIN value_override_record AS r ON r.source = s.source"
    " AND r.source_record_id = s.source_record_id JOIN value_override AS o ON o.operation_id = r.operation_id"
    " AND o.attribute = r.attribute WHERE o.ended_at IS NULL",
    _KEYS,
)
_PUT = Statement(
    "INSERT INTO value_override (operation_id, attribute, value, origin, at)"
    " SELECT s.operation_id, s.attribute, s.value, s.origin, s.at FROM {rows} AS s WHERE TRUE",
    dict.fromkeys(("operation_id", "attribute", "value", "origin"), Kind.TEXT) | {"at": Kind.TIME},
)
_PUT_RECORDS = Statement(
    "INSERT INTO value_override_record (operation_id, attribute, source, source_record_id, said)"
    " SELECT s.operation_id, s.attribute, s.source, s.source_record_id, s.said FROM {rows} AS s WHERE TRUE",
    dict.fromkeys(("operation_id", "attribute", "source", "source_record_id", "said"), Kind.TEXT),
)
_END = Statement("UPDATE value_override SET ended_at = :at WHERE operation_id = :operation_id")


class OverrideReads:
    """What a unit of work and a look that writes nothing ask alike."""

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def overrides(self, keys: Collection[RecordKey]) -> list[Override]:
        if not keys:
            return []
        rows = [(key.source, key.source_record_id) for key in sorted(keys)]
        return _overrides(self._ask(_OF.on(rows))())

    def every_override(self) -> list[Override]:
        """Return all that nobody took back: for whoever resolves everybody."""
        return _overrides(self._ask(_EVERY.of())())


class OverrideSide(Unit, OverrideReads):
    def put_overrides(self, given: Sequence[Override]) -> None:
        self._execute(
            _PUT.on([(o.operation_id, o.attribute, o.value, o.origin, o.at) for o in given]),
            _PUT_RECORDS.on(
                [
                    (each.operation_id, each.attribute, key.source, key.source_record_id, said)
                    for each in given
                    for key, said in sorted(each.said.items())
                ]
            ),
        )

    def end_overrides(self, operation_id: str) -> None:
        self._execute(_END.of(operation_id=operation_id, at=self.at))


def _overrides(rows: Iterable[tuple[Any, ...]]) -> list[Override]:
    found: dict[tuple[str, str], Override] = {}
    said: dict[tuple[str, str], dict[RecordKey, str | None]] = {}
    for operation_id, attribute, value, origin, at, source, record, spelled in rows:
        name = operation_id, attribute
        found[name] = Override(operation_id, attribute, value, origin, utc(at))
        said.setdefault(name, {})[RecordKey(source, record)] = spelled
    return [replace(each, said=said[name]) for name, each in sorted(found.items())]
