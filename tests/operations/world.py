"""A database in which something of everything has happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.ingest import ingest_files
from identity.commands.privacy import carry_out, erase_now, receive, verify
from identity.connectors.erasure_journal import ErasureJournal
from identity.delivery.addresses import Allowed
from identity.delivery.subscribing import Wanted, subscribe
from identity.engines.stages import Stages
from identity.flows.consent import Said, Teller
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, keep_apart, merge, split, undo
from identity.flows.lookup import ByRecord
from identity.ids import new_id
from identity.model.cluster import GoldenId
from identity.model.delivery import SubscriberKind
from identity.model.privacy import PrivacyKind
from identity.model.record import RecordKey
from tests.flows.real_time import arrival

__all__ = ["World", "lived", "pos"]

NOW = datetime.now(UTC)
WISH = Wish("ines")
PEOPLE = (
    ("1", "Ines", "Okafor", "ines@example.com", "1980-02-03"),
    ("2", "Bert", "Lindqvist", "bert@example.com", "1971-11-30"),
    ("3", "Cleo", "Ferreira", "cleo@example.com", "1990-05-17"),
    ("4", "Dora", "Nakamura", "dora@example.com", "1985-08-21"),
    ("5", "Emil", "Haraldsen", "emil@example.com", "1966-12-01"),
    ("6", "Faye", "Obradovic", "faye@example.com", "1999-03-09"),
    ("9", "Ilse", "Bergstrom", "ilse@example.com", "1974-04-12"),
    ("7", "Gwen", "Abernathy", "gwen@example.com", "1958-07-14"),
)
SAID = (
    ("1", "granted", 9),
    ("2", "withdrawn", 9),
    ("3", "granted", 9),
    ("3", "withdrawn", 5),
    ("3", "granted", 1),
)


def pos(name: str) -> RecordKey:
    return RecordKey("pos", name)


@dataclass(frozen=True)
class World:
    service: Service

    @property
    def url(self) -> str:
        return self.service.settings.database_url

    @property
    def journal(self) -> ErasureJournal:
        return self.service.memory.erasures

    def golden_id(self, name: str) -> GoldenId:
        (answer,) = self.service.lookup([ByRecord(pos(name))])
        (found,) = answer.golden_ids
        return found

    def tell(self, name: str, given: str, family: str, email: str, born: str, source: str = "pos") -> None:
        told = {"source": source, "source_record_id": name, "given_name": given, "family_name": family}
        ingest(
            self.service.desk, [arrival({**told, "email": email, "birth_date": born, "postcode": "10001"})]
        )

    def said(self, name: str, status: str, hours_ago: int) -> None:
        said = Said(ByRecord(pos(name)), "marketing", "email", status, NOW - timedelta(hours=hours_ago))
        self.service.consents.tell([said], Teller("shop", new_id()))

    def erase(self, name: str) -> GoldenId:
        golden_id = self.golden_id(name)
        erase_now(self.service, golden_id, "officer", "saw her passport")
        return golden_id

    def restrict(self, name: str) -> GoldenId:
        golden_id = self.golden_id(name)
        request = receive(self.service, PrivacyKind.RESTRICTION, golden_id, "officer")
        verify(self.service, request.request_id, "by letter", "officer")
        carry_out(self.service, request.request_id, "officer")
        return golden_id


@contextmanager
def lived(url: str, folder: Path, **settings: Any) -> Iterator[World]:
    """People who were told of, matched, merged, parted, asked and erased; somebody listens to all of it."""
    places: dict[str, Any] = {
        "spool": folder / "spool",
        "erasures": folder / "journal.ndjson",
        "anchors": folder / "anchors",
        "consents": folder / "consents",
    }
    world = World(Service(Settings(url, index_secret="a secret of the tests", **places, **settings)))
    try:
        for person in PEOPLE:
            world.tell(*person)
        world.tell("E1", *PEOPLE[0][1:], source="ecommerce")
        _decided(world)
        for said in SAID:
            world.said(*said)
        _loaded(world, folder)
        told = Wanted("stream", SubscriberKind.REDIS, "identity:events", (), (), 0)
        subscribe(world.service.deliveries, told, at=SystemClock().now(), log=new_id(), allowed=Allowed())
        world.service.decisions.override(world.golden_id("5"), {"birth_date": "1966-12-02"}, WISH)
        world.restrict("9")
        world.erase("7")
        yield world
    finally:
        world.service.store.close()


def _decided(world: World) -> None:
    desk = world.service.desk
    merge(desk, [world.golden_id("2"), world.golden_id("3")], WISH)
    split(desk, world.golden_id("2"), {pos("3")}, WISH)
    taken_back = merge(desk, [world.golden_id("4"), world.golden_id("5")], WISH)
    undo(desk, taken_back.operation.operation_id, WISH)
    merge(desk, [world.golden_id("4"), world.golden_id("6")], WISH)
    keep_apart(desk, pos("1"), pos("2"), WISH)


def _loaded(world: World, folder: Path) -> None:
    file = folder / "day.csv"
    file.write_text("source_record_id,given_name,family_name\n8,Hugo,Lindgren\n,Nobody,\n")
    ingest_files(world.service, [str(file)], "pos", Stages())
