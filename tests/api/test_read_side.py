"""The read side over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.engines.stages import Stages

CUSTOMERS = """source,source_record_id,given_name,family_name,email,postcode
shop,1,Anna,Keller,anna.keller@example.org,10115
shop,2,Anna,Keller,anna.keller@example.org,10115
shop,3,Bert,Sommer,bert@sommer.example,80331
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api")
    (folder / "customers.csv").write_text(CUSTOMERS)
    service = Service(Settings(database_url=f"sqlite:///{folder / 'identity.db'}"))
    load_files(service, [str(folder / "customers.csv")], None, Stages())
    yield TestClient(create_app(service))
    service.store.close()


def test_a_record_leads_to_its_profile(client: TestClient) -> None:
    golden_id = client.get("/v1/crosswalk/shop/3").json()["golden_id"]
    profile = client.get(f"/v1/profiles/{golden_id}").json()
    assert profile["values"]["family_name"]["value"] == "Sommer"
    assert profile["records"] == ["shop:3"]


def test_personal_data_is_never_cached(client: TestClient) -> None:
    assert client.get("/v1/crosswalk/shop/1").headers["cache-control"] == "no-store"


def test_an_unknown_id_is_told_with_its_code(client: TestClient) -> None:
    answer = client.get("/v1/profiles/g0000000000000000")
    assert answer.status_code == 404
    assert answer.json()["code"] == "E501"
    assert client.get("/v1/crosswalk/shop/404").status_code == 404


def test_events_tell_how_profiles_were_born(client: TestClient) -> None:
    events = client.get("/v1/events").json()["events"]
    assert {event["type"] for event in events} == {"customer.created"}
    assert sum(len(event["data"]["records_gained"]) for event in events) == 3


def test_events_hold_no_personal_data(client: TestClient) -> None:
    told = client.get("/v1/events").text.casefold()
    assert not [value for value in ("anna", "keller", "sommer", "example", "10115") if value in told]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_service_says_that_it_is_there(client: TestClient, path: str) -> None:
    assert client.get(path).json()["status"] == "ok"
