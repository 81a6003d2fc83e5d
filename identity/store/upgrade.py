"""Bringing a database to the tables this program knows, and refusing to work on any other."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from identity.store import refusals
from identity.store.compatibility import note, noted, serves, works_from
from identity.store.dialect import Database

__all__ = [
    "alembic_config",
    "check_current",
    "head_revision",
    "migrate",
    "refuse_unknown",
    "revision",
    "write_revision",
]


def head_revision() -> str:
    """Return the revision this program was written for."""
    head = _scripts().get_current_head()
    assert head is not None, "the package holds at least one migration"
    return head


def revision(database: Database) -> str | None:
    """Return the revision a database is at; None where it holds no tables of this service."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(database: Database) -> None:
    """Create or change the tables, in one transaction. Tables of a later version, which the program of this one may
    work on, are left alone; StoreError E404 when the database is ahead further than that."""
    if _stands(database):  # most often: who only opens a database does not wait for who writes to it
        return
    config = alembic_config()
    with database.alter() as connection:
        if _served(connection, MigrationContext.configure(connection).get_current_revision()):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        note(connection, head_revision(), works_from(_scripts()))


def _stands(database: Database) -> bool:
    """Say whether the tables are those this program makes, with what is kept beside them."""
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        return found == head_revision() and noted(connection, head_revision(), works_from(_scripts()))


def check_current(database: Database) -> None:
    """Raise StoreError E403 when the database is behind this program, E404 when it is ahead further than it may be."""
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if _served(connection, found):
            return
    if found != head_revision():
        raise refusals.behind(found, head_revision())


def _served(connection: Connection, found: str | None) -> bool:
    """Say whether the tables are of a later version that this program may work on; refuse those it may not."""
    if found is None or found in _known():
        return False
    if not serves(connection, found, head_revision()):
        raise refusals.ahead(found, head_revision())
    return True


def write_revision(database: Database, message: str) -> None:
    """Write a migration file that takes a database at head to what `tables.py` says."""
    config = alembic_config()
    with database.alter() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=f"{len(_known()) + 1:04d}")


def refuse_unknown(found: str | None) -> None:
    """Raise StoreError E404 for a revision that this program does not know."""
    if found is not None and found not in _known():
        raise refusals.ahead(found, head_revision())


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
