"""Every process of the Procfile runs, does its part, and ends when it is asked to.

On PostgreSQL and Redis, in production mode, with secrets in files: as in containers, but for the containers.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis

from tests.jobs.redis import redis_server

from .alike import procfile
from .running import Processes, free_port, processes, production, until
from .world import lived

INES = {
    "given_name": "Ines",
    "family_name": "Calder",
    "birth_date": "1980-01-02",
    "email": "ines@example.com",
}
DROPPED = (
    "CUSTOMER_NO;FIRST_NAME;LAST_NAME;BIRTHDAY;CAPTURED_AT\n1001;Bert;Sommer;23.11.1961;01.03.2026 12:00\n"
)
STREAM = "identity:events"
ALWAYS = [name for name in procfile() if name != "migrate"]


def _environment(folder: Path, database: str, server: str, loyalty: int) -> dict[str, str]:
    return {
        **production(folder, database, server.removesuffix("/0"), loyalty),
        "IDENTITY_WORKERS": "2",
        # An ERP that is away: its consumer goes on trying, and keeps nobody else waiting.
        "IDENTITY_ERP_URL": f"http://127.0.0.1:{free_port()}",
        "IDENTITY_ERP_USER": "admin",
        "IDENTITY_ERP_PASSWORD_FILE": str(folder / "secrets" / "erp"),
    }


@pytest.fixture
def run(tmp_path: Path, empty_postgresql_url: str) -> Iterator[Processes]:
    (tmp_path / "drops").mkdir()
    with redis_server() as server:
        told = _environment(tmp_path, empty_postgresql_url, server, free_port())
        with processes(tmp_path, told) as found:
            yield found


def _identity(run: Processes, *arguments: str) -> str:
    said = subprocess.run(
        ["identity", *arguments], cwd=run.folder, env=dict(run.environment), capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


Ask = Callable[..., dict[str, Any]]


@contextmanager
def _asking(run: Processes) -> Iterator[Ask]:
    token = _identity(run, "token", "--client", "test").split()[-1]
    base = f"http://127.0.0.1:{run.environment['IDENTITY_PORT']}"
    with httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:

        def ask(method: str, path: str, body: object = None) -> dict[str, Any]:
            answer = client.request(method, path, json=body)
            assert answer.status_code < 300, answer.text
            told: dict[str, Any] = answer.json()
            return told

        yield ask


def _ready(run: Processes) -> bool:
    return _answers(run, "/readyz")


def _answers(run: Processes, path: str) -> bool:
    try:
        port = run.environment["IDENTITY_PORT"]
        return httpx2.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code == 200
    except httpx2.HTTPError:
        assert run.running["api"].poll() is None, run.said("api")
        return False


def _platform(run: Processes) -> None:
    """Two members of a programme."""
    token = Path(run.environment["LOYALTY_TOKEN_FILE"]).read_text().strip()
    with httpx2.Client(base_url=run.environment["IDENTITY_LOYALTY_URL"], timeout=10) as client:
        for number, (path, body) in enumerate(
            [
                ("", {"program": "rewards", "tiers": [{"name": "basic"}]}),
                ("/rewards/members", {"number": "L1"}),
                ("/rewards/members", {"number": "L2"}),
            ]
        ):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{number}"}
            answer = client.post(f"/v1/programs{path}", json=body, headers=headers)
            assert answer.status_code < 300, answer.text


@pytest.mark.postgresql
def test_every_process_runs_does_its_part_and_ends_when_it_is_asked_to(run: Processes) -> None:
    assert run.run("migrate") == 0, run.said("migrate")
    for name in ALWAYS:
        run.start(name)
    pulsing = [name for name in ALWAYS if name not in ("api", "loyalty")]
    until(lambda: _ready(run) and all(run.alive(name) for name in pulsing), "everybody is up")

    _identity(run, "subscribers", "add", "stream", "--stream", STREAM)
    _platform(run)
    with _asking(run) as ask:
        _everybody_does_their_part(run, ask)
    _all_go_on(run)

    ended = run.stop()
    assert {name: code for name, (code, _) in ended.items()} == dict.fromkeys(ALWAYS, 0), ended
    assert all("Traceback" not in run.said(name) for name in ALWAYS)
    _nothing_personal(run)


def _everybody_does_their_part(run: Processes, ask: Ask) -> None:
    one = ask("POST", "/v1/records", {"source": "loyalty", "source_record_id": "L1", **INES})
    other = ask("POST", "/v1/records", {"source": "loyalty", "source_record_id": "L2", "given_name": "Agnes"})
    profiles = [one["golden_id"], other["golden_id"]]
    assert len(set(profiles)) == 2
    merged = ask("POST", "/v1/merges", {"profile_ids": profiles, "reason": "She says so."})
    job = ask("POST", "/v1/exports", {"format": "ndjson"})
    (run.folder / "drops" / "till.part").write_text(DROPPED)
    (run.folder / "drops" / "till.part").rename(run.folder / "drops" / "till.csv")

    until(lambda: _streamed(run) >= {"customer.created", "customer.merged"}, "the relay tells the stream")
    until(lambda: _arrived(ask, merged["operation_id"]), "the loyalty platform merged its members")
    until(lambda: (run.folder / "drops" / "done" / "till.csv").exists(), "the dropped file is loaded")
    until(lambda: ask("GET", f"/v1/jobs/{job['job_id']}")["status"] == "done", "clock and worker do the job")


def _streamed(run: Processes) -> set[str]:
    with closing(redis.Redis.from_url(run.environment["IDENTITY_REDIS_URL"])) as client:
        entries: Any = client.xrange(STREAM)
        return {fields[b"type"].decode() for _, fields in entries}


def _arrived(ask: Ask, operation_id: str) -> bool:
    told = ask("GET", f"/v1/merges/{operation_id}/propagation")["consumers"]
    return {"consumer": "loyalty", "status": "acknowledged"}.items() <= next(
        (each.items() for each in told if each["consumer"] == "loyalty"), {}.items()
    )


def _all_go_on(run: Processes) -> None:
    gone = {name: process.poll() for name, process in run.running.items() if process.poll() is not None}
    assert gone == {}, {name: run.said(name)[-500:] for name in gone}


def _nothing_personal(run: Processes) -> None:
    said = "".join(run.said(name) for name in procfile())
    assert not [word for word in (*INES.values(), "Agnes", "Sommer") if word in said]
    assert "secret-of-this-run" not in said


def test_a_copy_that_was_put_back_by_other_means_is_served_without_who_was_erased(
    tmp_path: Path, sqlite_url: str
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    told = {
        "IDENTITY_PORT": str(free_port()),
        "IDENTITY_DATABASE_URL": sqlite_url,
        "IDENTITY_INDEX_SECRET": "a secret of the tests",
        "IDENTITY_ERASURES": str(tmp_path / "journal.ndjson"),
    }
    with lived(sqlite_url, tmp_path) as world:
        world.service.store.dump(tmp_path / "copy")
        erased = world.erase("1")
    for left in tmp_path.glob("identity.db*"):
        left.unlink()
    (tmp_path / "copy").rename(file)
    with processes(tmp_path, told) as run:
        run.start("api")
        until(lambda: _answers(run, "/healthz"), "it answers")
        token = _identity(run, "token").split()[-1]
        address = f"http://127.0.0.1:{run.environment['IDENTITY_PORT']}/v1/profiles/{erased}"
        answer = httpx2.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert answer.status_code == 410, answer.text


def test_one_process_that_does_everything_ends_cleanly_too(tmp_path: Path) -> None:
    told = {
        "IDENTITY_PORT": str(free_port()),
        "IDENTITY_DATABASE_URL": f"sqlite:///{tmp_path / 'identity.db'}",
        "IDENTITY_ISSUER": "urn:test",
    }
    with processes(tmp_path, told) as run:
        run.start("api")
        until(lambda: _ready(run), "it answers")
        ((code, seconds),) = run.stop().values()
    assert code == 0, run.said("api")
    assert seconds < 15
