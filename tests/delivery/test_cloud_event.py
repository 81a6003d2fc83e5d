"""Every event that the flows write leaves as a CloudEvent that keeps to its schema."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.delivery.cloud_event import SOURCE, TYPES, cloud_event, letter, written
from identity.engines.stages import Stages
from identity.flows.consent import Said, Teller
from identity.flows.judge.judging import Wish
from identity.flows.lookup import ByIdentifier
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.sample import write_sample
from identity.store import EventView
from tests.flows.real_time import arrival, deleted

from .schemas import faults

WISH = Wish("steward", "a reason that stays in the house")
PERSON = {
    "source": "shop",
    "given_name": "Ines",
    "family_name": "Calderón",
    "birth_date": "1988-04-17",
    "email": "ines@example.com",
    "phone": "+12125550142",
}
OTHER = {
    "source": "pos",
    "given_name": "Bartholomew",
    "family_name": "Quist",
    "birth_date": "1951-11-02",
    "email": "quist@example.org",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> tuple[EventView, ...]:
    """The log of a life: a load, records written, changed and deleted, a merge, its undo, a split, another model."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "identity.db").write_bytes(migrated_file.read_bytes())
    service = Service(Settings(f"sqlite:///{folder / 'identity.db'}"))
    write_sample(300, 3, folder, canonical=True, systems=False)
    load_files(service, [str(folder / "records.parquet")], None, Stages())
    rematch(service.workshop, Stages())
    _live(service)
    events = service.store.views.events(limit=100_000)
    service.store.close()
    return events


def _live(service: Service) -> None:
    people = [PERSON | {"source_record_id": "1"}, PERSON | {"source_record_id": "2"}]
    service.ingest([arrival(person) for person in (*people, OTHER | {"source_record_id": "3"})], "request-1")
    service.ingest([arrival(people[0] | {"city": "Boston"}), deleted(RecordKey("shop", "2"))])
    first, second = (_home(service, *key) for key in (("shop", "1"), ("pos", "3")))
    merged = service.decisions.merge([first, second], WISH)
    service.decisions.undo(merged.operation.operation_id, WISH)
    service.ingest([arrival(people[1])])
    home = _home(service, "shop", "1")
    assert home == _home(service, "shop", "2")
    service.decisions.split(home, [RecordKey("shop", "2")], WISH)
    said = Said(
        ByIdentifier("email", PERSON["email"]),
        "marketing",
        "email",
        "withdrawn",
        evidence="Ines on the phone",
    )
    service.consents.tell([said], Teller("ann", "consent-1"))


def _home(service: Service, source: str, record: str) -> GoldenId:
    found = service.store.views.golden_id_of(RecordKey(source, record))
    assert found
    return found


def test_every_event_that_flows_write_keeps_to_its_schema(told: tuple[EventView, ...]) -> None:
    kinds = Counter(event.type for event in told)
    assert kinds.keys() == TYPES.keys()
    assert {event.event_id: found for event in told if (found := faults(event))} == {}


def test_what_people_do_tells_its_operation_and_what_is_loaded_its_load(told: tuple[EventView, ...]) -> None:
    events = [cloud_event(event) for event in told]
    caused = [event for event in events if "causationid" in event]
    assert {event["data"]["operation"] for event in caused} == {"merge", "undo", "split", "consent"}
    assert all(event["causationid"] == event["data"]["operation_id"] for event in caused)
    assert any(event.get("correlationid") == "request-1" for event in events)
    both = [event for event in caused if event["data"]["operation"] == "merge"]
    assert {event["type"] for event in both} == {"customer.merged"}
    assert {tuple(event["data"]["retired"]) for event in both} < {(event["subject"],) for event in events}


def test_events_sort_by_their_sequence_and_count_by_their_version(told: tuple[EventView, ...]) -> None:
    events = [cloud_event(event) for event in told]
    assert events == sorted(events, key=lambda event: event["sequence"])
    assert len({event["id"] for event in events}) == len(events)
    assert all(event["id"] == f"{event['subject']}.{event['version']}" for event in events)


def test_nothing_about_a_person_leaves(told: tuple[EventView, ...]) -> None:
    text = b"".join(written(event) for event in told)
    for value in ("Ines", "Calder", "1988-04-17", "example.com", "5550142", "Quist"):
        assert value.encode() not in text


def test_a_cloud_event_is_spelled_as_the_specification_wants() -> None:
    at = datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC)
    event = EventView(7, "g1.2", "customer.updated", GoldenId("g1"), 2, at, None, {"golden_id": "g1"})
    assert cloud_event(event) == {
        "specversion": "1.0",
        "id": "g1.2",
        "source": SOURCE,
        "type": "customer.updated",
        "subject": "g1",
        "time": "2026-03-02T09:00:00.000005Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:customer-identity:event:customer.updated:v1",
        "version": 2,
        "sequence": "0000000000000000007",
        "data": {"golden_id": "g1"},
    }
    sent = letter(event, "/shop")
    assert (sent.position, sent.event_id, sent.subject) == (7, "g1.2", "g1")
    assert orjson.loads(sent.content)["source"] == "/shop"
