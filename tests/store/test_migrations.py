"""The tables as migrations make them, and databases this program must not touch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from identity import ports
from identity.model.errors import StoreError
from identity.store import Store, check_current, head_revision, migrate, upgrade
from identity.store.dialect import database_at
from identity.store.tables import METADATA, TABLES

from .worlds import StandingClock, arrival, key, records

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


def _to(url: str, revision: str, step: Callable[[Config, str], None] = command.upgrade) -> None:
    config = upgrade.alembic_config()
    with closing(database_at(url, 5)) as database, database.alter() as connection:
        config.attributes["connection"] = connection
        step(config, revision)


def _fill_as_of_0001(url: str) -> None:
    moment = "'2026-03-02T09:00:00.000000Z'"
    with closing(database_at(url, 5)) as database, database.alter() as connection:
        for record in ("ben", "anna", "cleo"):
            connection.exec_driver_sql(
                "INSERT INTO source_record (source, source_record_id, mode, content_hash, loaded_at, load_id,"
                " given_name, consents, custom, original)"
                f" VALUES ('pos', '{record}', 'live', 'h1', {moment}, 'l1', '{record}', '{{}}', '{{}}', 'raw')"
            )
        connection.exec_driver_sql(
            "INSERT INTO link (left_source, left_id, right_source, right_id, match_weight, judgement, decided_by,"
            f" decided_at) VALUES ('pos', 'anna', 'pos', 'ben', 7.25, 'match', 'steward', {moment})"
        )


def test_a_database_at_the_first_revision_keeps_its_rows(empty_url: str, clock: StandingClock) -> None:
    _to(empty_url, "0001")
    _fill_as_of_0001(empty_url)
    migrate(empty_url)
    check_current(empty_url)
    store = Store(empty_url)
    with store.begin(clock) as work:
        numbers = {row["source_record_id"]: row["number"] for row in work.record_numbers().to_pylist()}
        (steward,) = work.verdicts().to_pylist()
        live = work.live_records().to_pylist()
    assert sorted(numbers) == ["anna", "ben", "cleo"]
    assert sorted(numbers.values()) == [1, 2, 3]
    assert {(row["source_record_id"], row["given_name"], row["features"]) for row in live} == {
        (name, name, None) for name in numbers
    }
    assert (steward["left_id"], steward["right_id"], steward["judgement"]) == ("anna", "ben", "match")
    with store.online(clock) as online:
        assert online.put([arrival("dora"), arrival("ben")]) == {key("dora"): 4, key("ben"): numbers["ben"]}
        assert online.links([key("ben")])[0].blocked
    store.close()


def test_what_records_were_taken_to_state_becomes_facts(empty_url: str) -> None:
    _to(empty_url, "0005")
    with closing(database_at(empty_url, 5)) as database, database.alter() as connection:
        connection.exec_driver_sql(
            "INSERT INTO consent_carry (source, source_record_id, consent, status, since, operation_id)"
            " VALUES ('pos', 'anna', 'marketing.email', 'withdrawn', '2026-03-02T09:00:00.000000Z', 'op1')"
        )
    migrate(empty_url)
    store = Store(empty_url)
    with store.look() as look:
        (fact,) = look.facts([key("anna")])
    store.close()
    assert (fact.consent, fact.status, fact.origin) == ("marketing.email", "withdrawn", "kept")
    assert (fact.captured_at, fact.change_id) == (datetime(2026, 3, 2, 9, tzinfo=UTC), "op1")


def test_a_migration_can_be_taken_back_and_made_again(empty_url: str) -> None:
    _to(empty_url, "0001")
    _fill_as_of_0001(empty_url)
    for _ in range(2):
        _to(empty_url, "head")
        _to(empty_url, "0001", command.downgrade)
    migrate(empty_url)
    with closing(database_at(empty_url, 5)) as database, database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert connection.exec_driver_sql("SELECT count(*) FROM source_record").scalar_one() == 3


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
    assert head_revision() == "0016"


@pytest.mark.parametrize("table", CROSSING)
def test_what_crosses_as_arrow_is_what_the_table_holds(table: str) -> None:
    assigned = {"position", "id", "number", "features", "traceparent"}
    assigned |= {
        "mending_until",
        "closed_at",
        "closed_by",
        "closed_reason",
    }  # what comes after being set aside
    assert set(CROSSING[table].names) == {column.name for column in TABLES[table].columns} - assigned
