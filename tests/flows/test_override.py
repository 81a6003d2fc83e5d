"""A value that somebody knows better than the records holds until those say something new, wherever they are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from identity.bootstrap import Service
from identity.commands.person import person_report
from identity.commands.privacy import carry_out, erase_now, known_request, receive, verify
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import Wish
from identity.flows.lookup import ByRecord
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.golden import GoldenValue
from identity.model.privacy import PrivacyKind, PrivacyStatus
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import KEYS, arrival
from .test_erase import left, stored, yves, zora

BY = Wish("stefan", "She showed her passport.")


def home(service: Service, name: str) -> GoldenId:
    (answer,) = service.lookup([ByRecord(RecordKey("pos", name))])
    return answer.golden_ids[0]


def told(service: Service, *records: dict[str, str]) -> None:
    ingest(service.desk, [arrival(record) for record in records])


def value(service: Service, name: str, field: str = "birth_date") -> GoldenValue | None:
    view = service.store.views.profile(home(service, name))
    assert view
    return view.profile.values.get(field)


def text(service: Service, name: str, field: str = "birth_date") -> str | None:
    found = value(service, name, field)
    return found.value if found else None


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    service = ready(url)
    told(service, zora("z1"), zora("z2"), yves("y1"))
    return service


def test_it_holds_against_the_same_file_and_ends_with_the_sources_next_word(service: Service) -> None:
    events = len(service.store.views.events(0, 1_000))
    done = service.decisions.override(home(service, "z1"), {"birth_date": "1980-05-02"}, BY).operation
    assert value(service, "z1") == GoldenValue(
        "1980-05-02", RecordKey("steward", done.operation_id), "override", done.at
    )
    (event,) = service.store.views.events(0, 1_000)[events:]
    assert (event.type, event.body["operation"]) == ("customer.updated", "override")
    told(service, zora("z1", gender="female"))
    rematch(service.workshop, Stages())
    assert text(service, "z1") == "1980-05-02"
    told(service, zora("z1", birth_date="1980-05-03"))
    assert text(service, "z1") == "1980-05-02"  # the other record says the old one yet
    told(service, zora("z2", birth_date="1980-05-03"))
    assert text(service, "z1") == "1980-05-03"


def test_what_nobody_said_can_be_given_and_ends_when_it_is_said(service: Service) -> None:
    service.decisions.override(home(service, "y1"), {"gender": "male"}, BY)
    assert text(service, "y1", "gender") == "male"
    told(service, yves("y1", gender="unknown"))
    found = value(service, "y1", "gender")
    assert found is None or found.rule != "override"


def test_it_goes_with_its_record_through_a_merge_and_back(service: Service) -> None:
    service.decisions.override(home(service, "z1"), {"family_name": "Kanari"}, BY)
    merged = service.decisions.merge([home(service, "z1"), home(service, "y1")], BY).operation
    assert text(service, "y1", "family_name") == "Kanari"
    service.decisions.undo(merged.operation_id, BY)
    assert (text(service, "z1", "family_name"), text(service, "y1", "family_name")) == (
        "Kanari",
        "Vogelhuber",
    )


def test_it_can_be_taken_back_and_the_latest_holds(service: Service) -> None:
    before = value(service, "z1")
    first = service.decisions.override(home(service, "z1"), {"birth_date": "1980-05-02"}, BY).operation
    second = service.decisions.override(home(service, "z1"), {"birth_date": "1980-05-04"}, BY).operation
    assert text(service, "z1") == "1980-05-04"
    service.decisions.undo(second.operation_id, BY)
    assert text(service, "z1") == "1980-05-02"
    service.decisions.undo(first.operation_id, BY)
    assert value(service, "z1") == before


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"shoe_size": "44"}, "NOT_A_FIELD"),
        ({}, "NOT_A_FIELD"),
        ({"city": " "}, "NOT_A_VALUE"),
        ({"birth_date": "31.02.1980"}, "NOT_A_VALUE"),
        ({"birth_date": "03.02.1980"}, "NOT_A_VALUE"),
        ({"birth_date": "1980-05-01"}, "NOTHING_TO_DECIDE"),
    ],
)
def test_what_cannot_be_given_is_refused_with_a_word(
    service: Service, values: dict[str, str], code: str
) -> None:
    preview = service.decisions.preview_override(home(service, "z1"), values, BY)
    assert [blocker.code for blocker in preview.blockers] == [code]


def test_a_request_for_rectification_is_carried_out_and_goes_with_an_erasure(service: Service) -> None:
    zoras = home(service, "z1")
    wanted = {"birth_date": "1981-01-01", "city": "Kanarienstadt"}
    request = receive(service, PrivacyKind.RECTIFICATION, zoras, "officer", wanted=wanted)
    verify(service, request.request_id, "by letter", "officer")
    assert text(service, "z1") == "1980-05-01"
    done = carry_out(service, request.request_id, "officer")
    assert (done.status, done.report["fields"]) == (PrivacyStatus.DONE, ["birth_date", "city"])
    found = value(service, "z1", "city")
    assert found
    assert (found.value, found.record.source) == ("Kanarienstadt", "request")
    assert person_report(service, zoras)["profile"]["birth_date"]["value"] == "1981-01-01"
    erase_now(service, zoras, "officer", "by letter")
    assert left(service) == []
    with service.store.look() as look:
        assert look.every_override() == []


@pytest.mark.parametrize("seed", range(4))
def test_real_time_and_a_rebuild_tell_the_same_values(ready: Ready, url: str, seed: int) -> None:
    random, service = Random(seed), ready(url)
    people = [zora("z1"), zora("z2"), yves("y1"), yves("y2", given_name="Ulf", birth_date="1990-02-03")]
    told(service, *people)
    operations: list[str] = []
    for _ in range(12):
        name = random.choice(people)["source_record_id"]
        with suppress(DecisionRefused):
            match random.randrange(4):
                case 0:
                    field, given = random.choice(["city", "birth_date", "gender"]), str(random.randrange(3))
                    values = {field: f"199{given}-01-01" if field == "birth_date" else f"value {given}"}
                    made = service.decisions.override(home(service, name), values, BY)
                    operations.append(made.operation.operation_id)
                case 1:
                    other = random.choice(people)["source_record_id"]
                    if home(service, name) != home(service, other):
                        made = service.decisions.merge([home(service, name), home(service, other)], BY)
                        operations.append(made.operation.operation_id)
                case 2 if operations:
                    service.decisions.undo(operations.pop(random.randrange(len(operations))), BY)
                case _:
                    person = random.choice(people)
                    told(service, {**person, "birth_date": random.choice(["1980-05-01", "1990-01-01"])})
    versions = {each["source_record_id"]: value(service, each["source_record_id"]) for each in people}
    events = len(service.store.views.events(0, 10_000))
    rematch(service.workshop, Stages())
    assert len(service.store.views.events(0, 10_000)) == events
    assert versions == {each["source_record_id"]: value(service, each["source_record_id"]) for each in people}


def test_with_keys_no_given_value_stands_in_the_file_and_keys_are_rotated(ready: Ready, url: str) -> None:
    service = ready(url, field_keys=KEYS)
    told(service, zora("z1"))
    wanted = {"email": "kanariens@neu.example"}
    request = receive(service, PrivacyKind.RECTIFICATION, home(service, "z1"), "officer", wanted=wanted)
    verify(service, request.request_id, "by letter", "officer")
    carry_out(service, request.request_id, "officer")
    hidden = ("kanariens@neu", "zora.kanari@")
    assert [row for row in stored(service) if any(each in row for each in hidden)] == []
    rotated = Service(replace(service.settings, field_keys={"k2": b"2" * 32, **KEYS}))
    list(rotated.store.rotate())
    assert [row for row in stored(rotated) if "enc1:k1:" in row] == []
    assert text(rotated, "z1", "email") == "kanariens@neu.example"
    assert known_request(rotated, request.request_id).wanted == wanted
    rotated.store.close()
