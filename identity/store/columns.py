"""What every table is made of: columns of one kind each, and where all tables are known."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import Column, ColumnElement, MetaData, Text, and_, or_
from sqlmodel import Field, SQLModel

from identity.model.record import RecordKey
from identity.store.dialect import KeyText, Position, UtcDateTime

__all__ = ["METADATA", "Row", "given_number", "key", "number", "of_keys", "position", "text", "time"]

METADATA = MetaData(naming_convention={"pk": "pk_%(table_name)s"})


class Row(SQLModel):
    metadata = METADATA


def key(**options: Any) -> Any:
    return Field(sa_type=KeyText, **options)


def text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def time(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def position() -> Any:
    """A number that the database gives, never twice."""
    return Field(default=None, sa_column=Column(Position, primary_key=True, autoincrement=True))


def number(**options: Any) -> Any:
    return Field(sa_type=Position, **options)


def given_number() -> Any:
    return Field(sa_column=Column(Position, primary_key=True, autoincrement=False))


def of_keys(source: Any, record: Any, keys: Iterable[RecordKey]) -> ColumnElement[bool]:
    """Whether two columns name one of these records. An index of the two finds them on both databases: SQLite searches
    none for pairs in a list."""
    return or_(
        False,
        *(
            and_(source == name, record.in_([key.source_record_id for key in told]))
            for name, told in groupby(sorted(set(keys)), key=lambda key: key.source)
        ),
    )
