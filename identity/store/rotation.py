"""Encrypting with the current key what stands there otherwise, some rows at a time, beside who reads and writes.

Each column is set only where it is still what was read, so nothing that is written meanwhile is lost; what is
done already is passed over, so it may end at any time and be begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from identity.store import mapping
from identity.store.dialect import Database, Kind, Statement
from identity.store.fields import ENCRYPTED, Fields
from identity.store.tables import TABLES

__all__ = ["Rotated", "rotate"]

_AT_ONCE = 500
_KEYS = {
    "source_record": ("number", Kind.NUMBER),
    "golden_profile": ("golden_id", Kind.TEXT),
    "quarantine": ("id", Kind.NUMBER),
    "consent_fact": ("fact_id", Kind.TEXT),
    "operation": ("operation_id", Kind.TEXT),
    "value_override": ("override_id", Kind.TEXT),
    "value_override_record": ("id", Kind.NUMBER),
    "privacy_request": ("request_id", Kind.TEXT),
}


@dataclass(frozen=True, slots=True)
class Rotated:
    """How far a table is: rows looked at so far of how many, and values that were encrypted anew in this lot."""

    table: str
    rows: int
    of: int
    values: int


def rotate(database: Database, fields: Fields) -> Iterator[Rotated]:
    """Encrypt anew, and say after each lot how far it is. StoreError E422 or E423 where a value cannot be read."""
    for table, columns in ENCRYPTED.items():
        values = -1
        while values:  # what was written meanwhile with another key is found by another pass
            values = 0
            for rotated in _table(database, fields, table, columns):
                values += rotated.values
                yield rotated


def _table(database: Database, fields: Fields, table: str, columns: tuple[str, ...]) -> Iterator[Rotated]:
    key, kind = _KEYS[table]
    stored = TABLES[table].c
    asked = select(stored[key], *(stored[name] for name in columns)).order_by(stored[key]).limit(_AT_ONCE)
    puts = {name: _put(table, key, kind, name) for name in columns}
    after, rows = None, 0
    with database.read() as look:
        of = look.execute(select(func.count()).select_from(TABLES[table])).scalar_one()
    while True:
        with database.read() as look:
            found = look.execute(asked if after is None else asked.where(stored[key] > after)).all()
        if not found:
            return
        changed = {
            name: [
                (row[0], text, anew)
                for row in found
                if (text := row[place]) is not None
                if (anew := _anew(fields, table, name)(text)) != text
            ]
            for place, name in enumerate(columns, 1)
        }
        if any(changed.values()):
            with database.write() as connection:
                connection.execute(*(puts[name].on(some) for name, some in changed.items() if some))
        after, rows = found[-1][0], rows + len(found)
        yield Rotated(table, rows, max(of, rows), sum(map(len, changed.values())))


def _put(table: str, key: str, kind: Kind, column: str) -> Statement:
    return Statement(
        f'UPDATE {table} SET "{column}" = s.anew FROM {{rows}} AS s'
        f' WHERE {table}.{key} = s.key AND {table}."{column}" = s.was',
        {"key": kind, "was": Kind.TEXT, "anew": Kind.TEXT},
    )


def _anew(fields: Fields, table: str, column: str) -> Callable[[str], str]:
    if table == "operation":
        return lambda text: mapping.images_to_json(mapping.images_from_json(text, fields), fields)
    where = f"{table}.{column}"
    return lambda text: fields.spelled(where, fields.read(where, text))
