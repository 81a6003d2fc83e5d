"""What is asked over HTTP of one filled database: keys one by one, a thousand at once, records to take in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from api.scopes import Scope
from api.settings import api_settings_from
from api.tokens import issue
from bench.http.load import NoLoad, load
from bench.online.records import KNOWN, UNSEEN
from bench.processes import ROOT
from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = ["free_port", "measured_http"]

_CONNECTIONS, _WORKERS = (1, 16, 64), (1, 2)
_SECONDS, _WARM = 4.0, 1.0
_MANY = "1000000000/second"
_BARE = ("-m", "bench.http.bare")


def measured_http(address: str, folder: Path, told: Callable[[str], None]) -> dict[str, Any]:
    """Return calls per second and milliseconds a call, of the service and of what it stands on. Records are written
    last: they change what is read."""
    try:
        return {"phases": list(_phases(address, _Bodies(folder), told)), "failure": ""}
    except NoLoad as reason:
        return {"phases": [], "failure": str(reason)}


def _phases(address: str, bodies: _Bodies, told: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    environment = _environment(address, bodies.folder)
    token = issue(api_settings_from(environment), "bench", [scope.value for scope in Scope], 7_200)
    for workers in _WORKERS:
        told(f"HTTP, workers: {workers}")
        with _serving(_BARE, workers, environment) as at:
            for what, path in (("nothing (bare route)", "/nothing"), ("record key (bare route)", "/key")):
                yield from _asked(what, at + path, bodies.keys, workers)
        with _serving(("-m", "identity.cli", "serve"), workers, environment) as at:
            for what, file in (("record key", bodies.keys), ("e-mail", bodies.emails)):
                yield from _asked(what, f"{at}/v1/lookup", file, workers, token)
            for connections in (1, 4):
                url = f"{at}/v1/lookup:batch"
                yield _phase("1,000 record keys", url, bodies.thousands, workers, connections, token, 1_000)
            yield _phase("record told", f"{at}/v1/records", bodies.records, workers, 4, token, 1)
            yield _phase(
                "100 records told", f"{at}/v1/records:batch", bodies.hundreds, workers, 2, token, 100
            )


def _asked(what: str, url: str, file: Path, workers: int, token: str = "") -> Iterator[dict[str, Any]]:
    for connections in _CONNECTIONS:
        yield _phase(what, url, file, workers, connections, token, 1)


def _phase(
    what: str, url: str, file: Path, workers: int, connections: int, token: str, each: int
) -> dict[str, Any]:
    load(url, file, connections, _WARM, token)
    # From another place on: what was written a moment ago would be unchanged.
    found = load(url, file, connections, _SECONDS, token, first=50_021 * workers)
    return {
        "what": what, "workers": workers, "connections": connections, "each": each, **found,
        "per_second": found["per_second"] * each,
    }  # fmt: skip


class _Bodies:
    """Files of bodies, one in each line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "http"
        self.folder.mkdir(exist_ok=True)
        known = pq.read_table(folder / KNOWN).to_pylist()
        keys = [{name: row[name] for name in ("source", "source_record_id")} for row in known]
        told = [
            _record(row, turn) for turn in range(40) for row in pq.read_table(folder / UNSEEN).to_pylist()
        ]
        self.keys = self._written("keys", keys)
        self.emails = self._written("emails", [{"email": row["email"]} for row in known if row["email"]])
        self.thousands = self._written("thousands", [{"keys": each} for each in _parts(keys, 1_000)])
        self.records = self._written("records", told[: len(told) // 2])
        self.hundreds = self._written(
            "hundreds", [{"records": each} for each in _parts(told[len(told) // 2 :], 100)]
        )

    def _written(self, name: str, bodies: list[Any]) -> Path:
        path = self.folder / f"{name}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE) for body in bodies))
        return path


def _parts(rows: list[Any], size: int) -> list[list[Any]]:
    """Return whole parts; where there are fewer rows, they come again."""
    many = rows * (-(-size // len(rows)))
    return [many[start : start + size] for start in range(0, len(many) - size + 1, size)]


def _record(row: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """Return a record that nobody has: the same person, in a system that knows them once more."""
    told = {name: row[name] for name in CANONICAL_ATTRIBUTES if row.get(name)}
    return {"source": row["source"], "source_record_id": f"{row['source_record_id']}/{turn}", **told}


def _environment(address: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "IDENTITY_DATABASE_URL": address,
        "IDENTITY_RATE": _MANY,
        "IDENTITY_LOOKUP_QUOTA": "9000000000/day",
        "IDENTITY_INLINE_DELIVERY": "0",
        "IDENTITY_INLINE_JOBS": "0",
        "IDENTITY_SIGNING_KEY_FILE": str(folder / "key.json"),
        "IDENTITY_SPOOL": str(folder / "spool"),
    }


@contextmanager
def _serving(program: tuple[str, ...], workers: int, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a server on a port of its own; yield its address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", *program, "--port", str(port), "--workers", str(workers)]
    with subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, server)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise NoLoad(f"the server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/openapi.json", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise NoLoad("the server did not answer in a minute")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
