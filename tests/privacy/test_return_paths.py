"""Two hundred people are erased, and come back on every road there is: none of them arrives (I8)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.ingest import ingest_files
from identity.commands.load import load_files
from identity.commands.messages import Message, take_record
from identity.commands.privacy import erase_now, heal_journals
from identity.commands.work_off import spool_of, work_off
from identity.connectors.told import arrival_of
from identity.engines.stages import Stages
from identity.flows.consent import Said, Teller
from identity.flows.lookup import ByGoldenId, ByIdentifier
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.job import Job, JobKind, JobStatus
from identity.model.record import RecordKey

PEOPLE, ERASED = 260, 200
OPAQUE = {"golden_id", "retired", "erasure_id", "model_version", "operation", "operation_id"}
"""What an event of an erased person may still tell: ids of ours."""
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")


def person(n: int) -> dict[str, str]:
    """Somebody like nobody else, whose every value is a canary; two and two share a landline."""
    chance = Random(n)

    def word(syllables: int) -> str:
        return "".join(chance.choice(SYLLABLES) for _ in range(syllables))

    return {
        "given_name": word(5).title(),
        "family_name": word(5).title(),
        "email": f"{word(6)}@{word(6)}.example",
        "phone": f"(212) 555-{1000 + n // 2:04}",
        "birth_date": f"{chance.randrange(1940, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        "loyalty_id": str(chance.randrange(10**11, 10**12)),
    }


class World:
    """A database of four hundred records, half of whose people are erased."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            f"sqlite:///{folder / 'identity.db'}",
            index_secret="a secret of the tests",
            spool=folder / "spool",
            erasures=folder / "beside" / "erasures.ndjson",
        )
        self.service = Service(self.settings)
        self.tell(range(PEOPLE), ("pos", "loyalty"))
        self.homes = {n: self.home("pos", n) for n in range(PEOPLE)}
        assert len(set(self.homes.values())) == PEOPLE
        self.refuse(range(0, PEOPLE, 2))
        self.others = [n for n in range(PEOPLE) if n not in set(self.gone)]
        self.backup = folder / "backup.db"

    @property
    def gone(self) -> range:
        return range(0, ERASED, 1)

    def tell(self, numbers: Any, sources: tuple[str, ...], prefix: str = "") -> list[str]:
        arrivals = [
            arrival_of(RecordKey(source, f"{prefix}{n}"), person(n), None, {})
            for n in numbers
            for source in sources
        ]
        return [told.outcome.value for told in self.service.ingest(arrivals)]

    def refuse(self, numbers: Any) -> None:
        """They say no to marketing, of their addresses themselves."""
        said = [
            Said(
                ByIdentifier("email", person(n)["email"]), "marketing", "email", "withdrawn", evidence="asked"
            )
            for n in numbers
        ]
        self.service.consents.tell(said, Teller("desk", "refused"))

    def home(self, source: str, n: int) -> GoldenId:
        with self.service.store.look() as look:
            return look.memberships([RecordKey(source, str(n))])[RecordKey(source, str(n))]

    def back_up(self) -> None:
        self.service.store.scrub()
        shutil.copyfile(self.folder / "identity.db", self.backup)

    def erase(self) -> None:
        for n in self.gone:
            erase_now(self.service, self.homes[n], "officer", "in person")

    def reopen(self) -> None:
        self.service.store.close()
        self.service = Service(self.settings)
        assert self.service.desk

    def check(self, road: str) -> None:
        """Nobody is back, in no file here; everybody else is as they were."""
        counts = self.service.store.views.counts()
        assert counts.live_profiles == len(self.others), road
        asked = [ByGoldenId(self.homes[n]) for n in range(PEOPLE)]
        told = [answer.status for answer in self.service.lookup(asked)]
        assert told == ["erased" if n in self.gone else "live" for n in range(PEOPLE)], road
        self.service.store.scrub()
        assert canaries(self.folder) == [], road


def canaries(folder: Path) -> list[str]:
    """What of the erased is found in any file of a folder, backups and what was sent aside left out."""
    # Two share a landline and a family name: these are the other one's too.
    words = {
        n: [
            value.encode()
            for name, value in person(n).items()
            if name in ("given_name", "email", "loyalty_id")
        ]
        for n in range(ERASED)
    }
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in ("backup.db", "sent.ndjson", "sent.csv"):
            content = path.read_bytes()
            found += [f"{path.name}: {word!r}" for each in words.values() for word in each if word in content]
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("privacy"))
    made.back_up()
    made.erase()
    with closing(made.service.store):
        yield made


def file_of(world: World, name: str, prefix: str = "") -> Path:
    path = world.folder / name
    odd = {"observed_at": "yesterday"}
    rows = [{"source": "pos", "source_record_id": f"{prefix}{n}", **person(n), **odd} for n in world.gone]
    if name.endswith(".csv"):
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_nothing_is_left_when_they_are_erased(world: World) -> None:
    world.check("erased")
    events = world.service.store.views.events(limit=10_000)
    assert sum(event.type == "customer.erased" for event in events) == ERASED


def test_what_they_said_no_to_is_kept_and_not_read(world: World) -> None:
    with world.service.store.look() as look:
        facts = look.every_fact()
    told = [fact.identifier[1] for fact in facts if fact.identifier]
    assert len(told) == PEOPLE // 2
    assert sum(value.startswith("gone:") for value in told) == ERASED // 2


def test_not_by_the_api(world: World) -> None:
    assert set(world.tell(world.gone, ("pos",))) == {"refused"}
    assert set(world.tell(world.gone, ("crm",), "again-")) == {"refused"}
    world.check("told again")


def test_not_by_late_files(world: World) -> None:
    for read, name in ((load_files, "sent.csv"), (ingest_files, "sent.csv"), (load_files, "sent.ndjson")):
        report = read(
            world.service, [str(file_of(world, name, "late-"))], "till", Stages()
        )  # a warning in each row
        assert (report["accepted"], report["quarantined"]) == (0, ERASED)
    world.check("late files")


def test_not_by_uploads(world: World) -> None:
    spool = spool_of(world.service)
    spool.open()
    shutil.copyfile(file_of(world, "sent.ndjson"), spool.upload("j1"))
    job = Job("j1", JobKind.UPLOAD, JobStatus.QUEUED, "shop", SystemClock().now(), {"source": "pos"}, {})
    world.service.store.jobs(SystemClock()).queue(job)
    assert work_off(world.service) == 1
    world.check("an upload")


def test_not_by_messages_of_systems(world: World) -> None:
    for n in world.gone:
        told = {"id": n, "first_name": person(n)["given_name"], "last_name": person(n)["family_name"]}
        told |= {"email": person(n)["email"], "updated_at": "2026-03-01T12:00:00Z", "note": {"odd": ["list"]}}
        message = Message("ecommerce", f"m{n}", told)
        assert take_record(world.service, message, lambda observed: observed)["code"] == "E323"
    world.check("messages")


def test_not_by_a_rematch_nor_by_what_is_queued(world: World) -> None:
    world.service.redo()
    world.check("redo")
    rematch(world.service.workshop, Stages(), reason="night")
    world.check("re-match")


def test_not_by_replaying_the_log_nor_by_letters(world: World) -> None:
    for event in world.service.store.views.events(limit=10_000):
        if event.subject in {world.homes[n] for n in world.gone}:
            assert event.body.keys() <= OPAQUE, event.type
    world.check("replay")


def test_not_by_a_backup(world: World) -> None:
    world.service.store.close()
    for leftover in world.folder.glob("identity.db*"):
        leftover.unlink()
    shutil.copyfile(world.backup, world.folder / "identity.db")
    with structlog.testing.capture_logs():
        world.reopen()
    world.check("a backup")
    assert set(world.tell(world.gone, ("pos",))) == {"refused"}
    world.check("told after a backup")


def test_a_journal_that_lacks_somebody_is_completed(world: World) -> None:
    journal = world.settings.erasures
    whole = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(whole[:-3]) + whole[-1][:40])
    assert heal_journals(world.service) == 3
    assert {erasure.golden_ids[0] for erasure in world.service.memory.erasures.erasures()} == {
        world.homes[n] for n in world.gone
    }
    assert journal.stat().st_mode & 0o077 == 0
