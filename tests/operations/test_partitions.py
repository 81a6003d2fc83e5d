"""Tables in partitions hold what they held, under the same indexes, and whatever happens next happens as ever."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from string import ascii_lowercase
from threading import Thread

import pytest

from identity.commands.backup import backup_report, restore_report
from identity.commands.verify import verify_report
from identity.engines.stages import Stages
from identity.flows.judge import Wish, merge, undo
from identity.flows.lookup import ByRecord
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.errors import StoreError
from identity.store import Store
from tests.commands.terminal import identity
from tests.databases import client_programs
from tests.flows.whole import contradictions, everything, rows, spoil

from .world import World, lived, pos

_NUMBERS = count(1_000, 10)
PARTS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{}'::regclass ORDER BY 1"
INDEXES = """
    SELECT c.relname, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid IN ('golden_profile'::regclass, 'redirect'::regclass, 'crosswalk'::regclass) ORDER BY 1
"""


def partitioned(url: str, into: int) -> dict[str, int]:
    with closing(Store(url)) as store:
        return store.partition(into)


def test_what_was_stored_is_stored_and_everything_goes_on(postgresql_url: str, tmp_path: Path) -> None:
    with lived(postgresql_url, tmp_path) as world:
        before, indexes = everything(world.url), rows(world.url, INDEXES)
        moved = partitioned(world.url, 4)
        assert moved.keys() == {"golden_profile", "redirect", "crosswalk"}
        assert moved["crosswalk"] == len(before["crosswalk"])
        assert everything(world.url) == before
        assert [len(rows(world.url, PARTS.format(table))) for table in moved] == [4, 4, 4]
        filled = [rows(world.url, f"SELECT count(*) FROM golden_profile_4_{part}")[0][0] for part in range(4)]
        assert sum(count > 0 for count in filled) > 1
        _lives_on(world)
        assert partitioned(world.url, 4) == {}, "nothing is moved twice"
        partitioned(world.url, 8)
        _lives_on(world)
        after = everything(world.url)
        partitioned(world.url, 1)
        assert everything(world.url) == after
        assert rows(world.url, INDEXES) == indexes
        assert rows(world.url, "SELECT tablename FROM pg_tables WHERE tablename ~ '_(before|[0-9]+)$'") == []
        _lives_on(world)


def _lives_on(world: World) -> None:
    """People are told, merged, parted, erased and matched again, and every promise holds."""
    number = next(_NUMBERS)
    ids = [_told(world, number + place) for place in range(3)]
    done = merge(world.service.desk, ids[:2], Wish("ines", "one person"))
    undo(world.service.desk, done.operation.operation_id, Wish("ines", "two"))
    world.erase(str(number + 2))
    rematch(world.service.workshop, Stages(), reason="night")
    answers = world.service.lookup([ByRecord(pos(str(number + place))) for place in range(3)])
    assert [answer.status for answer in answers] == ["live", "live", "unknown"]
    assert contradictions(world.url) == {}
    assert verify_report(world.service.settings, 5, Stages())["holds"]


def _told(world: World, number: int) -> GoldenId:
    chance = Random(number)
    given, family = ("".join(chance.choices(ascii_lowercase, k=9)).title() for _ in range(2))
    born = f"19{chance.randrange(40, 99)}-0{chance.randrange(1, 9)}-1{chance.randrange(9)}"
    world.tell(str(number), given, family, f"{family}@example.com", born)
    return world.golden_id(str(number))


def test_who_may_read_a_table_may_still(postgresql_url: str) -> None:
    spoil(postgresql_url, "GRANT SELECT ON golden_profile TO pg_monitor")
    spoil(postgresql_url, "GRANT SELECT ON redirect TO PUBLIC")
    asked = (
        "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee IN ('pg_monitor', 'PUBLIC') AND table_name IN ('golden_profile', 'redirect') ORDER BY 1"
    )
    before = rows(postgresql_url, asked)
    assert len(before) == 2
    partitioned(postgresql_url, 3)
    assert rows(postgresql_url, asked) == before


def test_a_backup_of_partitions_is_put_back_over_other_ones(
    postgresql_url: str, empty_postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", client_programs())
    with lived(postgresql_url, tmp_path) as world:
        partitioned(world.url, 4)
        settings = world.service.settings
        backup_report(settings, tmp_path / "backup", Stages())
        before = everything(world.url)
        for into in (2, 1):
            with closing(Store(empty_postgresql_url)) as store:
                store.migrate()
                store.partition(into)
            there = replace(settings, database_url=empty_postgresql_url)
            assert restore_report(there, tmp_path / "backup", Stages(), replace=True)["holds"]
            assert everything(empty_postgresql_url) == before
            left = [name for (name,) in rows(empty_postgresql_url, PARTS.format("golden_profile"))]
            assert left == [f"golden_profile_4_{part}" for part in range(4)]


def test_the_command_says_what_it_moved(postgresql_url: str, sqlite_url: str) -> None:
    told = identity("partition", "4", "--json", database=postgresql_url)
    assert told.report == {"partitions": 4, "moved": {"golden_profile": 0, "redirect": 0, "crosswalk": 0}}
    assert "in one piece" in identity("partition", "1", database=postgresql_url).out
    refused = identity("partition", "4", database=sqlite_url)
    assert "E434" in refused.err


def test_a_file_has_no_partitions_and_needs_none_to_be_in_one_piece(sqlite_url: str) -> None:
    with closing(Store(sqlite_url)) as store:
        assert store.partition(1) == {}
        with pytest.raises(StoreError, match="E434"):
            store.partition(2)


def test_nobody_is_lost_who_is_told_while_tables_are_laid_out(postgresql_url: str, tmp_path: Path) -> None:
    with lived(postgresql_url, tmp_path) as world:
        ids: list[GoldenId] = []
        telling = Thread(target=lambda: ids.extend(_told(world, 900 + place) for place in range(20)))
        telling.start()
        for into in (4, 2, 1):
            partitioned(world.url, into)
        telling.join()
        assert len(set(ids)) == 20
        assert {status for (status,) in rows(world.url, "SELECT status FROM golden_profile") if status} >= {
            "live"
        }
        assert contradictions(world.url) == {}
