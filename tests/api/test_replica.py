"""Look-ups from a read replica: a real streaming copy, which is killed, paused and promoted, as its primary is."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from threading import enumerate as enumerate_threads
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from api.settings import ApiSettings
from identity.bootstrap import Service, Settings, settings_from
from identity.model.errors import RulesError
from identity.replica import Replica, ReplicaState
from identity.store import Store, migrate
from identity.store.dialect import postgresql
from tests.api.conftest import Api
from tests.api.test_consents import check, tell
from tests.api.test_privacy import erased
from tests.api.test_routes import BERT, INES
from tests.faults.proxy import proxy
from tests.replicas import Servers, servers, until

pytestmark = pytest.mark.postgresql
OPAQUE = ("lookup", "profiles:read", "explain", "match", "search", "crosswalk:read", "records:write")


@pytest.fixture(scope="module")
def pair() -> Iterator[Servers]:
    with servers() as pair:
        yield pair


@pytest.fixture
def database(pair: Servers) -> str:
    """The name of a database on both servers, which both run."""
    name = f"identity_{uuid4().hex}"
    pair.primary.ask(f"CREATE DATABASE {name}")
    migrate(pair.primary.url(name))
    pair.in_step()
    return name


def opened(pair: Servers, database: str, folder: Path, lag: float) -> Iterator[Api]:
    urls = pair.primary.url(database), pair.copy.url(database)
    told = Settings(urls[0], index_secret="a secret of the tests", replica_url=urls[1], replica_lag=lag)
    service = Service(told)
    api = Api(service, ApiSettings(signing_key=folder / "key.json", rate="100000/second"))
    with api.http:
        yield api
    service.store.close()


@pytest.fixture
def api(pair: Servers, database: str, tmp_path: Path) -> Iterator[Api]:
    """An application whose replica may be far behind."""
    yield from opened(pair, database, tmp_path, 300.0)


@pytest.fixture
def strict(pair: Servers, database: str, tmp_path: Path) -> Iterator[Api]:
    """One whose replica may be a second behind."""
    yield from opened(pair, database, tmp_path, 1.0)


@pytest.fixture
def paused(pair: Servers) -> Iterator[None]:
    yield
    pair.copy.ask("SELECT pg_wal_replay_resume()")


def reads(api: Api) -> dict[tuple[str, str], float]:
    """How many reads each has answered, and why."""
    told = re.findall(
        r'identity_reads_total\{answered_by="(\w+)",why="([\w ]+)"\} ([\d.]+)', api.http.get("/metrics").text
    )
    return {(by, why): float(number) for by, why, number in told}


def fresh(before: dict[tuple[str, str], float], after: dict[tuple[str, str], float]) -> set[tuple[str, str]]:
    return {place for place, number in after.items() if number > before.get(place, 0)}


def asked(api: Api, golden_id: str) -> dict[str, Any]:
    """What is answered without showing anybody's values."""
    opaque = api.headers(*OPAQUE)
    return {
        "lookup": api.http.post("/v1/lookup", json={"email": INES["email"]}, headers=opaque),
        "batch": api.http.post("/v1/lookup:batch", json={"keys": [{"golden_id": golden_id}]}, headers=opaque),
        "profile": api.http.get(f"/v1/profiles/{golden_id}", headers=opaque),
        "how": api.http.get(f"/v1/profiles/{golden_id}/how", headers=opaque),
        "why": api.http.get("/v1/why?one=pos:1&other=ecommerce:7", headers=opaque),
        "why_not": api.http.get("/v1/why-not?one=pos:1&other=ecommerce:7", headers=opaque),
        "match": api.http.post("/v1/match", json={"record": INES}, headers=opaque),
        "crosswalk": api.http.get("/v1/crosswalk/pos/1", headers=opaque),
        "search": api.http.post("/v1/search", json={"family_name": INES["family_name"]}, headers=opaque),
    }


def state(api: Api) -> str:
    return str(api.http.get("/readyz").json()["replica"]["state"])


def ines(api: Api, pair: Servers) -> str:
    golden_id = str(api.tell("pos", "1", **INES)["golden_id"])
    api.tell("ecommerce", "7", **INES)
    pair.in_step()
    until(lambda: state(api) == "answers")
    return golden_id


def test_everything_that_shows_no_values_is_read_from_the_replica(api: Api, pair: Servers) -> None:
    golden_id = ines(api, pair)
    before = reads(api)
    answers = asked(api, golden_id)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert fresh(before, reads(api)) == {("replica", "in step")}
    assert reads(api)["replica", "in step"] - before.get(("replica", "in step"), 0) >= len(answers)


def test_look_ups_go_on_while_the_primary_is_away_and_writes_say_so(api: Api, pair: Servers) -> None:
    golden_id = ines(api, pair)
    there = {
        name: answer.json()
        for name, answer in asked(api, golden_id).items()
        if name not in ("match", "search")
    }
    pair.primary.stop()
    try:
        answers = asked(api, golden_id)
        assert answers.pop("search").status_code == 503, "who searches is kept"
        assert {name: each.status_code for name, each in answers.items()} == dict.fromkeys(answers, 200)
        assert {name: each.json() for name, each in answers.items() if name != "match"} == there
        unknown = api.http.post(
            "/v1/lookup", json={"email": "nobody@x.example"}, headers=api.headers(*OPAQUE)
        )
        assert unknown.status_code == 404, "which is all that anybody can know"
        written = api.post("/v1/records", {"source": "pos", "source_record_id": "2", **BERT})
        assert (written.status_code, written.json()["code"][:2]) == (503, "E4")
        shown = api.get(f"/v1/profiles/{golden_id}?include=consents,records")
        assert shown.status_code == 503, "values are shown only by who can keep that they were"
        ready = api.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "reads only")
        assert "database" in ready.json()["missing"]
        told = api.http.get("/metrics").text
        assert "identity_database_answers 0.0" in told
        assert "identity_replica_answers 1.0" in told
    finally:
        pair.primary.start()
    assert api.tell("pos", "2", **BERT)["golden_id"]
    until(lambda: api.http.get("/readyz").json()["status"] == "ok")


def test_look_ups_go_on_from_the_primary_when_the_replica_is_killed(api: Api, pair: Servers) -> None:
    golden_id = ines(api, pair)
    before = reads(api)
    pair.copy.stop()
    try:
        answers = asked(api, golden_id)
        assert {name: each.status_code for name, each in answers.items()} == dict.fromkeys(answers, 200)
        assert {by for by, _ in fresh(before, reads(api))} == {"primary"}
        assert state(api) == "away"
        assert api.http.get("/readyz").status_code == 200, "nothing is missing"
        assert "identity_replica_answers 0.0" in api.http.get("/metrics").text
    finally:
        pair.copy.start()
    until(lambda: state(api) == "answers")


@pytest.mark.usefixtures("paused")
def test_a_replica_that_falls_behind_is_left_until_it_has_caught_up(strict: Api, pair: Servers) -> None:
    ines(strict, pair)
    pair.copy.ask("SELECT pg_wal_replay_pause()")
    bert = strict.tell("pos", "2", **BERT)["golden_id"]
    until(lambda: state(strict) == "behind")
    before = reads(strict)
    assert strict.post("/v1/lookup", {"source": "pos", "source_record_id": "2"}).json()["golden_id"] == bert
    assert fresh(before, reads(strict)) == {("primary", "behind")}
    told = re.search(r"identity_replica_lag_seconds ([\d.]+)", strict.http.get("/metrics").text)
    assert told
    assert float(told[1]) > 1.0
    pair.copy.ask("SELECT pg_wal_replay_resume()")
    until(lambda: state(strict) == "answers")


@pytest.mark.usefixtures("paused")
def test_who_was_told_a_moment_ago_is_found_though_no_replica_knows_them_yet(api: Api, pair: Servers) -> None:
    known = ines(api, pair)
    pair.copy.ask("SELECT pg_wal_replay_pause()")
    bert = api.tell("pos", "2", **BERT)["golden_id"]
    keys = [{"email": INES["email"]}, {"source": "pos", "source_record_id": "2"}]
    answers = api.post("/v1/lookup:batch", {"keys": keys}).json()["answers"]
    assert [each["golden_id"] for each in answers] == [known, bert]
    assert api.http.get(f"/v1/profiles/{bert}", headers=api.headers(*OPAQUE)).status_code == 200
    assert api.http.get(f"/v1/profiles/{bert}/how", headers=api.headers(*OPAQUE)).status_code == 200
    assert ("primary", "unknown") in reads(api)


@pytest.mark.usefixtures("paused")
def test_of_many_only_who_is_unknown_is_asked_of_the_primary(api: Api, pair: Servers) -> None:
    known = ines(api, pair)
    keys = [
        {"email": INES["email"]},
        {"email": "nobody@x.example"},
        {"source": "pos", "source_record_id": "2"},
    ]
    pair.copy.ask("SELECT pg_wal_replay_pause()")
    bert = api.tell("pos", "2", **BERT)["golden_id"]
    erased(api, known)
    before = reads(api)
    answers = api.post("/v1/lookup:batch", {"keys": keys}).json()["answers"]
    assert answers[0]["golden_id"] == known, "the primary, which knows better, was not asked"
    assert (answers[1]["status"], answers[2]["golden_id"]) == ("unknown", bert)
    assert fresh(before, reads(api)) == {("replica", "in step"), ("primary", "unknown")}
    before = reads(api)
    api.post("/v1/lookup:batch", {"keys": [keys[0], keys[0]]})
    assert fresh(before, reads(api)) == {("replica", "in step")}


@pytest.mark.usefixtures("paused")
def test_a_withdrawal_and_an_erasure_hold_at_once(api: Api, pair: Servers) -> None:
    golden_id = ines(api, pair)
    assert tell(api, "granted", golden_id=golden_id).status_code == 200
    bert = api.tell("pos", "2", **BERT)["golden_id"]
    pair.in_step()
    pair.copy.ask("SELECT pg_wal_replay_pause()")
    assert tell(api, "withdrawn", golden_id=golden_id).status_code == 200
    assert check(api, {"golden_id": golden_id}) == [(False, "withdrawn")]
    shown = api.get(f"/v1/profiles/{golden_id}").json()
    assert shown["consents"] == {"marketing.email": "withdrawn"}, "what shows values shows them as they are"
    assert api.get(f"/v1/profiles/{golden_id}?purpose=marketing").status_code == 403
    erased(api, bert)
    assert api.get(f"/v1/profiles/{bert}").status_code == 410
    now = api.headers("lookup", **{"Cache-Control": "no-cache"})
    assert api.http.post("/v1/lookup", json={"golden_id": bert}, headers=now).status_code == 410
    late = api.http.post("/v1/lookup", json={"golden_id": bert}, headers=api.headers("lookup"))
    assert late.status_code == 200, "an id is told, and nothing about anybody"
    pair.copy.ask("SELECT pg_wal_replay_resume()")
    pair.in_step()
    assert (
        api.http.post("/v1/lookup", json={"golden_id": bert}, headers=api.headers("lookup")).status_code
        == 410
    )


def test_connections_that_were_idle_are_looked_at_without_writing(
    api: Api, pair: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden_id = ines(api, pair)
    monkeypatch.setattr(postgresql, "_FRESH", 0.0)
    before = reads(api)
    for _ in range(2):
        assert {each.status_code for each in asked(api, golden_id).values()} == {200}
    assert fresh(before, reads(api)) == {("replica", "in step")}


@pytest.mark.usefixtures("paused")
def test_what_is_shown_in_clear_is_never_read_from_the_replica(api: Api, pair: Servers) -> None:
    golden_id = ines(api, pair)
    pair.copy.ask("SELECT pg_wal_replay_pause()")
    api.tell("ecommerce", "7", **{**INES, "city": "Porto"})
    before = reads(api)
    shown = api.get(f"/v1/profiles/{golden_id}?include=records,consents,history,provenance").json()
    assert [each["attributes"].get("city") for each in shown["records"]] == ["Porto", None]
    assert len(shown["history"]) == len(api.get(f"/v1/profiles/{golden_id}/how").json()["history"])
    assert api.get("/v1/why?one=pos:1&other=ecommerce:7").status_code == 200
    assert api.post("/v1/match", {"record": INES}).json()["alike"]
    assert reads(api) == before, "nobody was asked but the primary, and nothing had to be chosen"


@pytest.mark.usefixtures("paused")
def test_who_was_told_a_moment_ago_is_found_by_name_and_by_likeness(api: Api, pair: Servers) -> None:
    ines(api, pair)
    pair.copy.ask("SELECT pg_wal_replay_pause()")
    bert = api.tell("pos", "2", **BERT)["golden_id"]
    opaque = api.headers(*OPAQUE)
    found = api.http.post("/v1/search", json={"family_name": BERT["family_name"]}, headers=opaque).json()
    assert found["golden_ids"] == [bert]
    alike = api.http.post("/v1/match", json={"record": BERT}, headers=opaque).json()["alike"]
    assert [each["golden_id"] for each in alike] == [bert]


def test_of_many_who_look_up_first_one_begins_to_watch(pair: Servers, database: str) -> None:
    told = Settings(pair.primary.url(database), replica_url=pair.copy.url(database))
    service, together = Service(told), Barrier(8)
    before = sys.getswitchinterval()
    assert service.desk, "which is there before anybody looks up"

    def first(_: int) -> Any:
        together.wait(10)
        return service.replica

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = set(map(id, threads.map(first, range(8))))
        assert len(found) == 1
        assert sum(each.name == "replica" for each in enumerate_threads()) == 1
    finally:
        sys.setswitchinterval(before)
        service.replica.close()
        service.store.close()


def test_a_replica_that_says_nothing_any_more_keeps_nobody_waiting(
    pair: Servers, database: str, tmp_path: Path
) -> None:
    with proxy(unix=f"{pair.copy.place}/.s.PGSQL.5432") as between:
        url = f"postgresql://postgres@127.0.0.1:{between.at}/{database}"
        told = Settings(pair.primary.url(database), index_secret="a secret", replica_url=url, replica_lag=1.0)
        api = Api(Service(told), ApiSettings(signing_key=tmp_path / "key.json", rate="100000/second"))
        with api.http:
            ines(api, pair)
            between.swallowing = True
            begun = time.monotonic()
            with ThreadPoolExecutor(8) as threads:
                answers = list(
                    threads.map(lambda _: api.post("/v1/lookup", {"email": INES["email"]}), range(8))
                )
            assert [each.status_code for each in answers] == [200] * 8
            assert time.monotonic() - begun < 10
            assert state(api) == "away"
            between.swallowing = False
            until(lambda: state(api) == "answers")
        api.service.store.close()


def test_look_ups_go_on_while_the_primary_says_nothing(pair: Servers, database: str, tmp_path: Path) -> None:
    with proxy(unix=f"{pair.primary.place}/.s.PGSQL.5432") as between:
        url = f"postgresql://postgres@127.0.0.1:{between.at}/{database}?connect_timeout=2"
        told = Settings(url, index_secret="a secret", replica_url=pair.copy.url(database), replica_lag=2.0)
        api = Api(Service(told), ApiSettings(signing_key=tmp_path / "key.json", rate="100000/second"))
        with api.http:
            golden_id = ines(api, pair)
            opaque = api.headers(*OPAQUE)
            between.swallowing = True
            until(lambda: api.service.replica.standing().silent)
            begun = time.monotonic()
            found = api.http.post("/v1/lookup", json={"email": INES["email"]}, headers=opaque)
            assert found.json().get("golden_id") == golden_id, (found.text, api.service.replica.standing())
            nobody = api.http.post("/v1/lookup", json={"email": "nobody@x.example"}, headers=opaque)
            assert nobody.status_code == 404, "which is all that anybody can know"
            ready = api.http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "reads only")
            assert "identity_database_answers 0.0" in api.http.get("/metrics").text
            assert time.monotonic() - begun < 1.0, "nobody waited for it"
            between.swallowing = False
            until(lambda: api.http.get("/readyz").json()["status"] == "ok")
        api.service.store.close()


def test_who_can_answer_no_look_up_either_is_not_ready_whatever_the_replica(
    api: Api, pair: Servers, database: str
) -> None:
    ines(api, pair)
    with psycopg.connect(pair.primary.url(database)) as connection:
        connection.execute("DELETE FROM setting WHERE name = 'index_version'")
    pair.in_step()
    until(lambda: api.http.get("/readyz").status_code == 503)
    ready = api.http.get("/readyz").json()
    assert (ready["status"], list(ready["missing"])) == ("missing", ["index"])
    assert api.post("/v1/lookup", {"email": INES["email"]}).json()["code"] == "E412"


def test_who_starts_while_the_primary_is_away_says_so_and_begins_when_it_is_back(
    pair: Servers, database: str, tmp_path: Path
) -> None:
    told = Settings(pair.primary.url(database), index_secret="a secret", replica_url=pair.copy.url(database))
    api = Api(Service(told), ApiSettings(signing_key=tmp_path / "key.json", rate="100000/second"))
    with api.http:
        pair.primary.stop()
        try:
            ready = api.http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "missing")
            assert ready.json()["replica"] == {"state": "away", "lag_seconds": None}
            assert "identity_replica_answers 0.0" in api.http.get("/metrics").text
        finally:
            pair.primary.start()
        until(lambda: state(api) == "answers")
        assert api.http.get("/readyz").json()["status"] == "ok"
    api.service.store.close()


def test_a_replica_that_was_promoted_is_a_stranger(database: str) -> None:
    with servers() as pair:
        pair.primary.ask(f"CREATE DATABASE {database}")
        migrate(pair.primary.url(database))
        stores = Store(pair.primary.url(database)), Store(pair.copy.url(database))
        stores[0].put_setting("database_id", "ours")
        pair.in_step()
        replica = Replica("here", "near", stores, 5.0)
        assert replica.check().state is ReplicaState.ANSWERS
        pair.copy.ask("SELECT pg_promote()")
        stores[1].put_setting("written", "by whoever took it for the primary")
        assert replica.check().state is ReplicaState.STRANGER
        assert replica.answered(lambda who: who, lambda _: True) == "here"
        replica.close()
        stores[0].close()


@pytest.mark.usefixtures("paused")
def test_how_far_behind_a_replica_is_needs_no_clock_but_ours(pair: Servers, database: str) -> None:
    now = [0.0]
    stores = Store(pair.primary.url(database)), Store(pair.copy.url(database))
    replica = Replica("here", "near", stores, 5.0, lambda: now[0])
    try:
        assert replica.check().state is ReplicaState.ANSWERS
        now[0] = 4.0
        assert replica.standing().lag == 4.0, "it has not been looked at since"
        pair.in_step()
        assert replica.check().lag == 0.0, "nothing was written, and nothing is old"
        pair.copy.ask("SELECT pg_wal_replay_pause()")
        stores[0].put_setting("one", "more")
        for moment in (6.0, 8.0):
            now[0] = moment
            replica.check()
        assert (replica.standing().state, replica.standing().lag) == (ReplicaState.ANSWERS, 4.0)
        now[0] = 9.5
        assert (replica.standing().state, replica.standing().lag) == (ReplicaState.BEHIND, 5.5)
        pair.primary.stop()
        now[0] = 60.0
        late = replica.check()
        assert (late.state, late.lag) == (ReplicaState.ANSWERS, 4.0), (
            "it was in step when we saw the primary last"
        )
        assert replica.answered(lambda who: who, lambda _: True) == "near"
    finally:
        pair.primary.start()
        replica.close()
        stores[0].close()


def test_a_server_that_copies_nobody_or_somebody_else_is_not_asked(pair: Servers, database: str) -> None:
    other = f"identity_{uuid4().hex}"
    pair.primary.ask(f"CREATE DATABASE {other}")
    migrate(pair.primary.url(other))
    primary, stranger = Store(pair.primary.url(database)), Store(pair.primary.url(other))
    primary.put_setting("database_id", "ours")
    stranger.put_setting("database_id", "theirs")
    pair.in_step()
    for url in (pair.primary.url(database), pair.copy.url(other)):
        replica = Replica("here", "near", (primary, Store(url)), 5.0)
        assert replica.check().state is ReplicaState.STRANGER
        assert replica.answered(lambda who: who, lambda _: True) == "here"
        replica.close()
    stranger.close()
    primary.close()


def test_a_file_has_no_replica(sqlite_url: str, pair: Servers) -> None:
    service = Service(Settings(sqlite_url, replica_url=pair.copy.url()))
    with pytest.raises(RulesError, match="E119"):
        assert service.near(lambda here: here)
    service.store.close()


def test_settings_of_the_replica_that_make_no_sense_are_refused_and_not_repeated() -> None:
    with pytest.raises(RulesError) as refused:
        settings_from({"IDENTITY_REPLICA_URL": "sqlite:///secret.db"})
    assert "secret" not in str(refused.value)
    with pytest.raises(RulesError):
        settings_from({"IDENTITY_REPLICA_LAG": "0"})
    with pytest.raises(RulesError, match="on a server only"):
        settings_from({"IDENTITY_REPLICA_URL": "postgresql://u@h/d"})
    primary = {"IDENTITY_DATABASE_URL": "postgresql://u@p/d"}
    told = settings_from(
        primary | {"IDENTITY_REPLICA_URL": "postgresql://u@h/d", "IDENTITY_REPLICA_LAG": "2.5"}
    )
    assert (told.replica_url, told.replica_lag) == ("postgresql://u@h/d", 2.5)
