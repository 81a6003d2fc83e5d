"""Facts of consents as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from identity.model.consent import Identifier
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.record import RecordKey
from identity.store.dialect import utc
from identity.store.fields import ENCRYPTED, Fields

__all__ = [
    "FACT_COLUMNS",
    "RESPELLED_KEY",
    "VALUE",
    "fact_of",
    "fact_row",
    "fact_tables",
    "rekeyed",
    "respelled",
]

FACT_COLUMNS = (
    "fact_id", "origin", "purpose", "channel", "status", "captured_at", "received_at", "expires_at", "source",
    "actor", "change_id", "kind", "value", "jurisdiction", "basis", "notice", "evidence",
)  # fmt: skip
VALUE = "consent_fact.value"
RESPELLED_KEY = ("source", "source_record_id", "source_anew", "anew")
_SEALED = frozenset(ENCRYPTED["consent_fact"])
_TIMES = {"captured_at", "received_at", "expires_at"}
_TIME = pa.timestamp("us", tz="UTC")


def fact_row(fact: ConsentFact, fields: Fields) -> tuple[Any, ...]:
    told = _told(fact)
    return tuple(
        fields.seal(f"consent_fact.{name}", value) if name in _SEALED else value
        for name, value in zip(FACT_COLUMNS, told, strict=True)
    )


def _told(fact: ConsentFact) -> tuple[Any, ...]:
    kind, value = fact.identifier or (None, None)
    told = {"origin": fact.origin.value, "kind": kind, "value": value}
    return tuple(told[name] if name in told else getattr(fact, name) for name in FACT_COLUMNS)


def fact_of(row: tuple[Any, ...], records: tuple[RecordKey, ...], fields: Fields) -> ConsentFact:
    told = dict(zip(FACT_COLUMNS, row, strict=True))
    told |= {name: fields.clear(f"consent_fact.{name}", told[name]) for name in _SEALED}
    kind, value = told.pop("kind"), told.pop("value")
    told |= {name: utc(told[name]) for name in _TIMES if told[name] is not None}
    told["origin"] = FactOrigin(told["origin"])
    return ConsentFact(**told, records=records, identifier=(kind, value) if value is not None else None)


def fact_tables(facts: Sequence[ConsentFact]) -> tuple[pa.Table, pa.Table]:
    """Return facts, each once and not encrypted, and the records that they are about, as Arrow tables."""
    each = list({fact.fact_id: fact for fact in facts}.values())
    columns = zip(FACT_COLUMNS, zip(*map(_told, each), strict=True), strict=True)
    rows = {name: pa.array(column, _TIME if name in _TIMES else pa.string()) for name, column in columns}
    about = sorted(
        {(key.source, key.source_record_id, fact.fact_id) for fact in each for key in fact.records}
    )
    names = ("source", "source_record_id", "fact_id")
    return pa.table(rows), pa.table(
        {name: pa.array(column) for name, column in zip(names, zip(*about, strict=True), strict=True)}
    )


def respelled(spelled: Mapping[Identifier, str], fields: Fields) -> list[tuple[str, str, str]]:
    """Return, for every way an identifier may stand in a row: its kind, that way, and how it is to stand there."""
    return [
        (kind, stored, fields.spelled(VALUE, anew))
        for (kind, value), anew in sorted(spelled.items())
        for stored in fields.spellings(VALUE, value)
    ]


def rekeyed(keys: Mapping[RecordKey, RecordKey]) -> list[tuple[str, str, str, str]]:
    return [
        (old.source, old.source_record_id, anew.source, anew.source_record_id)
        for old, anew in sorted(keys.items())
    ]
