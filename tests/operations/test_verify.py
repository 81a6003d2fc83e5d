"""`identity verify` finds what breaks a promise: each is broken here once, and named; and a sound database is sound."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from identity.commands.verify import verify_report
from identity.engines.stages import Stages
from identity.model.cluster import GoldenId
from identity.model.errors import StoreError
from identity.model.privacy import Erasure
from identity.settings import Settings
from identity.store import Store
from identity.store.dialect import Database, database_at
from identity.store.invariants import INVARIANTS, Found, check
from tests.commands.terminal import identity
from tests.flows.whole import everything, spoil

from .world import PEOPLE, World, lived

AT = "'2026-03-02T09:00:00.000000Z'"
LIVE = "(SELECT min(golden_id) FROM golden_profile WHERE status = 'live')"
ERASED = "(SELECT min(golden_id) FROM golden_profile WHERE status = 'erased')"
_VERDICT = (
    "INSERT INTO verdict (left_source, left_id, right_source, right_id, judgement, operation_id, decided_at)"
    f" VALUES ('{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 'op', {AT})"
)


def _said(one: str, other: str, judgement: str) -> str:
    return _VERDICT.format(*one.split(":"), *other.split(":"), judgement)


def _of(name: str) -> str:
    """The profile of a record at the till."""
    return (
        "(SELECT golden_id FROM crosswalk WHERE source = 'pos' AND valid_to IS NULL"
        f" AND source_record_id = '{name}')"
    )


PLANTED = {
    "membership": ["DELETE FROM crosswalk WHERE source_record_id = '1' AND source = 'pos'"],
    "members_live": [f"UPDATE source_record SET deleted_at = {AT} WHERE source_record_id = '1'"],
    "profile_live": [f"UPDATE golden_profile SET status = 'merged' WHERE golden_id = {LIVE}"],
    "record_count": [f"UPDATE golden_profile SET record_count = 7 WHERE golden_id = {LIVE}"],
    "history": [
        "INSERT INTO crosswalk (source, source_record_id, golden_id, valid_from, valid_to, change_id)"
        " SELECT source, source_record_id, golden_id, valid_from, '9999-01-01T00:00:00.000000Z', 'c'"
        " FROM crosswalk WHERE valid_to IS NULL AND source_record_id = '1'"
    ],
    "ids_known": ["UPDATE crosswalk SET golden_id = 'gnowhere' WHERE id = (SELECT min(id) FROM crosswalk)"],
    "ids_once": [
        "UPDATE event SET type = 'customer.created' WHERE position = (SELECT max(position) FROM event"
        " WHERE version > 1)"
    ],
    "redirects": ["DELETE FROM redirect"],
    "redirects_of_merged": [
        "UPDATE golden_profile SET status = 'live' WHERE golden_id = (SELECT min(retired) FROM redirect)"
    ],
    "versions": [f"UPDATE golden_profile SET version = version + 1 WHERE golden_id = {LIVE}"],
    "events_of_profiles": [
        "UPDATE event SET subject = 'gnowhere' WHERE position = (SELECT max(position) FROM event)"
    ],
    "followers": ["UPDATE subscriber SET position = 1000000"],
    "inbox": [
        f"INSERT INTO inbox (consumer, event_id, at, outcome) VALUES ('erp', 'no event', {AT}, 'done')"
    ],
    "kept_apart": [_said("ecommerce:E1", "pos:1", "no_match")],
    "kept_together": [_said("pos:1", "pos:5", "match")],
    "one_word": [_said("pos:1", "pos:8", "no_match"), _said("pos:1", "pos:8", "match")],
    "operations": ["UPDATE operation SET reversed_by = NULL WHERE status = 'reversed'"],
    "links": [
        "INSERT INTO link (left_source, left_id, right_source, right_id, judgement, decided_at)"
        f" VALUES ('pos', '1', 'pos', 'nobody', 'match', {AT})"
    ],
    "index": ["INSERT INTO filed (block, record) VALUES (1, 999999)"],
    "model": [
        "DROP INDEX uq_match_model_active",
        f"INSERT INTO match_model (version, active, created_at, body) VALUES ('another', true, {AT}, '{{}}')",
    ],
    "erased": [f"UPDATE golden_profile SET attributes = '{{\"a\": 1}}' WHERE golden_id = {ERASED}"],
    "erased_events": [f'UPDATE event SET body = \'{{"record": "pos 7"}}\' WHERE subject = {ERASED}'],
    "erased_letters": [
        "INSERT INTO dead_letter (follower, subject, position, event_id, code, detail, attempts, first_at, last_at,"
        f" payload, status) SELECT 'hook', subject, position, event_id, 'X', '', 1, {AT}, {AT},"
        f" '{{\"records_lost\": [\"pos:7\"]}}', 'open' FROM event WHERE subject = {ERASED} AND type = 'customer.erased'"
    ],
    "erasures": ["UPDATE golden_profile SET status = 'empty' WHERE status = 'erased'"],
    "facts": ["DELETE FROM consent_record"],
    "restrictions": [
        "INSERT INTO filed (block, record) SELECT 1, number FROM source_record WHERE mode = 'restricted'"
    ],
    "restricted_by": ["DELETE FROM restriction"],
    "overrides": ["DELETE FROM value_override_record"],
    "rows": ['UPDATE "load" SET accepted = accepted + 1'],
}
CASES = {
    "membership": "pos:1",
    "members_live": "pos:1",
    "history": "pos:1",
    "ids_known": "gnowhere",
    "followers": "stream",
    "inbox": "erp no event",
    "kept_apart": "ecommerce:E1 pos:1",
    "kept_together": "pos:1 pos:5",
    "one_word": "pos:1 pos:8",
    "links": "pos:1 pos:nobody",
    "index": "record 999999",
    "model": "another",
    "restrictions": "pos:9",
    "restricted_by": "pos:9",
}


@pytest.fixture
def world(url: str, tmp_path: Path) -> Iterator[World]:
    with lived(url, tmp_path) as world:
        yield world


def broken(settings: Settings) -> dict[str, tuple[str, ...]]:
    report = verify_report(settings, 20, Stages())
    found = {each["name"]: each["cases"] for each in report["invariants"] if each["broken"]}
    assert report["holds"] == (not found)
    return found


def checked(world: World) -> dict[str, Found]:
    journal = {golden_id for erasure in world.journal.erasures() for golden_id in erasure.golden_ids}
    return {each.name: each for each in world.service.store.verify(journal)}


def test_a_sound_database_is_sound_and_everything_in_it_is_looked_at(world: World) -> None:
    before = everything(world.url)
    assert broken(world.service.settings) == {}
    looked = {name: found.looked for name, found in checked(world).items()}
    idle = {name for name, count in looked.items() if not count}
    assert idle <= {"kept_together", "inbox", "erased_letters"}, "what is looked at nowhere is not checked"
    assert looked["membership"] == 8
    assert looked["journal"] == 1
    assert everything(world.url) == before


def test_a_database_whose_values_are_encrypted_is_sound_too(url: str, tmp_path: Path) -> None:
    with lived(url, tmp_path, field_keys={"k1": b"k" * 32}) as world:
        assert broken(world.service.settings) == {}
        spoil(world.url, PLANTED["erased"][0])
        assert set(broken(world.service.settings)) == {"erased"}


def test_only_the_erasure_itself_may_wait_of_who_was_erased(world: World) -> None:
    letter = PLANTED["erased_letters"][0].replace('{"records_lost": ["pos:7"]}', "{}")
    spoil(world.url, letter)
    assert broken(world.service.settings) == {}, "a system that is to hear of it is away"
    spoil(world.url, "UPDATE dead_letter SET position = position - 1")
    assert set(broken(world.service.settings)) == {"erased"}


def test_every_promise_is_broken_somewhere_in_this_file() -> None:
    assert {invariant.name for invariant in INVARIANTS} == set(PLANTED)


def test_each_promise_that_is_broken_is_named(world: World) -> None:
    with closing(database_at(world.url, 5)) as database:
        for name, statements in PLANTED.items():
            found = _planted(database, statements)
            assert name in found, name
            assert found[name].broken > 0
            assert CASES.get(name, found[name].cases[0]) in found[name].cases
    assert broken(world.service.settings) == {}, "and all of it was taken back"


class _Undone(Exception):
    pass


def _planted(database: Database, statements: list[str]) -> dict[str, Found]:
    """What is broken after these statements, which are taken back."""
    found: dict[str, Found] = {}
    with suppress(_Undone), database.alter() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        found = {told.name: told for told in check(connection, (), 20) if told.broken}
        raise _Undone
    return found


def test_a_yes_that_nobody_said_and_one_that_was_taken_back_are_found(world: World) -> None:
    granted = 'UPDATE golden_profile SET consents = \'{"marketing.email":"granted"}\' WHERE golden_id = '
    spoil(world.url, granted + _of("2"))
    spoil(world.url, granted + _of("5"))
    found = broken(world.service.settings)
    names = sorted(f"{world.golden_id(name)} marketing.email" for name in ("2", "5"))
    assert found == {"consents": tuple(names)}


USED = {
    "restrictions": (
        "UPDATE source_record SET mode = 'live' WHERE source_record_id = '9'",
        "INSERT INTO identifier (value, record) SELECT 1, number FROM source_record WHERE mode = 'restricted'",
        "UPDATE crosswalk SET valid_to = NULL WHERE source_record_id = '9'",
        "DELETE FROM source_record WHERE source_record_id = '9'",
    ),
    "restricted_by": (
        "UPDATE privacy_request SET status = 'refused' WHERE kind = 'restriction'",
        "UPDATE restriction_mark SET source_record_id = 'nobody'",
        "UPDATE source_record SET mode = 'restricted' WHERE source_record_id = '1'",
    ),
    "restricted_values": (
        'UPDATE golden_profile SET attributes = \'{"city":["Oslo","pos","9","most_recent",null]}\''
        " WHERE golden_id = (SELECT golden_id FROM restriction)",
    ),
    "overrides": (
        f"UPDATE value_override SET ended_at = {AT}",
        "UPDATE value_override SET operation_id = 'nothing'",
        "UPDATE value_override_record SET source_record_id = 'nobody'",
        "DELETE FROM value_override",
    ),
    "overridden": (
        "UPDATE value_override SET value = '1966-12-03'",
        f"UPDATE value_override SET ended_at = {AT}",
        "UPDATE value_override_record SET said = 'something else'",
        "UPDATE golden_profile SET attributes = '{}' WHERE golden_id = " + _of("5"),
    ),
}


def test_whoever_is_restricted_and_used_and_whatever_was_put_right_and_is_not_shown_is_found(
    world: World,
) -> None:
    with closing(database_at(world.url, 5)) as database:
        for name, ways in USED.items():
            for way in ways:
                assert name in _planted(database, [way]), way
        shown = _planted(database, [USED["overridden"][0]])["overridden"]
    assert shown.cases == (f"{world.golden_id('5')} birth_date",)
    looked = {name: found.looked for name, found in checked(world).items()}
    assert [looked[name] for name in ("restrictions", "restricted_values", "overrides", "overridden")] == [
        1
    ] * 4


def test_a_value_that_was_put_right_and_which_its_source_has_told_anew_is_not_missed(world: World) -> None:
    world.tell("5", "Emil", "Haraldsen", "emil@example.com", "1966-12-04")
    assert broken(world.service.settings) == {}


def test_a_yes_after_a_no_is_one(world: World) -> None:
    consents = checked(world)["consents"]
    assert consents.looked == 2
    assert consents.broken == 0, "she said yes, then no, then yes"


def test_who_is_in_the_journal_and_here_is_found(world: World) -> None:
    back = world.golden_id("1")
    world.journal.append(Erasure("e9", (GoldenId(back),), 2, frozenset(), datetime.now(UTC)))
    assert broken(world.service.settings) == {"journal": (back,)}


def test_the_look_writes_nothing_whatever_is_asked(url: str) -> None:
    with (
        closing(database_at(url, 5)) as database,
        pytest.raises(StoreError),
        database.survey() as look,
    ):
        look.exec_driver_sql("DELETE FROM setting")
    with closing(database_at(url, 5)) as database, database.alter() as connection:
        connection.exec_driver_sql("DELETE FROM setting")


def test_it_ends_with_one_where_a_promise_is_broken_and_tells_nothing_personal(
    tmp_path: Path, sqlite_url: str
) -> None:
    with lived(sqlite_url, tmp_path) as world, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ERASURES", str(tmp_path / "journal.ndjson"))
        sound = identity("verify", "--json", database=sqlite_url)
        assert sound.report["holds"] is True
        spoil(world.url, PLANTED["membership"][0])
        spoil(world.url, PLANTED["links"][0])
        told = identity("verify", database=sqlite_url)
        assert told.code == 1
        assert "membership: pos:1" in told.out
        assert "links: pos:1 pos:nobody" in told.out
        assert not [word for person in PEOPLE for word in person[1:] if word in told.out]


def test_a_database_of_another_version_is_left_as_it_is(tmp_path: Path, sqlite_url: str) -> None:
    file = tmp_path / "old.db"
    shutil.copy(sqlite_url.removeprefix("sqlite:///"), file)
    spoil(f"sqlite:///{file}", "UPDATE alembic_version SET version_num = '0009'")
    identity("verify", database=f"sqlite:///{file}").complains("E403")


def test_only_the_first_cases_are_told_and_all_are_counted(url: str) -> None:
    with closing(database_at(url, 5)) as database, database.alter() as connection:
        for number in range(50):
            connection.exec_driver_sql(f"INSERT INTO filed (block, record) VALUES (1, {number + 1})")
    store = Store(url)
    (found,) = [each for each in store.verify((), 3) if each.broken]
    store.close()
    assert (found.name, found.broken, len(found.cases)) == ("index", 50, 3)
    assert found.looked == 50
