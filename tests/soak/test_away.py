"""A PostgreSQL that is killed, starting, or ends connections: one refusal for each, and it goes on by itself."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from api.settings import ApiSettings
from identity.bootstrap import Service, Settings
from identity.clock import SystemClock
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following, follow_until
from identity.model.errors import StoreError
from identity.model.following import Followed, FollowedOutcome
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.store import Store, migrate
from identity.store.dialect.postgresql import PostgresDatabase
from stewardship.app import create_screen
from stewardship.settings import ScreenSettings
from tests.api.conftest import Api
from tests.delivery.world import Log
from tests.soak.servers import Postgres
from tests.store.worlds import StandingClock, arrival, key

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="away-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "pids").mkdir()
        found = Postgres(folder / "postgresql", folder / "pids")
        found.start()
        found.create()
        migrate(found.url)
        try:
            yield found
        finally:
            found.kill()


@pytest.fixture
def there(server: Postgres) -> Iterator[Postgres]:
    if not server.answers():
        server.start()
    yield server
    if not server.answers():
        server.start()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def service(there: Postgres, tmp_path: Path) -> Iterator[Service]:
    service = Service(Settings(there.url, index_secret="a secret of the tests", spool=tmp_path / "spool"))
    yield service
    service.store.close()


@pytest.fixture
def store(there: Postgres) -> Iterator[Store]:
    store = Store(there.url, patience=5)
    yield store
    store.close()


def _everything(store: Store, clock: StandingClock) -> dict[str, Callable[[], object]]:
    def written() -> None:
        with store.online(clock) as work:
            work.put([arrival("ben")])

    def looked_up() -> object:
        with store.look() as look:
            return look.stored([key("ben")])

    return {
        "write": written,
        "look up": looked_up,
        "read": lambda: store.views.counts(),
        "bulk": lambda: store.begin(clock).__enter__(),
    }


def test_whatever_is_asked_of_a_server_that_is_killed_is_refused_and_goes_on_when_it_is_back(
    there: Postgres, store: Store, clock: StandingClock
) -> None:
    for ask in (each for name, each in _everything(store, clock).items() if name != "bulk"):
        ask()
    there.kill()
    for name, ask in _everything(store, clock).items():
        for _ in range(2):
            with pytest.raises(StoreError) as refused:
                ask()
            assert refused.value.code in ("E402", "E415"), name
    there.start()
    for name, ask in _everything(store, clock).items():
        if name != "bulk":
            ask()


def test_a_connection_that_is_lost_in_the_middle_says_that_nobody_knows(
    there: Postgres, store: Store, clock: StandingClock
) -> None:
    def write_and_lose() -> None:
        with store.online(clock) as work:
            there.let_go()
            work.put([arrival("carl")])

    def look_and_lose() -> None:
        with store.look() as look:
            there.let_go()
            look.stored([key("carl")])

    def lose_in_bulk() -> None:
        with store.begin(clock) as bulk:
            there.let_go()
            bulk.live_records()

    for lose in (write_and_lose, look_and_lose, lose_in_bulk):
        with pytest.raises(StoreError, match=r"E415.*not known"):
            lose()
    _everything(store, clock)["write"]()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (psycopg.errors.CannotConnectNow("the database system is starting up"), "E402"),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"), "E402"),
        (psycopg.errors.AdminShutdown("terminating connection due to administrator command"), "E415"),
        (psycopg.errors.CrashShutdown("terminating connection because of crash"), "E415"),
        (psycopg.errors.ConnectionFailure("lost"), "E415"),
        (psycopg.OperationalError("the connection is closed"), "E415"),
        (
            psycopg.OperationalError("connection failed: FATAL: the database system is in recovery mode"),
            "E402",
        ),
        (
            psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly"),
            "E415",
        ),
        (psycopg.OperationalError("connection timeout expired"), "E402"),
        (psycopg.errors.DiskFull("no space left on device"), "E407"),
    ],
)
def test_each_way_of_being_away_has_one_code(error: Exception, code: str) -> None:
    refusal = PostgresDatabase(make_url("postgresql://127.0.0.1/nowhere"), 5)._refusal(error)
    assert refusal.code == code


SAID = {"source": "pos", "source_record_id": "1", "given_name": "Ines", "family_name": "Calder"}


def test_the_api_answers_503_to_everything_and_then_goes_on(
    there: Postgres, service: Service, tmp_path: Path
) -> None:
    api = Api(service, ApiSettings(signing_key=tmp_path / "key.json", rate="100000/second"))
    with api.http:
        known = api.tell("pos", "1", given_name="Ines", family_name="Calder")["golden_id"]
        there.kill()
        for _ in range(2):
            answers = [
                api.post("/v1/records", SAID, **{"Idempotency-Key": "k1"}),
                api.post("/v1/lookup", {"source": "pos", "source_record_id": "1"}),
                api.get(f"/v1/profiles/{known}"),
                api.get("/v1/events"),
            ]
            for answer in answers:
                assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1"), answer.text
                assert answer.json()["code"] in ("E402", "E415")
        there.start()
        assert api.post("/v1/records", SAID, **{"Idempotency-Key": "k1"}).status_code == 200
        assert api.get(f"/v1/profiles/{known}").status_code == 200


def test_the_screen_says_that_it_is_away_even_where_it_cannot_tell_who_asks(
    there: Postgres, service: Service
) -> None:
    with TestClient(create_screen(service, ScreenSettings()), base_url="http://127.0.0.1") as browser:
        browser.cookies.set("session", "somebody")
        assert browser.get("/review", follow_redirects=False).status_code == 303
        there.kill()
        first, answer = browser.get("/review"), browser.get("/review")
        assert (first.status_code, answer.status_code) == (503, 503)
        assert "went away in the middle" in first.text
        assert "retry-after" in answer.headers
        assert "away for a moment" in answer.text
        assert "Traceback" not in answer.text


class Struck:
    """A follower in the middle of whose first event the database is killed."""

    name, types = "struck", frozenset({"customer.updated"})

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self.first, self.heard = threading.Event(), threading.Event()

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:  # noqa: ARG002
        if self.first.is_set():
            self.heard.set()
        else:
            self._server.kill()
            self.first.set()
        return Followed(FollowedOutcome.DONE)


def test_a_consumer_goes_on_at_once_when_the_database_is_back_under_a_lease_that_it_could_not_give_back(
    there: Postgres, store: Store
) -> None:
    Log(store, SystemClock()).tell("g1")
    consumers, follower, stop = store.consumers(SystemClock()), Struck(there), threading.Event()
    room = Following(
        consumers,
        follower,
        LogFeed(consumers),
        SystemClock(),
        "one",
        lambda event: event.event_id,
        pause=0.02,
    )
    thread = threading.Thread(target=follow_until, args=(room, stop))
    thread.start()
    try:
        assert follower.first.wait(10)
        there.start()
        assert follower.heard.wait(10), "its lease holds for 45 s, and was its own"
    finally:
        stop.set()
        thread.join()
