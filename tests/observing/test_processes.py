"""Real processes: each logs under its name, counts where it is asked to, and several of the API count together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import orjson
import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.delivery import add_report, beginning, wanted
from identity.delivery.redis_stream import STREAM
from tests.delivery.world import Log, until
from tests.jobs.redis import redis_server
from tests.jobs.test_jobs import send

ROOT = Path(__file__).parents[2]
LONG = 60.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *command: str, **environment: str) -> Iterator[Path]:
    """A process of its own, until it is left; what it logs and prints goes to a file."""
    written = folder / "written"
    told = {**os.environ, "PYTHONWARNINGS": "ignore", **environment}
    told.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with written.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=told,
            cwd=ROOT,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            yield written
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(LONG)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(LONG)


def lines(written: Path) -> list[dict[str, Any]]:
    """The lines of the log among what was written."""
    found = [line for line in written.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return [orjson.loads(line) for line in found]


def asked(url: str) -> str:
    """What an address answers, "" while nobody does."""
    try:
        return httpx2.get(url, timeout=5.0).text
    except httpx2.HTTPError:
        return ""


def number(text: str, name: str) -> float:
    return sum(float(found) for found in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


@pytest.fixture
def service(sqlite_url: str) -> Iterator[Service]:
    service = Service(Settings(sqlite_url, index_secret="a secret of the tests"))
    yield service
    service.store.close()


class Collector(BaseHTTPRequestHandler):
    """Takes traces as a collector does, and keeps the bytes."""

    taken: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.taken.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    taken: list[tuple[str, bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Kept", (Collector,), {"taken": taken}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_relay_logs_under_its_name_and_serves_what_it_counts(service: Service, tmp_path: Path) -> None:
    with redis_server() as redis_url:
        log, port = Log(service.store, SystemClock()), free_port()
        add_report(service, wanted("stream", None, STREAM, (), (), beginning("0")))
        log.many(5)
        environment = {
            "IDENTITY_DATABASE_URL": service.settings.database_url,
            "IDENTITY_REDIS_URL": redis_url,
            "IDENTITY_LOG_LEVEL": "info",
        }
        command = ("identity.cli", "deliver", "--json", "--metrics-port", str(port))
        with running(tmp_path, *command, **environment) as written:
            name = "identity_relayed_events_total"
            until(lambda: number(asked(f"http://127.0.0.1:{port}/metrics"), name) == 5, LONG)
    told = [line for line in lines(written) if "process" in line]
    assert told
    assert {line["process"] for line in told} == {"relay"}
    assert [line for line in told if line["event"] == "delivered" and line.get("told") == 5]


def test_a_port_that_is_taken_is_told(service: Service) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "identity.cli", "deliver", "--metrics-port", port]
        environment = {**os.environ, "IDENTITY_DATABASE_URL": service.settings.database_url}
        ended = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LONG
        )
    assert (ended.returncode, ended.stderr[:5]) == (4, "E143:")


def test_a_worker_logs_notes_and_traces_its_tasks(
    service: Service, tmp_path: Path, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    address, taken = collector
    with redis_server() as broker:
        environment = {
            "IDENTITY_BROKER_URL": broker,
            "IDENTITY_DATABASE_URL": service.settings.database_url,
            "IDENTITY_INDEX_SECRET": "a secret of the tests",
            "IDENTITY_OTLP_ENDPOINT": address,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        send(broker, "identity.decide_again", "a-task")
        quiet = ("--concurrency", "1", "--without-gossip", "--without-mingle")
        command = ("celery", "--quiet", "--app", "identity.jobs", "worker", *quiet)
        with running(tmp_path, *command, **environment) as written:
            until(lambda: service.store.duties(SystemClock()).all(), LONG)
            until(lambda: any(b"run/identity.decide_again" in body for _, body in taken), LONG)
            until(lambda: any(line["event"] == "task" for line in lines(written)), LONG)
    (duty,) = service.store.duties(SystemClock()).all()
    assert (duty.name, duty.outcome, duty.failures) == ("decide_again", "done", 0)
    (line,) = [line for line in lines(written) if line["event"] == "task"]
    assert (line["process"], line["correlation_id"], line["outcome"]) == ("worker", "a-task", "done")
    assert len(line["trace_id"]) == 32
    assert {path for path, _ in taken} == {"/v1/traces"}
    exported = b"".join(body for _, body in taken)
    assert b"database write" in exported
    assert bytes.fromhex(line["trace_id"]) in exported


def test_processes_of_the_api_count_together(service: Service, tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "IDENTITY_DATABASE_URL": service.settings.database_url,
        "IDENTITY_INDEX_SECRET": "a secret of the tests",
        "XDG_STATE_HOME": str(tmp_path),
    }
    address = f"http://127.0.0.1:{port}"
    with running(
        tmp_path, "identity.cli", "serve", "--port", str(port), "--workers", "2", **environment
    ) as written:
        until(lambda: asked(f"{address}/healthz"), LONG)
        for _ in range(20):
            httpx2.get(f"{address}/v1/events")  # a connection of its own each time: any process may answer
        wanted = re.compile(r'identity_request_seconds_count{[^}]*status="401"[^}]*} (\S+)')

        def counted() -> float:
            return sum(float(found) for found in wanted.findall(asked(f"{address}/metrics")))

        until(lambda: counted() == 20, LONG)
        assert {counted() for _ in range(10)} == {20}
    requests = [line for line in lines(written) if line["event"] == "request" and line["status"] == 401]
    assert len(requests) == 20
    assert {line["process"] for line in requests} == {"api"}
