"""A shop's data with tasks in it, and visitors of the screen over it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.ingest import ingest_files
from identity.commands.load import load_files
from identity.engines.stages import Stages
from identity.flows.review import refresh_reviews
from identity.ids import new_id
from identity.model.cluster import GoldenId
from identity.model.review import EVIDENCE, Concern, ReviewKind, ReviewTask
from identity.model.steward import Role
from identity.sample import write_sample
from identity.steps.reconcile import Reconciled
from stewardship.accounts import opened
from stewardship.app import create_screen
from stewardship.settings import ScreenSettings
from stewardship.visit import ROOT
from tests.quarantine.conftest import HEAD, till

__all__ = ["PASSWORD", "Visitor", "World", "load_shop", "service_at", "set_aside"]

PASSWORD = "a password for tests"
SECRET = "a secret of the tests"
_FILES = ("pos=pos.csv", "erp=erp.csv", "ecommerce=ecommerce.jsonl", "loyalty=loyalty.csv")


def service_at(url: str) -> Service:
    return Service(Settings(url, index_secret=SECRET))


def load_shop(service: Service, folder: Path, people: int = 300) -> None:
    """Load the files of four systems, and look at everybody."""
    write_sample(people, 7, folder)
    load_files(
        service,
        [f"{file.partition('=')[0]}={folder / file.partition('=')[2]}" for file in _FILES],
        None,
        Stages(),
    )
    refresh_reviews(service.review_room)


@dataclass
class Visitor:
    """Somebody with a browser of their own."""

    http: TestClient
    csrf: str = ""
    last: Any = None

    def get(self, place: str = "", **headers: str) -> Any:
        return self._seen(self.http.get(_at(place), headers=headers, follow_redirects=False))

    def post(self, place: str, form: dict[str, Any] | None = None, **headers: str) -> Any:
        told = {"csrf": self.csrf, **(form or {})}
        return self._seen(self.http.post(_at(place), data=told, headers=headers, follow_redirects=False))

    def follow(self, answer: Any) -> Any:
        """Go where an answer leads."""
        assert answer.status_code == 303, answer.text
        return self._seen(self.http.get(answer.headers["location"], follow_redirects=False))

    def log_in(self, name: str, password: str = PASSWORD) -> Any:
        self.get("/login")
        answer = self.post("/login", {"name": name, "password": password})
        if answer.status_code == 303:
            self.follow(answer)
        return answer

    def decide(self, task: ReviewTask, choice: str, **more: Any) -> Any:
        """Open a task and decide about it as it is seen."""
        seen = self.seen(task)
        return self.post(f"/tasks/{task.task_id}/decide", {"choice": choice, "seen": seen, **more})

    def seen(self, task: ReviewTask) -> str:
        page = self.get(f"/tasks/{task.task_id}").text
        return re.search(r'name="seen" value="(\w+)"', page)[1]  # type: ignore[index]

    def _seen(self, answer: Any) -> Any:
        self.last = answer
        if found := re.search(r'name="csrf" value="(\w+)"', answer.text):
            self.csrf = found[1]
        return answer


def _at(place: str) -> str:
    return place if place.startswith(ROOT) else ROOT + place


@dataclass
class World:
    """A screen over a database, and who visits it."""

    service: Service
    settings: ScreenSettings = field(default_factory=ScreenSettings)

    def __post_init__(self) -> None:
        self.screen: Any = create_screen(self.service, self.settings)
        self.app = create_app(self.service, ApiSettings(rate="100000/second"), besides={ROOT: self.screen})

    def screen_routes(self) -> list[Any]:
        return list(self.screen.routes)

    def visitor(self, name: str = "", role: Role = Role.STEWARD) -> Visitor:
        """Return somebody who is logged in, or (without a name) just somebody."""
        scheme = "http" if self.settings.development else "https"
        visitor = Visitor(
            TestClient(self.app, base_url=f"{scheme}://127.0.0.1", raise_server_exceptions=False)
        )
        if name:
            if self.service.store.stewards(SystemClock()).steward(name) is None:
                opened(self.service, name, role, PASSWORD)
            assert visitor.log_in(name).status_code == 303
        return visitor

    def tasks(self, kind: ReviewKind | None = None) -> tuple[ReviewTask, ...]:
        return self.service.store.views.reviews(SystemClock().now(), kind, 1_000)

    def task(self, kind: ReviewKind = ReviewKind.POSSIBLE_MATCH) -> ReviewTask:
        return self.tasks(kind)[0]

    def asks(
        self, kind: ReviewKind, golden_ids: Sequence[str], about: str = "", **details: object
    ) -> ReviewTask:
        """Have a person asked about profiles, as the machine or a system that follows would."""
        ids = tuple(GoldenId(each) for each in golden_ids)
        told = {"golden_ids": list(ids), **details} if about else details
        concern = Concern(kind, ids, 99.0, 1.0, None, told, about)
        change_id = about if kind is ReviewKind.BREAKER else new_id()
        with self.service.store.begin(SystemClock()) as work:
            work.put_reviews(Reconciled((concern,), (), ()), EVIDENCE, change_id)
        return next(each for each in self.tasks(kind) if each.subject == concern.subject)

    def large(self, count: int) -> list[str]:
        """Return so many profiles of several records, nobody of whom is asked about."""
        asked = {golden_id for task in self.tasks() for golden_id in task.golden_ids}
        views, found = self.service.store.views, list[str]()
        for event in views.events(0, 2_000):
            home = str(event.subject)
            free = home not in asked and home not in found
            if free and len(views.members(GoldenId(home))) > 1:
                found.append(home)
            if len(found) == count:
                return found
        raise AssertionError("the sample has nobody like this")

    def again(self, task: ReviewTask) -> ReviewTask:
        found = self.service.store.views.review(task.task_id, SystemClock().now())
        assert found is not None
        return found


def set_aside(world: World, folder: Path, many: int = 3) -> None:
    """Have a till send birthdays that do not exist."""
    file = folder / "till.csv"
    rows = [till(number, "31.02.1980", last=f"Alder{number}") for number in range(901, 901 + many)]
    file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="cp1252")
    ingest_files(world.service, [f"pos={file}"], None, Stages())


def told(answer: Any) -> dict[str, str]:
    """Return what the address says to which an answer leads."""
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}
