"""Which older programs may work on these tables: what lets a release be rolled out, and back, beside one that runs.

A migration expands: it adds tables, indexes, and columns that may be empty or have a default, so that the program of
before goes on. One that takes something away names in `contracts` the release that stopped using it, and programs
before that revision are refused. With the tables stands the oldest revision whose program may work on them.
"""

from __future__ import annotations

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

__all__ = ["FIRST", "note", "noted", "serves", "works_from"]

FIRST = "0011"
"""From here on migrations keep to this. Before it they went with their program."""
_NAME = "schema"
_STORED = text("SELECT value FROM setting WHERE name = :name").bindparams(name=_NAME)
_PUT = text(
    "INSERT INTO setting (name, value) VALUES (:name, :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def works_from(scripts: ScriptDirectory) -> str:
    """Return the oldest revision whose program may work on the tables that these migrations make."""
    contracting = (
        script.revision for script in scripts.walk_revisions() if getattr(script.module, "contracts", "")
    )
    return max([FIRST, *contracting])


def note(connection: Connection, revision: str, oldest: str) -> None:
    """Keep with the tables which programs may work on them; nothing is written where that stands there already."""
    if not noted(connection, revision, oldest):
        connection.execute(_PUT, {"name": _NAME, "value": f"{revision} {oldest}"})


def noted(connection: Connection, revision: str, oldest: str) -> bool:
    """Say whether that stands with the tables."""
    return connection.execute(_STORED).scalar_one_or_none() == f"{revision} {oldest}"


def serves(connection: Connection, found: str, ours: str) -> bool:
    """Say whether a program of the revision `ours` may work on tables of a later one, which it does not know."""
    told = connection.execute(_STORED).scalar_one_or_none()
    revision, _, oldest = (told or "").partition(" ")
    return revision == found and bool(oldest) and oldest <= ours
