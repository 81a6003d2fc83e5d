"""What was said of consents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson

from identity.model.cluster import GoldenId
from identity.model.consent import Identifier
from identity.model.consent_fact import ConsentFact
from identity.model.record import RecordKey
from identity.ports import Flags
from identity.store.consent_facts import VALUE, fact_of, fact_row, rekeyed, respelled
from identity.store.dialect import Answer, Asked
from identity.store.fields import Fields
from identity.store.mapping import ATTRIBUTES
from identity.store.online import consent_statements as sql
from identity.store.online import statements as usual
from identity.store.online.unit import Unit

__all__ = ["ConsentReads", "ConsentSide"]

_LAPSES_SEEN = "consents_lapsed_until"
_JOURNALED = "consents_journaled"


class ConsentReads:
    """What a unit of work and a look that writes nothing ask alike."""

    _fields: Fields

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def facts(
        self, keys: Collection[RecordKey], identifiers: Collection[Identifier] = ()
    ) -> list[ConsentFact]:
        asked = []
        if keys:
            asked.append(sql.BY_RECORD.on([(key.source, key.source_record_id) for key in keys]))
        if identifiers:
            spelled = {
                (kind, stored)
                for kind, value in identifiers
                for stored in self._fields.spellings(VALUE, value)
            }
            asked.append(sql.BY_IDENTIFIER.on(sorted(spelled)))
        answers = [self._ask(each) for each in asked]
        return self._whole(row for answer in answers for row in answer())

    def fact(self, fact_id: str) -> ConsentFact | None:
        """Return a fact by its id."""
        found = self._whole(self._ask(sql.BY_ID.on([fact_id]))())
        return found[0] if found else None

    def every_fact(self) -> list[ConsentFact]:
        """Return every fact there is: for whoever resolves everybody."""
        about: dict[str, list[RecordKey]] = defaultdict(list)
        facts, records = self._ask(sql.EVERY_FACT.of()), self._ask(sql.EVERY_RECORD.of())
        for fact_id, source, record in records():
            about[fact_id].append(RecordKey(source, record))
        return [fact_of(row, tuple(sorted(about[row[0]])), self._fields) for row in facts()]

    def lapsed(self, after: datetime, until: datetime, most: int) -> list[ConsentFact]:
        return self._whole(self._ask(sql.LAPSED.of(after=after, until=until, most=most))())

    def lapses_seen(self) -> datetime | None:
        found = self._setting(_LAPSES_SEEN)
        return datetime.fromisoformat(found) if found else None

    def known_facts(self, fact_ids: Collection[str]) -> frozenset[str]:
        if not fact_ids:
            return frozenset()
        return frozenset(fact_id for (fact_id,) in self._ask(sql.KNOWN.on(sorted(fact_ids)))())

    def journaled(self) -> str:
        return self._setting(_JOURNALED)

    def _setting(self, name: str) -> str:
        found = self._ask(usual.SETTING.of(name=name))()
        return str(found[0][0]) if found else ""

    def flags(self, golden_ids: Collection[GoldenId], *, places: bool = False) -> dict[GoldenId, Flags]:
        if not golden_ids:
            return {}
        asked = sql.FLAGS_AND_PLACES if places else sql.FLAGS
        return {
            GoldenId(row[0]): _flags(self._fields, *row[1:])
            for row in self._ask(asked.on(list(golden_ids)))()
        }

    def answering(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, tuple[GoldenId, str]]:
        if not golden_ids:
            return {}
        found = self._ask(usual.ANSWERING.on(list(golden_ids)))()
        return {GoldenId(asked): (GoldenId(answers), status) for asked, answers, status in found}

    def _whole(self, rows: Any) -> list[ConsentFact]:
        """Return facts of rows, each once, with the records that they are about."""
        found = {row[0]: row for row in rows}
        records: dict[str, list[RecordKey]] = defaultdict(list)
        if found:
            for fact_id, source, record in self._ask(sql.RECORDS_OF.on(list(found)))():
                records[fact_id].append(RecordKey(source, record))
        return [fact_of(found[name], tuple(sorted(records[name])), self._fields) for name in sorted(found)]


class ConsentSide(Unit, ConsentReads):
    def put_facts(self, facts: Collection[ConsentFact]) -> None:
        about = [
            (key.source, key.source_record_id, fact.fact_id) for fact in facts for key in set(fact.records)
        ]
        self._execute(
            sql.PUT_FACTS.on([fact_row(fact, self._fields) for fact in facts]), sql.PUT_RECORDS.on(about)
        )

    def respell_facts(
        self, spelled: Mapping[Identifier, str], keys: Mapping[RecordKey, RecordKey] = MappingProxyType({})
    ) -> None:
        self._execute(
            sql.RESPELL_FACTS.on(respelled(spelled, self._fields)), sql.RESPELL_KEYS.on(rekeyed(keys))
        )

    def put_lapses_seen(self, until: datetime) -> None:
        self._execute(sql.PUT_SETTING.of(name=_LAPSES_SEEN, value=until.isoformat()))

    def put_journaled(self, position: str) -> None:
        self._execute(sql.PUT_SETTING.of(name=_JOURNALED, value=position))


def _flags(fields: Fields, version: int, status: str, consents: str, attributes: str | None = None) -> Flags:
    values = orjson.loads(fields.read(ATTRIBUTES, attributes)) if attributes else {}
    country, region = (values[name][0] if name in values else "" for name in ("country", "region"))
    return Flags(version, status, orjson.loads(consents), country, region)
