"""A release is rolled out beside the one before it, and back: migrations only add, unless they say what they take away.

What is shown: no migration takes away what the program before it knows, as far as that can be seen of it; statements
over the tables as they were go on working on the tables as they are; a program opens tables of a later version where
those say that it may. What is not shown: that rows which the new program writes mean the same to the old one. That is
for whoever writes the migration to see to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command, op
from alembic.script import Script, ScriptDirectory

from identity.model.errors import StoreError
from identity.store import Store, head_revision, upgrade
from identity.store.compatibility import FIRST, works_from
from identity.store.dialect import database_at
from identity.store.upgrade import alembic_config
from tests.flows.whole import spoil

from .expanding import takes_away
from .worlds import StandingClock, arrival, key

ROOT = Path(__file__).parents[2]
SCRIPTS = ScriptDirectory.from_config(alembic_config())
LATER = [script for script in SCRIPTS.walk_revisions() if script.revision > FIRST]
PAIRS = [
    (str(script.down_revision), script.revision)
    for script in SCRIPTS.walk_revisions()
    if script.revision >= FIRST and not getattr(script.module, "contracts", "")
]


def test_a_migration_only_adds_unless_it_says_since_when_nobody_needs_what_it_takes() -> None:
    releases = re.findall(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    taken = {script.revision: takes_away(script.module) for script in LATER if not _contracts(script)}
    assert {name: what for name, what in taken.items() if what} == {}
    assert {_contracts(script) for script in LATER} - {""} <= set(releases), "that release is out"


def _contracts(script: Script) -> str:
    return str(getattr(script.module, "contracts", ""))


def test_the_first_that_keeps_to_the_rule_does() -> None:
    assert takes_away(SCRIPTS.get_revision(FIRST).module) == []


def _migration(body: str) -> ModuleType:
    made = ModuleType("planted")
    made.__dict__.update({"op": op, "sa": sa})
    exec(f"def upgrade():\n    {body}\n", made.__dict__)
    return made


@pytest.mark.parametrize(
    "body",
    [
        "op.create_table('t', sa.Column('a', sa.Text())); op.create_index('u', 't', ['a'], unique=True)",
        "op.add_column('load', sa.Column('note', sa.Text(), nullable=True))",
        "op.add_column('load', sa.Column('note', sa.Text(), nullable=False, server_default=''))",
        "op.create_index('ix', 'load', ['source'])",
    ],
)
def test_an_addition_is_let_through(body: str) -> None:
    assert takes_away(_migration(body)) == []


@pytest.mark.parametrize(
    "body",
    [
        "op.drop_table('load')",
        "op.drop_column('load', 'rows')",
        "op.alter_column('load', 'rows', new_column_name='lines')",
        "op.rename_table('load', 'file')",
        "op.add_column('load', sa.Column('note', sa.Text(), nullable=False))",
        "op.create_index('u', 'load', ['file'], unique=True)",
        "op.create_unique_constraint('u', 'load', ['file'])",
        "op.execute('UPDATE load SET rows = 0')",
        "op.get_bind().execute('DELETE FROM load')",
        "\n    with op.batch_alter_table('load') as batch: batch.drop_column('rows')",
        "\n    with op.batch_alter_table('load') as batch:"
        " batch.add_column(sa.Column('note', sa.Text(), nullable=False))",
    ],
)
def test_what_takes_away_or_asks_for_more_is_found(body: str) -> None:
    assert takes_away(_migration(body))


def _to(url: str, revision: str) -> None:
    config = upgrade.alembic_config()
    with closing(database_at(url, 5)) as database, database.alter() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _as_they_are(url: str) -> sa.MetaData:
    tables = sa.MetaData()
    with closing(database_at(url, 5)) as database, database.read() as connection:
        tables.reflect(connection)
    return tables


_VALUES: dict[type[Any], Callable[[str], Any]] = {
    bool: lambda _: True,
    int: lambda _: 7,
    float: lambda _: 1.5,
    datetime: lambda _: datetime(2026, 3, 2, 9, tzinfo=UTC),
    str: lambda name: "right" if name.startswith("right_") else "left",
}


def _row(table: sa.Table) -> dict[str, Any]:
    """A row of a table, as a program would write it that knows these columns."""
    return {column.name: _VALUES[column.type.python_type](column.name) for column in table.columns}


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_statements_over_the_tables_of_before_go_on_working(before: str, after: str, empty_url: str) -> None:
    _to(empty_url, before)
    known = _as_they_are(empty_url)
    _to(empty_url, after)
    with closing(database_at(empty_url, 5)) as database:
        for table in known.tables.values():
            if table.name != "alembic_version":
                _use(database, table)


def _use(database: Any, table: sa.Table) -> None:
    """Write, read, change and remove a row, knowing only these columns."""
    row = _row(table)
    keys = [column == row[column.name] for column in table.primary_key.columns]
    with database.alter() as connection:
        connection.execute(table.insert().values(row))
    with database.alter() as connection:
        (read,) = connection.execute(sa.select(*table.columns).where(*keys)).all()
        assert len(read) == len(row)
        connection.execute(table.update().where(*keys).values(row))
        assert connection.execute(table.delete().where(*keys)).rowcount == 1


def test_statements_over_the_tables_of_before_fail_where_a_migration_asks_for_more(empty_url: str) -> None:
    _to(empty_url, "head")
    known = _as_they_are(empty_url)
    spoil(empty_url, 'ALTER TABLE "load" RENAME COLUMN accepted TO taken')
    with closing(database_at(empty_url, 5)) as database, pytest.raises(StoreError):
        _use(database, known.tables["load"])


def _of_the_future(url: str, oldest: str) -> None:
    spoil(url, "UPDATE alembic_version SET version_num = '9999'")
    spoil(url, f"UPDATE setting SET value = '9999 {oldest}' WHERE name = 'schema'")
    spoil(url, 'ALTER TABLE "load" ADD COLUMN of_tomorrow TEXT')


def test_a_program_works_on_tables_of_a_later_version_that_say_it_may(url: str, clock: StandingClock) -> None:
    _of_the_future(url, head_revision())
    store = Store(url)
    store.migrate()
    store.check_current()
    with store.online(clock) as work:
        assert work.put([arrival("anna")]) == {key("anna"): 1}
    assert store.revision() == "9999", "it is left as it is"
    store.close()


def test_a_program_refuses_tables_from_which_something_was_taken_that_it_needs(url: str) -> None:
    _of_the_future(url, "9998")
    store = Store(url)
    for open_it in (store.migrate, store.check_current):
        with pytest.raises(StoreError, match="E404"):
            open_it()
    store.close()


def test_what_was_said_of_another_revision_counts_for_nothing(url: str) -> None:
    _of_the_future(url, head_revision())
    spoil(url, "UPDATE alembic_version SET version_num = '9998'")
    store = Store(url)
    with pytest.raises(StoreError, match="E404"):
        store.check_current()
    store.close()


def test_the_oldest_program_is_that_of_the_latest_migration_that_took_away(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(database_at(url, 5)) as database, database.read() as look:
        told = look.exec_driver_sql("SELECT value FROM setting WHERE name = 'schema'").scalar_one()
    assert told == f"{head_revision()} {works_from(SCRIPTS)}"
    assert works_from(SCRIPTS) >= FIRST
    scripts = ScriptDirectory.from_config(alembic_config())
    monkeypatch.setattr(scripts.get_revision(head_revision()).module, "contracts", "0.1.0", raising=False)
    assert works_from(scripts) == head_revision()
