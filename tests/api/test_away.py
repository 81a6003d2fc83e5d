"""While PostgreSQL is away everybody is told to come back, by the API and on the screen; then all goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from identity.store import migrate
from stewardship.app import create_screen
from tests.api.conftest import Api
from tests.api.test_routes import INES
from tests.databases import MortalPostgres, mortal_postgresql


@pytest.fixture
def mortal() -> Iterator[MortalPostgres]:
    with mortal_postgresql() as server:
        yield server


@pytest.mark.postgresql
def test_while_the_database_is_away_everybody_is_asked_to_come_back(
    at: Callable[..., Api], mortal: MortalPostgres
) -> None:
    migrate(mortal.url)
    api = at(mortal.url)
    ines = api.tell("pos", "1", **INES)["golden_id"]
    record = {"source": "pos", "source_record_id": "2", **INES}
    asked: dict[str, Callable[[], object]] = {
        "look-up": lambda: api.post("/v1/lookup", {"golden_id": ines}),
        "profile": lambda: api.get(f"/v1/profiles/{ines}"),
        "write": lambda: api.post("/v1/records", record),
        "write under a key": lambda: api.post("/v1/records", record, **{"Idempotency-Key": "k1"}),
        "file": lambda: api.http.post("/v1/uploads", content=b"{}", headers=api.headers()),
        "events": lambda: api.get("/v1/events"),
        "audit": lambda: api.get("/v1/audit"),
        "requests": lambda: api.get("/v1/privacy-requests"),
    }
    mortal.kill()
    for _ in range(2):
        for name, ask in asked.items():
            answer: object = ask()
            told = (answer.status_code, answer.json()["code"], answer.headers["retry-after"])  # type: ignore[attr-defined]
            assert told in ((503, "E415", "1"), (503, "E402", "1")), name
    ready = api.http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "missing")
    assert api.http.get("/healthz").status_code == 200
    assert api.http.get("/metrics").status_code in (200, 503)
    mortal.start()
    for name, ask in asked.items():
        assert ask().status_code < 300, name  # type: ignore[attr-defined]
    assert api.http.get("/readyz").status_code == 200


@pytest.mark.postgresql
def test_while_the_database_is_away_the_screen_says_so_kindly(
    at: Callable[..., Api], mortal: MortalPostgres
) -> None:
    migrate(mortal.url)
    api = at(mortal.url)
    app = create_app(api.service, api.settings, besides={"/review": create_screen(api.service)})
    visitor = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    mortal.kill()
    for cookie in ("", "session=" + "a" * 43):
        page = visitor.get("/review", headers={"cookie": cookie} if cookie else {}, follow_redirects=True)
        if cookie:
            assert (page.status_code, page.headers["retry-after"]) == (503, "2")
            assert "The database" in page.text
        else:
            assert page.status_code == 200, "who has not logged in is asked to, which needs no database"
