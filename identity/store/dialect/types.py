"""Column types and table options that each database spells in its own way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Dialect, Index, Integer, Text, TypeDecorator, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

__all__ = [
    "CLUSTERED",
    "NEVER_REUSED",
    "KeyText",
    "Position",
    "UtcDateTime",
    "partial_index",
    "placed",
    "utc",
    "utc_text",
    "where",
]


def utc(stored: Any) -> datetime:
    """Return a moment as a database gives it back, in UTC."""
    return (stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)).astimezone(UTC)


def utc_text(moment: datetime) -> str:
    """Return a moment as the ISO 8601 text of one length that a database without the type holds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. A database without the type holds ISO 8601 text of one length, which sorts."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return utc_text(value)

    def process_result_value(self, value: Any | None, _: Dialect) -> datetime | None:
        return None if value is None else utc(value)


# Keys sort by code point everywhere, as Python sorts them: the order of a pair must not depend on a locale.
KeyText = Text().with_variant(Text(collation="C"), "postgresql")
Position = BigInteger().with_variant(Integer, "sqlite")
NEVER_REUSED = {"sqlite_autoincrement": True}
CLUSTERED = {"sqlite_with_rowid": False}


def where(condition: str) -> dict[str, Any]:
    """Return the options that make an index hold only the rows that meet `condition`."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def placed(connection: Connection, before: str) -> dict[str, Any]:
    """Return the options that add a column before another one, where a database can: others add it at the end."""
    return {"insert_before": before} if connection.dialect.name == "sqlite" else {}
