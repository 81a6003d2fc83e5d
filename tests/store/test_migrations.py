"""The tables as migrations make them, and databases this program must not touch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from identity import ports
from identity.model.errors import StoreError
from identity.store import Store, check_current, head_revision, migrate
from identity.store.dialect import database_at
from identity.store.tables import METADATA, TABLES

from .worlds import StandingClock, records

CROSSING: dict[str, Any] = {
    "source_record": ports.RECORDS,
    "golden_profile": ports.PROFILES,
    "link": ports.LINKS,
    "event": ports.EVENTS,
    "quarantine": ports.QUARANTINED,
}


def _set_revision(url: str, revision: str) -> None:
    with closing(database_at(url, 5)) as database, database.alter() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_an_empty_database_is_brought_to_head_and_nothing_differs_from_the_tables(empty_url: str) -> None:
    migrate(empty_url)
    check_current(empty_url)
    with closing(database_at(empty_url, 5)) as database, database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_twice_changes_nothing(url: str, clock: StandingClock) -> None:
    store = Store(url)
    with store.begin(clock) as work:
        work.put_records(records("anna"))
    store.migrate()
    assert store.views.counts().records == 1
    store.close()


def test_two_programs_may_migrate_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrate, [empty_url, empty_url]))
    check_current(empty_url)


def test_an_empty_database_is_behind(empty_url: str) -> None:
    with pytest.raises(StoreError, match=r"E403.*identity migrate"):
        check_current(empty_url)


def test_working_on_an_empty_database_is_refused_with_the_remedy(
    empty_url: str, clock: StandingClock
) -> None:
    store = Store(empty_url)
    with pytest.raises(StoreError, match=r"E403.*identity migrate"), store.begin(clock):
        pass
    with pytest.raises(StoreError, match="E403"):
        store.views.counts()
    store.close()


def test_a_database_from_the_future_is_left_alone(url: str) -> None:
    _set_revision(url, "9999")
    with pytest.raises(StoreError, match=r"E404.*9999"):
        check_current(url)
    with pytest.raises(StoreError, match="E404"):
        migrate(url)


def test_head_is_a_revision() -> None:
    assert head_revision() == "0001"


@pytest.mark.parametrize("table", CROSSING)
def test_what_crosses_as_arrow_is_what_the_table_holds(table: str) -> None:
    assigned = {"position", "id"}
    assert set(CROSSING[table].names) == {column.name for column in TABLES[table].columns} - assigned
