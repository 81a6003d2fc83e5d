"""What was said of consents after a backup holds when it is restored: before anybody is answered, by every way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from identity.bootstrap import Service
from identity.commands.backup import backup_report, restore_report
from identity.commands.load import load_files
from identity.connectors.consent_journal import ConsentJournal
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller, retell
from identity.flows.consent.retell import Journal
from identity.flows.ingest import ingest
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.night.full import full
from identity.ids import new_id
from identity.model.audit import AuditAction, AuditEntry
from identity.model.consent_fact import BlindFact, ConsentFact
from identity.model.errors import StoreError
from identity.settings import Settings
from tests.conftest import DATABASES
from tests.databases import client_programs
from tests.flows.real_time import arrival, contradictions
from tests.flows.whole import everything, rows, spoil

from .world import World, lived, pos

ADA = "ada@example.com"


@dataclass
class Drill:
    """A service that was backed up, and goes on; and the empty database that the backup is put into."""

    world: World
    empty: str
    backup: Path
    opened: list[Service] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return replace(self.world.service.settings, database_url=self.empty)

    def say(self, about: Question, status: str = "withdrawn", channel: str = "email", **more: str) -> None:
        said = Said(about, "marketing", channel, status, **more)  # type: ignore[arg-type]
        self.world.service.consents.tell([said], Teller("shop", new_id()))

    def restored(self, told_again: int) -> Service:
        report = restore_report(self.settings, self.backup, Stages())
        assert (report["holds"], report["told_again"]) == (True, told_again), report
        return self.open()

    def open(self, **changes: object) -> Service:
        back = Service(replace(self.settings, **changes))  # type: ignore[arg-type]
        self.opened.append(back)
        return back


@pytest.fixture(params=DATABASES)
def drill(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drill]:
    kind = request.param
    if kind == "postgresql":
        monkeypatch.setenv("PATH", client_programs())
    url, empty = (request.getfixturevalue(f"{name}{kind}_url") for name in ("", "empty_"))
    with lived(url, tmp_path) as world:
        backup_report(world.service.settings, tmp_path / "monday", Stages())
        drill = Drill(world, empty, tmp_path / "monday")
        yield drill
        for service in drill.opened:
            service.store.close()


def status(service: Service, about: Question, channel: str = "email") -> str:
    (found,) = service.consents.check([about], Asker("marketing", channel))
    return "allowed" if found.permission.allowed else "refused"


def flag(service: Service, name: str, source: str = "pos") -> str:
    key = replace(pos(name), source=source)
    (answer,) = service.lookup([ByRecord(key)])
    (golden_id,) = answer.golden_ids
    view = service.store.views.profile(golden_id)
    assert view
    return view.profile.consents.get("marketing.email", "unknown")


def ada(name: str = "ada", **more: str) -> dict[str, str]:
    told = {"source": "pos", "source_record_id": name, "given_name": "Ada", "family_name": "Byron"}
    return {**told, "birth_date": "1985-12-10", "email": ADA, **more}


def yes_of_hers(service: Service, name: str = "ada") -> None:
    said = Said(ByRecord(pos(name)), "marketing", "email", "granted", datetime(2020, 1, 2, tzinfo=UTC))
    service.consents.tell([said], Teller("shop", new_id()))


def loaded(service: Service, file: Path) -> None:
    file.write_text("\n".join([",".join(ada()), ",".join(ada().values())]))
    load_files(service, [str(file)], None, Stages())


COMES: dict[str, Callable[[Service, Path], object]] = {
    "told": lambda service, _: ingest(service.desk, [arrival(ada())]),
    "in a file": loaded,
}
ABOUT: dict[str, Callable[[World], Question]] = {
    "by an address": lambda _: ByIdentifier("email", "cleo@example.com"),
    "by a record": lambda _: ByRecord(pos("3")),
    "by a golden id": lambda world: ByGoldenId(world.golden_id("3")),
}


@pytest.mark.parametrize("about", ABOUT.values(), ids=ABOUT)
def test_a_no_after_the_backup_holds_after_it(drill: Drill, about: Callable[[World], Question]) -> None:
    assert flag(drill.world.service, "3") == "granted"
    drill.say(about(drill.world))
    back = drill.restored(told_again=1)
    assert flag(back, "3") == "withdrawn"
    assert status(back, ByIdentifier("email", "cleo@example.com")) == "refused"
    assert contradictions(drill.empty) == {}


def test_the_last_word_holds_whatever_it_is(drill: Drill) -> None:
    drill.say(ByRecord(pos("3")), "objected")
    drill.say(ByRecord(pos("3")), "granted")
    drill.say(ByIdentifier("email", "emil@example.com"), "granted", jurisdiction="eu", basis="consent")
    before = [flag(drill.world.service, name) for name in ("3", "5")]
    back = drill.restored(told_again=3)
    assert [flag(back, name) for name in ("3", "5")] == before
    assert before[1] == "granted"
    assert back.remember().facts == 0, "what is known is not told again"


def test_what_is_told_again_is_what_was_told_but_for_what_proved_it(drill: Drill) -> None:
    about = ByRecord(pos("3"))
    drill.say(about, notice="v7", evidence="form 12", jurisdiction="eu", basis="consent", source="kiosk")
    before = _facts(drill.world.service)
    back = drill.restored(told_again=1)
    assert _facts(back) == before


def _facts(service: Service) -> set[ConsentFact]:
    with service.store.look() as look:
        return {replace(fact, notice=None, evidence=None) for fact in look.facts([pos("3")])}


@pytest.mark.parametrize("way", COMES)
def test_a_no_of_somebody_who_came_after_the_backup_holds_when_they_come_again(
    drill: Drill, tmp_path: Path, way: str
) -> None:
    ingest(drill.world.service.desk, [arrival(ada())])
    drill.say(ByRecord(pos("ada")))
    back = drill.restored(told_again=1)
    assert "ada" not in str(everything(drill.empty)["consent_record"])
    COMES[way](back, tmp_path / "ada.csv")
    yes_of_hers(back)
    assert flag(back, "ada") == "withdrawn"
    assert contradictions(drill.empty) == {}


@pytest.mark.parametrize("way", COMES)
def test_a_no_for_an_address_that_nobody_had_holds_for_who_gives_it(
    drill: Drill, tmp_path: Path, way: str
) -> None:
    drill.say(ByIdentifier("email", ADA))
    back = drill.restored(told_again=1)
    assert ADA not in str(everything(drill.empty)["consent_fact"])
    COMES[way](back, tmp_path / "ada.csv")
    yes_of_hers(back)
    assert flag(back, "ada") == "withdrawn"


def test_of_who_was_erased_since_nothing_is_told_again_that_names_them(drill: Drill) -> None:
    drill.say(ByRecord(pos("1")), evidence="ines wrote")
    drill.say(ByIdentifier("email", "ines@example.com"), evidence="ines wrote")
    drill.world.erase("1")
    back = drill.restored(told_again=1)  # the address, blind: whoever is given it next is not written to
    held = str(everything(drill.empty))
    assert not any(name in held for name in ("Okafor", "ines@example.com", "ines wrote"))
    ingest(back.desk, [arrival(ada(email="ines@example.com"))])
    yes_of_hers(back)
    assert flag(back, "ada") == "withdrawn"


def test_what_who_was_erased_had_said_does_not_come_back_though_they_are_let_in_again(drill: Drill) -> None:
    service = drill.world.service
    drill.say(ByRecord(pos("1")), "granted")
    drill.world.erase("1")
    (erasure,) = [each for each in drill.world.journal.erasures() if each.records == 2]
    entry = AuditEntry("officer", AuditAction.RELEASE)
    assert service.store.privacy.release(erasure.erasure_id, entry, datetime.now(UTC)) > 0
    drill.world.tell("1", "Ines", "Okafor", "ines@example.com", "1980-02-03")
    spoil(drill.world.url, "DELETE FROM setting WHERE name = 'consents_journaled'")
    again = Service(service.settings)
    drill.opened.append(again)
    assert again.remember().facts == 0
    assert flag(again, "1") != "granted"


def test_of_who_was_erased_nothing_is_told_again_though_the_journal_of_erasures_missed_it(
    drill: Drill,
) -> None:
    drill.say(ByRecord(pos("1")))
    drill.world.erase("1")
    drill.world.service.settings.erasures.write_bytes(b"")  # a process ended between the two
    again = drill.open(database_url=drill.world.url)
    assert again.remember().facts == 0
    assert rows(drill.world.url, "SELECT * FROM consent_record WHERE source = 'gone:'") == []


@dataclass
class Overtaken:
    """A journal, and somebody who has told the same again by the time it is read."""

    journal: Journal
    other: Service

    def since(self, position: str) -> Iterator[tuple[Sequence[BlindFact], str]]:
        yield from list(self.journal.since(position))
        assert self.other.remember().facts == 1


def test_of_two_that_begin_beside_each_other_one_tells_again(drill: Drill, tmp_path: Path) -> None:
    drill.say(ByRecord(pos("3")))
    journal = drill.world.service.memory.consents.path
    aside = journal.rename(tmp_path / "aside")
    restore_report(drill.settings, drill.backup, Stages(), journal=False)
    (one, other), told = (drill.open(), drill.open()), ConsentJournal(journal)
    desk = one.desk
    aside.rename(journal)
    assert retell(desk, Overtaken(told, other)) == 0
    assert flag(one, "3") == "withdrawn"


def test_nobody_reads_in_the_journal_whom_it_is_about(drill: Drill) -> None:
    ingest(drill.world.service.desk, [arrival(ada("record-of-ada"))])
    drill.say(ByRecord(pos("record-of-ada")), evidence="ada wrote")
    drill.say(ByIdentifier("email", ADA), evidence="ada wrote")
    journal = drill.world.service.memory.consents.path
    held = journal.read_text()
    assert not any(name in held for name in ("ada", "Byron"))


def test_a_restored_database_is_refused_without_the_journal_that_it_had(drill: Drill) -> None:
    journal = drill.world.service.memory.consents.path
    journal.unlink()
    with pytest.raises(StoreError, match=r"E432.*journal of consents"):
        restore_report(drill.settings, drill.backup, Stages())
    assert restore_report(drill.settings, drill.backup, Stages(), journal=False)["told_again"] == 0


def test_what_cannot_be_written_down_is_not_told(drill: Drill) -> None:
    journal = drill.world.service.memory.consents.path
    journal.unlink()
    journal.mkdir()
    before = everything(drill.world.url)
    with pytest.raises(StoreError, match="E420"):
        drill.say(ByRecord(pos("3")))
    assert everything(drill.world.url) == before


def test_what_was_written_down_and_not_stored_is_told_when_the_database_is_opened(drill: Drill) -> None:
    service = drill.world.service
    drill.say(ByRecord(pos("3")))
    spoil(drill.world.url, "DELETE FROM consent_record WHERE fact_id IN (SELECT fact_id FROM consent_fact"
          " WHERE status = 'withdrawn' AND received_at = (SELECT max(received_at) FROM consent_fact))")  # fmt: skip
    spoil(drill.world.url, "DELETE FROM consent_fact WHERE NOT EXISTS (SELECT 1 FROM consent_record AS c"
          " WHERE c.fact_id = consent_fact.fact_id) AND value IS NULL")  # fmt: skip
    with closing(Service(service.settings).store) as store:
        again = Service(service.settings)
        vars(again)["store"] = store
        assert again.remember().facts == 1
        assert flag(again, "3") == "withdrawn"
        assert contradictions(drill.world.url) == {}


def test_a_no_holds_although_the_index_is_to_be_built_anew(drill: Drill, tmp_path: Path) -> None:
    drill.say(ByIdentifier("email", "cleo@example.com"))
    journal = drill.world.service.memory.consents.path
    aside = journal.rename(tmp_path / "aside")
    restore_report(drill.settings, drill.backup, Stages(), journal=False)
    aside.rename(journal)
    spoil(drill.empty, "UPDATE setting SET value = 'another' WHERE name = 'index_version'")
    spoil(drill.empty, "UPDATE identifier SET value = value + 1")
    with pytest.raises(StoreError, match="E412"):
        drill.open().remember()
    full(drill.open().night, Stages())
    back = drill.open()
    assert (back.remember().facts, flag(back, "3")) == (0, "withdrawn")
    assert status(back, ByIdentifier("email", "cleo@example.com")) == "refused"
