"""Callers who do not give up: what is refused for now is sent again under the same key, anything else is noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from .book import Book, Person

__all__ = ["Caller", "Client", "Gone"]

PATIENCE = 150.0
"""Seconds until a caller takes a request for lost: a request whose server was killed is held for a minute."""
_LATER = (429, 503)
_SOURCES = ("pos", "ecommerce", "loyalty")
_GIVEN = ("Ines", "Bert", "Cleo", "Dora", "Emil", "Faye", "Gwen", "Hugo")


class Gone(Exception):
    """An answer that was not as it should be has been noted: nothing more is asked about it."""


@dataclass
class Caller:
    """One client of the API."""

    base: str
    token: str
    book: Book
    random: Random
    stop: threading.Event = field(default_factory=threading.Event)
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        self._http = httpx2.Client(
            base_url=self.base, headers={"Authorization": f"Bearer {self.token}"}, timeout=20
        )

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        ok: Collection[int] = (200, 202),
        key: bool = True,
    ) -> tuple[int, Any]:
        """Return status and body of the answer that came in the end. Gone for one that should not have come."""
        headers = {"Idempotency-Key": f"{self.random.getrandbits(96):024x}"} if key else {}
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            answer = self._once(method, path, body, content, headers)
            if answer is not None and not _to_come_back(answer):
                return self._judged(method, path, answer, ok)
            time.sleep(0.2 + self.random.random() * 0.5)
        self.book.violated(f"{method} {_pattern(path)}: no answer in {self.patience:g} s")
        raise Gone

    def _once(
        self, method: str, path: str, body: object, content: bytes | None, headers: Mapping[str, str]
    ) -> httpx2.Response | None:
        try:
            answer = self._http.request(method, path, json=body, content=content, headers=dict(headers))
        except httpx2.HTTPError as error:
            self.book.later(type(error).__name__)
            return None
        if _to_come_back(answer):
            self.book.later(f"{answer.status_code} {_code(answer)}")
            if answer.status_code in _LATER and "retry-after" not in answer.headers:
                self.book.violated(f"{answer.status_code} without Retry-After: {method} {_pattern(path)}")
        return answer

    def _judged(
        self, method: str, path: str, answer: httpx2.Response, ok: Collection[int]
    ) -> tuple[int, Any]:
        if answer.status_code not in ok:
            told = f"{answer.status_code} {_code(answer)}"
            self.book.violated(f"{method} {_pattern(path)} answered {told}")
            raise Gone
        return answer.status_code, answer.json() if answer.content else None


def _to_come_back(answer: httpx2.Response) -> bool:
    return answer.status_code in _LATER or (answer.status_code, _code(answer)) == (409, "STILL_RUNNING")


def _code(answer: httpx2.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""


def _pattern(path: str) -> str:
    return "/".join("…" if len(part) > 14 else part for part in path.split("/"))


@dataclass
class Client(threading.Thread):
    """Somebody who tells of people of their own, asks about them, and decides, one thing after the other."""

    caller: Caller
    enrol: Callable[[str], None]
    pause: float = 0.02

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._mine: list[Person] = []

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        acts = [act for act, weight in self._acts().items() for _ in range(weight)]
        while not self.caller.stop.is_set():
            act = self.caller.random.choice(acts)
            try:
                act()
            except Gone:
                continue
            except Exception as error:
                self.caller.book.violated(f"a client broke at {act.__name__}: {type(error).__name__} {error}")
            self.caller.stop.wait(self.pause)

    def _acts(self) -> dict[Callable[[], None], int]:
        return {
            self.tell: 8,
            self.tell_many: 1,
            self.upload: 1,
            self.look_up: 12,
            self.merge_and_take_back: 2,
            self.consent: 4,
            self.erase: 1,
            self.export: 1,
        }

    def _fresh(self) -> Person:
        return Person(f"zq{self.caller.random.getrandbits(48):012x}x")

    def _record(self, person: Person, source: str) -> dict[str, str]:
        number = f"{source[0]}{self.caller.random.getrandbits(40):010x}"
        if source == "loyalty":
            self.enrol(number)
        return {
            "source": source,
            "source_record_id": number,
            "given_name": self.caller.random.choice(_GIVEN),
            "family_name": person.canary,
            "email": person.email,
        }

    def _acknowledged(self, person: Person, record: Mapping[str, str]) -> None:
        if not person.records:
            self._mine.append(person)
            self.caller.book.knows(person)
        person.records.append((record["source"], record["source_record_id"]))

    def _one(self, *, at_least: int = 1) -> Person | None:
        live = [person for person in self._mine if not person.erased and len(person.records) >= at_least]
        return self.caller.random.choice(live) if live else None

    def tell(self) -> None:
        known = self._one() if self.caller.random.random() < 0.3 else None
        person = known or self._fresh()
        record = self._record(person, self.caller.random.choice(_SOURCES))
        _, told = self.caller.ask("POST", "/v1/records", record)
        person.golden_id = str(told["golden_id"])
        self._acknowledged(person, record)
        self.caller.book.did("records told")

    def tell_many(self) -> None:
        people = [self._fresh() for _ in range(20)]
        records = [self._record(person, "pos") for person in people]
        _, told = self.caller.ask("POST", "/v1/records:batch", {"records": records})
        for person, record, result in zip(people, records, told["results"], strict=True):
            person.golden_id = str(result["golden_id"])
            self._acknowledged(person, record)
        self.caller.book.did("records told in batches", len(records))

    def upload(self) -> None:
        people = [self._fresh() for _ in range(30)]
        records = [self._record(person, "ecommerce") for person in people]
        lines = "".join(
            "{" + ",".join(f'"{name}":"{value}"' for name, value in record.items()) + "}\n"
            for record in records
        )
        _, job = self.caller.ask("POST", "/v1/uploads", content=lines.encode())
        self.caller.book.asked(job["job_id"])
        for person, record in zip(people, records, strict=True):
            # Found when its job is done; nobody but the end asks for them.
            person.records.append((record["source"], record["source_record_id"]))
            self.caller.book.knows(person)
        self.caller.book.did("records uploaded", len(records))

    def look_up(self) -> None:
        if (person := self._one()) is None:
            return
        source, number = self.caller.random.choice(person.records)
        self.caller.ask("POST", "/v1/lookup", {"source": source, "source_record_id": number}, key=False)
        self.caller.ask("GET", f"/v1/profiles/{person.golden_id}", key=False)
        self.caller.book.did("look-ups", 2)

    def merge_and_take_back(self) -> None:
        one, other = self._one(), self._one()
        if one is None or other is None or one is other:
            return
        ids = [self._home(one), self._home(other)]
        if ids[0] == ids[1]:
            return
        one.met = other.met = True
        _, merged = self.caller.ask("POST", "/v1/merges", {"profile_ids": ids, "reason": "soak"})
        self.caller.book.did("merges")
        self.caller.ask("POST", f"/v1/merges/{merged['operation_id']}/undo", {"reason": "soak"})
        self.caller.book.did("merges taken back")

    def _home(self, person: Person) -> str:
        source, number = person.records[0]
        _, found = self.caller.ask(
            "POST", "/v1/lookup", {"source": source, "source_record_id": number}, key=False
        )
        return str(found["golden_id"])

    def consent(self) -> None:
        if (person := self._one()) is None:
            return
        said = self.caller.random.choice(("granted", "withdrawn"))
        person.said = "?"
        act = {"purpose": "marketing", "channel": "email", "status": said, "email": person.email}
        self.caller.ask("POST", "/v1/consents", {"acts": [act]})
        person.said = said
        self.caller.book.did("consents")

    def erase(self) -> None:
        # Not of who was merged: that records of others once were under their id is kept, and told by `identity verify`.
        if (person := self._one()) is None or person.met:
            return
        asked = {"kind": "erasure", "golden_id": self._home(person)}
        _, request = self.caller.ask("POST", "/v1/privacy-requests", asked)
        path = f"/v1/privacy-requests/{request['request_id']}"
        self.caller.ask("POST", f"{path}/verify", {"check": "They showed a card."})
        person.erased = True  # whatever the answer is: from here on nobody may rely on them
        self.caller.ask("POST", f"{path}/carry-out", {})
        person.golden_id = asked["golden_id"]
        self.caller.ask("GET", f"/v1/profiles/{person.golden_id}", ok=(410,), key=False)
        self.caller.book.did("erasures")

    def export(self) -> None:
        if self.caller.random.random() < 0.5:
            return
        _, job = self.caller.ask("POST", "/v1/exports", {"format": "ndjson"})
        self.caller.book.asked(job["job_id"])
        self.caller.book.did("exports")
