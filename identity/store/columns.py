"""What every table is made of: columns of one kind each, and where all tables are known."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, Text
from sqlmodel import Field, SQLModel

from identity.store.dialect import KeyText, Position, UtcDateTime

__all__ = ["METADATA", "Row", "given_number", "key", "number", "position", "text", "time"]

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
