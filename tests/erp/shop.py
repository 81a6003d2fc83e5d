"""Tryton as the people of a shop use it: accounts are made and changed behind the connector's back."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from erp import Erp
from identity.connectors.erp import Tryton, TrytonSession, TrytonSettings
from identity.connectors.remote import Remote, RemoteSettings
from identity.model.erp import ErpPolicy

__all__ = ["Clerk", "clerk", "numbers", "session", "tryton"]

_NUMBERS = itertools.count(1)


def numbers(count: int = 1) -> list[str]:
    """Account numbers that nobody has used."""
    return [f"A{next(_NUMBERS):05}" for _ in range(count)]


@dataclass
class Clerk:
    """Somebody with a screen."""

    erp: Erp
    client: httpx2.Client
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, *parameters: Any) -> Any:
        asked = {"id": 1, "method": method, "params": parameters}
        reply = self.client.post(f"{self.erp.url}/{self.erp.database}/rpc/", json=asked, headers=self.headers)
        assert reply.is_success, reply.text
        told = reply.json()
        assert "error" not in told, told
        return told["result"]

    def log_in(self) -> None:
        user = self.erp.user
        number, token, *_ = self.call("common.db.login", user, {"password": self.erp.password}, "en")
        told = b64encode(f"{user}:{number}:{token}".encode()).decode()
        self.headers["authorization"] = f"Session {token and told}"

    def open(self, name: str = "Ines Ortega", number: str = "", **told: Any) -> str:
        """A new account; its number."""
        number = number or numbers()[0]
        self.call("model.party.party.create", [{"name": name, "code": number, **told}], {})
        return number

    def party(self, number: str) -> Any:
        fields = ["name", "active", "identifiers.code", "contact_mechanisms.value", "contact_mechanisms.name"]
        context = {"active_test": False}
        (found,) = self.call(
            "model.party.party.search_read", [["code", "=", number]], 0, 1, None, fields, context
        )
        return found

    def identifiers(self, number: str) -> list[str]:
        return sorted(each["code"] for each in self.party(number)["identifiers."])

    def contacts(self, number: str) -> list[tuple[str, str]]:
        found = self.party(number)["contact_mechanisms."]
        return sorted((each["value"], each["name"] or "") for each in found)

    def change(self, number: str, **told: Any) -> None:
        self.call("model.party.party.write", [self.party(number)["id"]], told, {})

    def add_identifier(self, number: str, code: str) -> None:
        """Beside those there are, without touching the party itself."""
        told = [{"party": self.party(number)["id"], "code": code}]
        self.call("model.party.identifier.create", told, {})


@contextmanager
def clerk(erp: Erp) -> Iterator[Clerk]:
    with httpx2.Client(timeout=20) as client:
        somebody = Clerk(erp, client)
        somebody.log_in()
        yield somebody


@contextmanager
def session(erp: Erp, url: str = "", **told: Any) -> Iterator[TrytonSession]:
    """Calls to Tryton, in no hurry but allowed to be quick."""
    seconds = told.pop("timeout_seconds", 10.0)
    login = {"database": erp.database, "user": erp.user, "password": erp.password, **told}
    settings = TrytonSettings(**{"requests_per_second": 1000.0, **login})
    with Remote(RemoteSettings(url or erp.url, "the ERP", timeout_seconds=seconds)) as remote:
        yield TrytonSession(remote, settings)


@contextmanager
def tryton(erp: Erp, policy: ErpPolicy | None = None, url: str = "", **told: Any) -> Iterator[Tryton]:
    """The connector."""
    with session(erp, url, **told) as calls:
        yield Tryton(calls, policy or ErpPolicy(attributes=("email", "phone")))
