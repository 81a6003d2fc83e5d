"""What a migration does to tables that a running program uses, found by letting it do so to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from sqlalchemy import Column

__all__ = ["takes_away"]


class _Recorder:
    """Stands in for Alembic's `op`: notes what would break whoever knows the tables as they were."""

    def __init__(self, found: list[str], table: str = "", fresh: set[str] | None = None) -> None:
        self._found, self._table, self._fresh = found, table, set() if fresh is None else fresh

    def create_table(self, name: str, *_: Any, **__: Any) -> None:
        self._fresh.add(name)

    def create_index(self, name: str, *told: Any, unique: bool = False, **_: Any) -> None:
        table = self._table or str(told[0])
        if unique and table not in self._fresh:
            self._found.append(f"{name}: rows that were allowed are refused")

    def add_column(self, *told: Any, **_: Any) -> None:
        table, column = (self._table, told[0]) if self._table else told
        assert isinstance(column, Column)
        if table not in self._fresh and not column.nullable and column.server_default is None:
            self._found.append(f"{table}.{column.name}: whoever does not know it cannot write any more")

    @contextmanager
    def batch_alter_table(self, table: str, **_: Any) -> Iterator[_Recorder]:
        yield _Recorder(self._found, table, self._fresh)

    def f(self, name: str) -> str:
        return name

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def other(*told: Any, **_: Any) -> Any:
            self._found.append(f"{name} {told[0] if told else ''}".strip())
            return self

        return other


def takes_away(migration: ModuleType) -> list[str]:
    """Return what of a migration's upgrade is no mere addition."""
    found: list[str] = []
    real = migration.op
    migration.op = _Recorder(found)  # type: ignore[attr-defined]
    try:
        migration.upgrade()
    finally:
        migration.op = real  # type: ignore[attr-defined]
    return found
