"""The mixed load of one client: people are told, looked up, merged, parted, asked, erased, and looked at."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import httpx2

from .client import Caller, Unexpected
from .ledger import Ledger, Person

__all__ = ["PASSWORD", "STEWARD", "Client"]

STEWARD, PASSWORD = "sam", "a password of the soak run"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
_COOKIE = re.compile(r"(__Host-\w+)=([^;]*)")
_SOURCES = ("pos", "ecommerce", "loyalty")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Client:
    """One thread with people of its own. `platform` is where loyalty members are enrolled; None: no loyalty records."""

    caller: Caller
    random: Random
    platform: Caller | None = None
    pause: float = 0.2
    people: list[Person] = field(default_factory=list)
    _number: int = 0
    _cookies: dict[str, str] = field(default_factory=dict)

    @property
    def _ledger(self) -> Ledger:
        return self.caller.ledger

    def run(self, stop: threading.Event) -> None:
        """Do one thing after the other until `stop` is set. What was begun is ended."""
        acts: dict[Callable[[], None], int] = {
            self.tell: 25, self.tell_many: 8, self.look_up: 30, self.merge: 6, self.undo: 4,
            self.consent: 10, self.erase: 3, self.screen: 4,
        }  # fmt: skip
        while not stop.wait(self.random.uniform(0.5, 1.5) * self.pause):
            (act,) = self.random.choices([*acts], [*acts.values()])
            try:
                act()
            except Unexpected:
                continue
            except Exception as flaw:  # the client's own: a soak that goes on without it would say nothing
                self._ledger.violate(f"the client itself failed: {type(flaw).__name__}: {flaw}")

    def tell(self) -> None:
        """Tell a new person, or a further record of one who is known."""
        single = [person for person in self._alive() if not person.merged and len(person.records) < 3]
        person = self.random.choice(single) if single and self.random.random() < 0.3 else self._new()
        body = self._record(person)
        told = self.caller.ask("tell", "POST", "/v1/records", body).json()
        self._acknowledge(person, body, told)

    def tell_many(self) -> None:
        people = [self._new() for _ in range(self.random.randint(3, 12))]
        bodies = [self._record(person) for person in people]
        told = self.caller.ask("tell many", "POST", "/v1/records:batch", {"records": bodies}).json()
        for person, body, result in zip(people, bodies, told["results"], strict=True):
            self._acknowledge(person, body, result)

    def look_up(self) -> None:
        if not (people := self._alive()):
            return
        person = self.random.choice(people)
        source, record_id = self.random.choice(person.records)
        asked = {"source": source, "source_record_id": record_id}
        found = self.caller.ask("look up", "POST", "/v1/lookup", asked).json()
        if found["status"] != "live":
            self._ledger.violate(f"look up: {source}:{record_id} was acknowledged, and is {found['status']}")
        person.ids.add(found["golden_id"])

    def merge(self) -> None:
        free = [person for person in self._alive() if not person.merged]
        if len(free) < 2:
            return
        one, other = self.random.sample(free, 2)
        ids = [self._now(one), self._now(other)]
        if ids[0] == ids[1]:
            return
        told = self.caller.ask(
            "merge", "POST", "/v1/merges", {"profile_ids": ids, "reason": "A soak."}
        ).json()
        one.merged = other.merged = told["operation_id"]
        one.partner, other.partner = other, one
        for each in (one, other):
            each.own = set(each.ids)

    def undo(self) -> None:
        if merged := [person for person in self._alive() if person.merged]:
            person = self.random.choice(merged)
            assert person.partner is not None
            self.caller.ask("undo", "POST", f"/v1/merges/{person.merged}/undo")
            for each in (person.partner, person):
                each.merged, each.partner = "", None
                each.ids = set(each.own)  # what the other one brought is the other one's again

    def consent(self) -> None:
        if not (people := self._alive()):
            return
        person, status = self.random.choice(people), self.random.choice(["granted", "withdrawn"])
        act = {"email": person.email, "purpose": "marketing", "channel": "email", "status": status}
        person.last = "unknown"
        self.caller.ask("consent", "POST", "/v1/consents", {"acts": [act]})
        person.last = status

    def erase(self) -> None:
        if len(people := self._alive()) < 20:
            return
        person = self.random.choice(people)
        asked = {"kind": "erasure", "golden_id": self._now(person), "reason": "A soak."}
        name = self.caller.ask("erase: asked", "POST", "/v1/privacy-requests", asked).json()["request_id"]
        at = f"/v1/privacy-requests/{name}"
        self.caller.ask("erase: verified", "POST", f"{at}/verify", {"check": "By the soak."})
        self.caller.ask("erase", "POST", f"{at}/carry-out")
        for each in (person, person.partner):
            if each is not None:
                each.erased = True

    def screen(self) -> None:
        """Look at the queue as a steward does; log in first where need be."""
        page = self._visit("GET", "/review", expected=(200, 303))
        if page.status_code == 303:
            asking = self._visit("GET", "/review/login")
            found = _CSRF.search(asking.text)
            assert found, "the page to log in has no form"
            form = {"csrf": found[1], "name": STEWARD, "password": PASSWORD}
            self._visit("POST", "/review/login", form, expected=(303,))
        self._ledger.did("screen")

    def _visit(
        self, method: str, path: str, form: dict[str, str] | None = None, expected: tuple[int, ...] = (200,)
    ) -> httpx2.Response:
        """Ask once: a person presses again later. What the screen says about that has to be a 503 or a 429."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        try:
            answer = self.caller.http.request(method, path, data=form, headers=headers)
        except httpx2.HTTPError as error:
            self._ledger.again(type(error).__name__)
            raise Unexpected from None
        if answer.status_code in (429, 503):
            self._ledger.again(f"{answer.status_code} screen")
            raise Unexpected
        if answer.status_code not in expected:
            self._ledger.violate(
                f"screen: {method} {path} answered {answer.status_code}: {answer.text[:300]}"
            )
            raise Unexpected
        for told in answer.headers.get_list("set-cookie"):
            if found := _COOKIE.match(told):
                self._cookies[found[1]] = found[2]
        return answer

    def _alive(self) -> list[Person]:
        return [person for person in self.people if person.records and not person.erased]

    def _new(self) -> Person:
        return Person("zz" + "".join(self.random.choices(_LETTERS, k=12)))

    def _record(self, person: Person) -> dict[str, str]:
        self._number += 1
        source = self.random.choice(_SOURCES if self.platform else _SOURCES[:2])
        record_id = f"{person.canary[2:8]}{self._number}"
        if source == "loyalty" and self.platform:
            self.platform.ask(
                "enrol", "POST", "/v1/programs/rewards/members", {"number": record_id}, (200, 201)
            )
        born = Random(person.canary)
        return {
            "source": source,
            "source_record_id": record_id,
            "given_name": "".join(born.choices(_LETTERS, k=8)).capitalize(),
            "family_name": person.canary.capitalize(),
            "birth_date": f"{born.randint(1940, 2000)}-{born.randint(1, 12):02}-{born.randint(1, 28):02}",
            "email": person.email,
        }

    def _acknowledge(self, person: Person, body: dict[str, str], told: dict[str, str]) -> None:
        if told["outcome"] not in ("accepted", "unchanged"):
            self._ledger.violate(f"tell: {body['source']}:{body['source_record_id']} was {told['outcome']}")
            return
        if not person.records:
            self.people.append(person)
            self._ledger.add(person)
        person.records.append((body["source"], body["source_record_id"]))
        person.golden_id = told["golden_id"]
        person.ids.add(told["golden_id"])

    def _now(self, person: Person) -> str:
        source, record_id = person.records[0]
        asked = {"source": source, "source_record_id": record_id}
        found = self.caller.ask("look up", "POST", "/v1/lookup", asked).json()
        person.ids.add(found["golden_id"])
        return str(found["golden_id"])
