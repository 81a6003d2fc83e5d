"""Records, and the index they are found by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from identity.features.packing import pack_features, unpack_features
from identity.model.cluster import GoldenId
from identity.model.record import CANONICAL_ATTRIBUTES, NormalisedRecord, RecordKey, SourceRecord
from identity.ports import Arrival, Holding, StoredModel, StoredRecord
from identity.store import mapping
from identity.store.dialect import Answer, Asked, utc
from identity.store.fields import ENCRYPTED, Fields
from identity.store.online import statements as sql
from identity.store.online.unit import Unit

__all__ = ["RecordReads", "RecordSide"]

_CANONICAL = frozenset(CANONICAL_ATTRIBUTES)
_SEALED = frozenset(ENCRYPTED["source_record"])
FILED_BY = "source_record.features"


class RecordReads:
    """What a unit of work and a look that writes nothing ask alike."""

    _features: tuple[str, ...]
    _fields: Fields
    _versions: tuple[str | None, str | None] | None = None
    facts_known = False

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        return self._ask(asked)()

    def index_version(self) -> str | None:
        return mapping.standing_version(self._in_force()[0])

    def model_version(self) -> str | None:
        return self._in_force()[1]

    def _in_force(self) -> tuple[str | None, str | None]:
        """Return what the index was built with and which model is active; asked once, units of any size wait."""
        if self._versions is None:
            ((index, model),) = self._fetch(sql.IN_FORCE.of(name=mapping.INDEX_VERSION))
            self._versions = index, model
        return self._versions

    def active_model(self) -> StoredModel | None:
        found = self._fetch(sql.ACTIVE_MODEL.of())
        return StoredModel(*found[0]) if found else None

    def _value(self, asked: Asked) -> str | None:
        found = self._fetch(asked)
        return found[0][0] if found else None

    def stored(self, keys: Collection[RecordKey]) -> dict[RecordKey, StoredRecord]:
        if not keys:
            return {}
        found = self._fetch(sql.STORED.on(_key_rows(keys)))
        self.facts_known = self.facts_known or any(row[-1] for row in found)
        records = (_stored_record(row, self._features, self._fields) for row in found)
        return {record.record.key: record for record in records}

    def filed(self, numbers: Collection[int]) -> dict[int, NormalisedRecord]:
        if not numbers:
            return {}
        read = self._fields.read
        return {
            number: NormalisedRecord(
                RecordKey(source, record), unpack_features(read(FILED_BY, features), self._features)
            )
            for number, source, record, features in self._fetch(sql.FILED.on(list(numbers)))
        }

    def members(self, blocks: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
        # Not every database lets a row say how many rows to read for it: those of one limit are asked about together.
        alike = groupby(sorted(blocks, key=blocks.__getitem__), key=blocks.__getitem__)
        answers = [self._ask(sql.MEMBERS.on(list(some), most=most)) for most, some in alike]
        listed = ((block, orjson.loads(members or "[]")) for answer in answers for block, members in answer())
        return {block: tuple(members) for block, members in listed if members}

    def generic(self, values: Collection[int]) -> frozenset[int]:
        if not values:
            return frozenset()
        return frozenset(value for (value,) in self._fetch(sql.GENERIC.on(list(values))))

    def memberships(self, keys: Collection[RecordKey]) -> dict[RecordKey, GoldenId]:
        if not keys:
            return {}
        found = self._fetch(sql.MEMBERSHIPS.on(_key_rows(keys)))
        return {RecordKey(source, record): GoldenId(golden_id) for source, record, golden_id in found}

    def holders(self, values: Collection[int]) -> dict[int, tuple[int, ...]]:
        if not values:
            return {}
        found = self._fetch(sql.HOLDERS.on(list(values)))
        return {
            value: tuple(record for _, record in held) for value, held in groupby(found, key=itemgetter(0))
        }


class RecordSide(Unit, RecordReads):
    def names(self, values: Collection[int]) -> dict[int, int]:
        if not values:
            return {}
        return dict(self._fetch(sql.NAMES.on(list(values))))

    def put(self, arrivals: Sequence[Arrival]) -> dict[RecordKey, int]:
        if not arrivals:
            return {}
        latest = {arrival.record.key: arrival for arrival in arrivals}
        at = self.at
        found = self._fetch(
            sql.PUT.on([_arrival_row(arrival, at, self._fields) for arrival in latest.values()])
        )
        return {RecordKey(source, record): number for source, record, number in found}

    def file(
        self,
        features: Mapping[int, Mapping[str, str] | None],
        into: Iterable[tuple[int, int]],
        out_of: Iterable[tuple[int, int]],
    ) -> None:
        self._execute(
            sql.PUT_FEATURES.on([(number, self._packed(filed)) for number, filed in features.items()]),
            sql.FILE_OUT.on(list(out_of)),
            sql.FILE_INTO.on(list(into)),
        )

    def _packed(self, features: Mapping[str, str] | None) -> str | None:
        if features is None:
            return None
        if not features.keys() <= set(self._features):
            raise ValueError("the store was not told of all the features that records are filed by")
        return self._fields.seal(FILED_BY, pack_features(features, self._features))

    def hold(self, added: Collection[Holding], dropped: Collection[Holding]) -> None:
        self._execute(
            sql.LET_GO.on([(held.value, held.record) for held in dropped]),
            sql.HOLD.on([(held.value, held.record, held.name) for held in added]),
        )

    def put_generic(self, added: Collection[int], dropped: Collection[int]) -> None:
        self._execute(
            sql.DROP_GENERIC.on(list(dropped)),
            sql.PUT_GENERIC.on(list(added), at=self.at if added else None),
        )


def _key_rows(keys: Iterable[RecordKey]) -> list[tuple[str, str]]:
    return [(key.source, key.source_record_id) for key in keys]


def _stored_record(row: tuple[Any, ...], names: Sequence[str], fields: Fields) -> StoredRecord:
    number, source, record, mode, content_hash, observed_at, deleted_at, features, consents, custom = row[:10]
    canonical = zip(CANONICAL_ATTRIBUTES, row[10:-1], strict=True)
    attributes = {name: fields.clear(f"source_record.{name}", value) for name, value in canonical}
    attributes |= mapping.flags_from_json(custom)
    return StoredRecord(
        number=number,
        record=SourceRecord(
            RecordKey(source, record),
            {name: value for name, value in attributes.items() if value is not None},
            utc(observed_at) if observed_at else None,
            *_consents(consents),
        ),
        mode=mode,
        content_hash=content_hash,
        deleted_at=utc(deleted_at) if deleted_at else None,
        features=unpack_features(fields.clear(FILED_BY, features) or "", names),
    )


def _consents(text: str) -> tuple[dict[str, str], dict[str, datetime]]:
    if text == "{}":
        return {}, {}
    return mapping.statuses_from_json(text), mapping.captured_from_json(text)


def _arrival_row(arrival: Arrival, at: datetime, fields: Fields) -> tuple[Any, ...]:
    record = arrival.record
    told = record.attributes
    custom = {name: value for name, value in record.attributes.items() if name not in _CANONICAL}
    return (
        record.key.source,
        record.key.source_record_id,
        arrival.mode,
        arrival.content_hash,
        record.observed_at,
        at,
        arrival.load_id,
        # When its source deleted it: what it tells of later counts again.
        min(at, record.observed_at or at) if arrival.deleted else None,
        *(
            fields.seal(f"source_record.{name}", told.get(name)) if name in _SEALED else told.get(name)
            for name in CANONICAL_ATTRIBUTES
        ),
        arrival.consents or mapping.statuses_to_json(record.consents),
        mapping.flags_to_json(custom),
        fields.seal("source_record.original", arrival.original),
    )
