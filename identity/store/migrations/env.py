"""Runs migrations on the connection `store/upgrade.py` opened; it, not Alembic, owns the transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from identity.store.dialect import KeyText, Position, UtcDateTime
from identity.store.tables import METADATA

_NAMES = {KeyText: "KeyText", Position: "Position"}


def _named(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Spell the store's own column types by name, so that a migration names no database."""
    if kind != "type":
        return False
    return "UtcDateTime()" if isinstance(item, UtcDateTime) else _NAMES.get(item, False)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
    render_as_batch=True,  # one of the databases changes a table by copying it
    render_item=_named,
)
with context.begin_transaction():
    context.run_migrations()
