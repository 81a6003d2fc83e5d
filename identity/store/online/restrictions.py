"""Records of people who do not want to be used: marked by their keys, whatever profile they would be under."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from identity.model.cluster import GoldenId
from identity.model.record import RESTRICTED, RecordKey
from identity.ports.restrictions import Restriction
from identity.store.dialect import Answer, Asked, Kind, Statement, utc
from identity.store.online.unit import Unit

__all__ = ["RestrictionReads", "RestrictionSide"]

_KEYS = {"source": Kind.TEXT, "source_record_id": Kind.TEXT}
_SAME = "r.source = s.source AND r.source_record_id = s.source_record_id"
_ROW = "r.source, r.source_record_id, r.request_id, r.golden_id, r.since"

_ANY = Statement("SELECT 1 FROM restriction LIMIT 1")
_OF_KEYS = Statement(f"SELECT {_ROW} FROM {{rows}} AS s JOIN restriction AS r ON {_SAME}", _KEYS)
_OF_PROFILES = Statement(
    f"SELECT {_ROW} FROM {{rows}} AS s JOIN restriction AS r ON r.golden_id = s.golden_id",
    {"golden_id": Kind.TEXT},
)
_OF_REQUESTS = Statement(
    f"SELECT {_ROW} FROM {{rows}} AS s JOIN restriction AS r ON r.request_id = s.request_id",
    {"request_id": Kind.TEXT},
)
_VALUES = Statement(
    "SELECT DISTINCT m.value FROM {rows} AS s JOIN restriction_mark AS m ON m.value = s.value",
    {"value": Kind.NUMBER},
)
_SHARING = Statement(
    "SELECT DISTINCT c.golden_id FROM {rows} AS s JOIN crosswalk AS c ON c.golden_id = s.golden_id"
    " AND c.valid_to IS NULL JOIN source_record AS r ON r.source = c.source"
    " AND r.source_record_id = c.source_record_id JOIN identifier AS i ON i.record = r.number"
    " JOIN restriction_mark AS m ON m.value = i.value WHERE m.kind = :kind",
    {"golden_id": Kind.TEXT},
)
_PUT = Statement(
    "INSERT INTO restriction (source, source_record_id, request_id, golden_id, since)"
    " SELECT s.source, s.source_record_id, :request_id, :golden_id, :at FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (source, source_record_id, request_id) DO NOTHING",
    _KEYS,
)
_PUT_MARKS = Statement(
    "INSERT INTO restriction_mark (value, source, source_record_id, kind)"
    " SELECT s.value, s.source, s.source_record_id, s.kind FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (value, source, source_record_id) DO NOTHING",
    {"value": Kind.NUMBER, **_KEYS, "kind": Kind.TEXT},
)
_SET_MODE = Statement(
    "UPDATE source_record SET mode = :mode WHERE (source, source_record_id) IN"
    " (SELECT s.source, s.source_record_id FROM {rows} AS s)",
    _KEYS,
)
# An id that was merged away keeps what it told last, which nobody is to find there. Without a fingerprint it is told
# anew where the merge is taken back.
_BLANK = Statement(
    "UPDATE golden_profile SET attributes = '{{}}', fingerprint = '' WHERE status = 'merged' AND golden_id IN"
    " (SELECT c.golden_id FROM {rows} AS s JOIN crosswalk AS c ON c.source = s.source"
    " AND c.source_record_id = s.source_record_id AND c.valid_to IS NOT NULL)",
    _KEYS,
)
_LIFT = Statement("DELETE FROM restriction WHERE request_id = :request_id")
_DROP_MARKS = Statement(
    "DELETE FROM restriction_mark WHERE (source, source_record_id) IN"
    " (SELECT s.source, s.source_record_id FROM {rows} AS s)",
    _KEYS,
)


class RestrictionReads:
    """What a unit of work and a look that writes nothing ask alike."""

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def restricts(self) -> bool:
        return bool(self._ask(_ANY.of())())

    def restrictions(
        self, keys: Collection[RecordKey] = (), golden_ids: Collection[GoldenId] = ()
    ) -> list[Restriction]:
        asked = [_OF_KEYS.on(_rows(keys))] if keys else []
        asked += [_OF_PROFILES.on(sorted(golden_ids))] if golden_ids else []
        return [_restriction(row) for each in asked for row in self._ask(each)()]

    def restrictions_of(self, request_ids: Collection[str]) -> list[Restriction]:
        if not request_ids:
            return []
        return [_restriction(row) for row in self._ask(_OF_REQUESTS.on(sorted(request_ids)))()]

    def restricted_values(self, values: Collection[int]) -> frozenset[int]:
        if not values:
            return frozenset()
        return frozenset(value for (value,) in self._ask(_VALUES.on(sorted(values)))())

    def sharing_restricted(self, golden_ids: Collection[GoldenId], kind: str) -> frozenset[GoldenId]:
        if not golden_ids or not kind:
            return frozenset()
        return frozenset(
            GoldenId(name) for (name,) in self._ask(_SHARING.on(sorted(golden_ids), kind=kind))()
        )


class RestrictionSide(Unit, RestrictionReads):
    def restrict(
        self, request_id: str, golden_id: GoldenId, marks: Mapping[RecordKey, Mapping[str, int]]
    ) -> None:
        rows = _rows(marks)
        values = [
            (value, key.source, key.source_record_id, kind)
            for key, held in sorted(marks.items())
            for kind, value in held.items()
        ]
        self._execute(
            _PUT.on(rows, request_id=request_id, golden_id=golden_id, at=self.at),
            _PUT_MARKS.on(values),
            _SET_MODE.on(rows, mode=RESTRICTED),
            _BLANK.on(rows),
        )

    def lift(self, request_id: str, freed: Collection[RecordKey]) -> None:
        rows = _rows(freed)
        self._execute(_LIFT.of(request_id=request_id), _DROP_MARKS.on(rows), _SET_MODE.on(rows, mode="live"))


def _rows(keys: Collection[RecordKey]) -> list[tuple[str, str]]:
    return [(key.source, key.source_record_id) for key in sorted(keys)]


def _restriction(row: tuple[object, ...]) -> Restriction:
    source, record, request_id, golden_id, since = row
    return Restriction(
        RecordKey(str(source), str(record)), str(request_id), GoldenId(str(golden_id)), utc(since)
    )
