"""A service with some life behind it, and the names in it that requests can be about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.scopes import Scope
from api.settings import ApiSettings
from api.tokens import issue
from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.privacy import receive, verify
from identity.commands.work_off import work_off
from identity.connectors.told import arrival_of
from identity.flows.consent import Said, Teller
from identity.flows.judge import Wish
from identity.flows.lookup import ByGoldenId, ByRecord
from identity.model.cluster import GoldenId
from identity.model.privacy import PrivacyKind
from identity.model.record import RecordKey
from identity.model.run import Run, RunKind, RunStatus
from tests.intake.signing import SECRETS

__all__ = ["World", "world_at"]

_FIRST = ("Ines", "Bert", "Chidi", "Dora", "Emil", "Fay", "Gus", "Hana")
_LAST = ("Okafor", "Sommer", "Lindqvist", "Marchetti")
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")
_FRESH = 100
_MANY = "1000000000/second"


@dataclass(slots=True)
class World:
    """An application whose names are read anew now and then: what requests do changes which there are."""

    service: Service
    app: FastAPI
    headers: dict[str, str]
    told: list[dict[str, Any]] = field(default_factory=list)
    golden_ids: list[str] = field(default_factory=list)
    live: list[str] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    asked: int = 0
    made: int = 0

    def look_around(self) -> None:
        """Every forty requests: tell the people again, leave a re-match waiting, and see who there is."""
        if self.asked % 40 == 0:
            with TestClient(self.app) as http:
                http.post("/v1/records:batch", json={"records": self.told}, headers=self.headers)
                self._see(http)
        self.asked += 1

    def _see(self, http: TestClient) -> None:
        found = http.get("/v1/events?limit=1000", headers=self.headers).json()["events"]
        self.golden_ids = list(dict.fromkeys(event["subject"] for event in found))[-200:]
        answers = self.service.lookup([ByGoldenId(GoldenId(each)) for each in self.golden_ids])
        self.live = [
            golden_id
            for golden_id, answer in zip(self.golden_ids, answers, strict=True)
            if answer.status == "live" and not answer.redirected
        ]
        self.keys = [(each["source"], each["source_record_id"]) for each in self.told]
        self.operations = [each.operation_id for each in self.service.store.views.operations(50)]
        self.jobs = self._done(http)
        self.runs = [each.run_id for each in self.service.runs.runs(3)] or [self.waiting_run()]

    def _done(self, http: TestClient) -> list[str]:
        """Return the ids of jobs of both kinds that are done, and of one that waits."""
        names = list[str]()
        for worked_off in (True, False):
            answers = [
                http.post("/v1/uploads?source=pos", content=b'{"city": "Ulm"}\n{', headers=self.headers),
                http.post("/v1/exports", json={"format": "ndjson"}, headers=self.headers),
            ]
            names += [answer.json()["job_id"] for answer in answers]
            if worked_off:
                work_off(self.service)
        return names

    def waiting_run(self) -> str:
        """Return a re-match that waits for a decision."""
        now, name = SystemClock().now(), uuid4().hex
        self.service.runs.begin(Run(name, RunKind.INCREMENTAL, RunStatus.RUNNING, now, now))
        self.service.runs.finish(name, RunStatus.WAITING, now, {"actor": "machine", "breaches": []})
        return name

    def twin(self, *, fresh: bool) -> str:
        """Return the id of a record of the point of sale that another system has too; of a new person, if `fresh`."""
        self.made += fresh
        n = _FRESH + self.made if fresh else 1
        for source in ("pos", "ecommerce"):
            key = RecordKey(source, f"{source}/{n}")
            self.service.ingest([arrival_of(key, _attributes(n), None, {}, "live")], "contract")
        return f"pos/{n}"

    def stranger(self) -> str:
        """Return the golden id of somebody new."""
        return self.golden_id_of({"source": "pos", "source_record_id": self.twin(fresh=True)})

    def merged(self) -> str:
        """Return the id of a merge that nothing rests on yet."""
        wish = Wish("contract", "")
        ids = [GoldenId(self.stranger()), GoldenId(self.stranger())]
        return self.service.decisions.merge(ids, wish).operation.operation_id

    def golden_id_of(self, record: dict[str, str]) -> str:
        key = RecordKey(record["source"], record["source_record_id"])
        (answer,) = self.service.lookup([ByRecord(key)])
        return answer.golden_ids[0] if answer.golden_ids else "nobody"

    def profile(self, chance: Random) -> str:
        return chance.choice(self.golden_ids)

    def fact(self) -> str:
        """A fact of consent that there is."""
        if self.service.consents.told("known.1") is None:
            said = Said(ByGoldenId(GoldenId(self.golden_ids[0])), "marketing", "email", "granted")
            self.service.consents.tell([said], Teller("contract", "known"))
        return "known.1"

    def request(self, chance: Random, *, checked: bool | None = None) -> str:
        """Return the id of a privacy request: of somebody new, checked or not; or one of those there are."""
        if checked is None and self.requests:
            return chance.choice(self.requests)
        made = receive(self.service, PrivacyKind.ERASURE, self.stranger(), "contract")
        if checked:
            verify(self.service, made.request_id, "a document", "contract")
        self.requests = [*self.requests[-20:], made.request_id]
        return made.request_id

    def record(self, chance: Random) -> dict[str, Any]:
        return chance.choice(self.told)


@contextmanager
def world_at(url: str, folder: Path) -> Iterator[World]:
    """Open a world on the empty database at an address, with people told by four systems and decisions taken."""
    service = Service(
        Settings(
            url,
            index_secret="a secret of the tests",
            spool=folder / "spool",
            erasures=folder / "erasures.ndjson",
        )
    )
    settings = ApiSettings(
        signing_key=folder / "key.json",
        rate=_MANY,
        lookup_quota=_MANY,
        intake_rate=_MANY,
        body_limit=2**26,
        intake=SECRETS,
    )
    token = issue(settings, "contract", [scope.value for scope in Scope], 86_400)
    world = World(service, create_app(service, settings), {"Authorization": f"Bearer {token}"})
    world.told = [
        _person(n, source) for n in range(16) for source in ("pos", "ecommerce") if n % 3 or source == "pos"
    ]
    try:
        world.look_around()
        _decide(world)
        yield world
    finally:
        service.store.close()


def _person(n: int, source: str) -> dict[str, Any]:
    consents = {"marketing.email": {"status": "granted" if n % 2 else "denied"}}
    return {"source": source, "source_record_id": f"{source}/{n}", **_attributes(n), "consents": consents}


def _attributes(n: int) -> dict[str, str]:
    given, family = _FIRST[n % 8], _LAST[n // 4 % 4]
    if (
        n >= _FRESH
    ):  # nobody's namesake: people who are made on the way are not to be compared with each other
        given, family = _word(n * 7919), _word(n * 104_729 + 1)
    return {
        "given_name": given,
        "family_name": family,
        "email": f"{given}.{family}{n}@example.com".lower(),
        "birth_date": f"19{50 + n % 50}-0{1 + n % 9}-1{n * 3 % 10}",
        "phone": f"(212) 555-{n % 10_000:04}",
    }


def _word(n: int) -> str:
    return "".join(_SYLLABLES[n // 16**place % 16] for place in range(4)).title()


def _decide(world: World) -> None:
    """Merge two, take it back, keep two apart: so that there are operations, redirects and verdicts."""
    one, two, three, four = world.golden_ids[:4]
    with TestClient(world.app) as http:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = http.post(path, json=body, headers=world.headers)
            assert answer.status_code == 200, answer.text
            told: dict[str, Any] = answer.json()
            return told

        merged = post("/v1/merges", {"profile_ids": [one, two]})
        post(f"/v1/merges/{merged['operation_id']}/undo", {})
        post("/v1/merges", {"profile_ids": [three, four]})
        post("/v1/judgements", {"judgement": "keep_apart", "one": one, "other": three})
    world.asked = 0
