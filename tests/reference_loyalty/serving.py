"""The loyalty platform in a thread of this process, on a port nobody else has."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from reference_loyalty import Options, create_app

PROGRAM = "rewards"
TIERS = [
    {"name": "basic", "from_points": 0},
    {"name": "silver", "from_points": 1000},
    {"name": "gold", "from_points": 5000},
]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address at which an application answers."""
    # The protocol is named: only then are small packets sent at once, forty milliseconds sooner.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", ws="none", lifespan="on", timeout_graceful_shutdown=1, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@dataclass(frozen=True, slots=True)
class Shop:
    """A platform with one programme, spoken to as its own tills and screens do."""

    url: str
    client: httpx2.Client
    database: Path
    program: str = PROGRAM
    keys: Iterator[int] = field(default_factory=itertools.count)

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> httpx2.Response:
        headers = {"idempotency-key": key} if key else {}
        return self.client.request(method, path, json=body, headers=headers)

    def at(self, path: str) -> str:
        return f"/v1/programs/{self.program}/{path}"

    def get(self, path: str) -> Any:
        return self._done(self.call("GET", self.at(path)))

    def post(self, path: str, body: Any = None) -> Any:
        """Something new that has to succeed."""
        return self._done(self.call("POST", self.at(path), body, f"shop-{next(self.keys)}"))

    def refused(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """Something that has to be refused: the problem details."""
        reply = self.call("POST", self.at(path), body, key or f"shop-{next(self.keys)}")
        assert 400 <= reply.status_code < 500, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        told = reply.json()
        assert told["status"] == reply.status_code
        return told

    def member(self, number: str) -> Any:
        return self.get(f"members/{number}")

    def enrol(self, number: str, points: int = 0, expires_on: str | None = None, **told: Any) -> Any:
        """A new member, as it is before it earns."""
        member = self.post("members", {"number": number, **told})
        if points:
            self.earn(number, points, expires_on)
        return member

    def earn(self, number: str, points: int, expires_on: str | None = None, **told: Any) -> Any:
        return self.post(f"members/{number}/earn", {"points": points, "expires_on": expires_on, **told})

    def redeem(self, number: str, points: int, **told: Any) -> Any:
        return self.post(f"members/{number}/redeem", {"points": points, **told})

    def merge(self, survivor: str, *sources: str, **told: Any) -> Any:
        return self.post("member-merges", merging(survivor, *sources, **told))

    def unmerge(self, receipt: Any) -> Any:
        return self.post(f"member-merges/{receipt['merge_id']}/unmerge")

    def set(self, number: str, **told: Any) -> Any:
        return self._done(self.call("PATCH", self.at(f"members/{number}"), told))

    def ledger(self, number: str) -> Any:
        return self.get(f"members/{number}/ledger")["entries"]

    def fault(self, kind: str, **told: Any) -> None:
        self._done(self.call("PUT", "/admin/faults", {"fault": kind, **told}))

    def no_faults(self) -> None:
        self._done(self.call("DELETE", "/admin/faults"))

    @staticmethod
    def _done(reply: httpx2.Response) -> Any:
        assert reply.is_success, reply.text
        return reply.json()


def merging(survivor: str, *sources: str, **told: Any) -> dict[str, Any]:
    return {"survivor": survivor, "sources": list(sources), "reason": "one person", **told}


def open_program(client: httpx2.Client, program: str) -> None:
    reply = client.post("/v1/programs", json={"program": program, "tiers": TIERS})
    assert reply.is_success, reply.text


@contextmanager
def shop(database: Path, options: Options | None = None, *, faults: bool = True) -> Iterator[Shop]:
    """A platform of its own, with the programme `rewards`."""
    with (
        served(create_app(database, options, faults=faults)) as url,
        httpx2.Client(base_url=url, timeout=20) as client,
    ):
        if options and options.token:
            client.headers["authorization"] = f"Bearer {options.token}"
        open_program(client, PROGRAM)
        yield Shop(url, client, database)


def rooms() -> Iterator[str]:
    """Names of programmes nobody has used: tests on one platform stay out of each other's way."""
    return (f"room{number}" for number in itertools.count())
