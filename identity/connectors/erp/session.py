"""Calls to Tryton: JSON-RPC over HTTP, logged in when that is needed, no faster than allowed."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from identity.connectors.erp.pace import Pace
from identity.connectors.remote import Refused, Remote, Unavailable, unreadable
from identity.model.errors import IdentityError

__all__ = ["Overtaken", "TrytonSession", "TrytonSettings", "Warned"]


@dataclass(frozen=True, slots=True)
class TrytonSettings:
    """Who logs in where. `requests_per_second` holds for everybody who shares the session."""

    database: str
    user: str
    password: str = field(repr=False)
    requests_per_second: float = 10.0


class Overtaken(Unavailable):
    """The account was changed since it was read; nothing was written."""


class Warned(Refused):
    """Tryton wants a person to confirm something, by a name; nothing was written."""


_UNAUTHORISED = "HTTP_401"


class TrytonSession:
    """One user of one Tryton database. Thread-safe; a session that has ended there is begun anew.

    Everything raises Unavailable and Refused. Neither repeats what Tryton says: that may be about a person.
    """

    def __init__(self, remote: Remote, settings: TrytonSettings) -> None:
        self._remote = remote
        self._settings = settings
        self._path = f"/{quote(settings.database, safe='')}/rpc/"
        self._pace = Pace(settings.requests_per_second)
        self._lock = threading.Lock()
        self._token = ""

    def call(self, method: str, *parameters: object) -> Any:
        """Return what a method returns; dates are objects with a `__class__`."""
        token = self._token or self._login("")
        try:
            return self._ask(method, parameters, {"authorization": f"Session {token}"})
        except Refused as refusal:
            if refusal.word != _UNAUTHORISED:
                raise
        # A session that has ended is noticed before anything is done: the call may be repeated.
        token = self._login(token)
        return self._ask(method, parameters, {"authorization": f"Session {token}"})

    def _login(self, ended: str) -> str:
        """Return a token other than the one that has ended. Of several threads one logs in."""
        with self._lock:
            if self._token in ("", ended):
                self._token = self._fresh_token()
            return self._token

    def _fresh_token(self) -> str:
        user = self._settings.user
        try:
            found = self._ask("common.db.login", (user, {"password": self._settings.password}, "en"), {})
        except Refused as refusal:
            if refusal.word == _UNAUTHORISED:
                raise Refused("UNAUTHENTICATED", f"{self._system} refuses the login.") from None
            raise
        match found:
            case [int(number), str(token), *_]:
                return b64encode(f"{user}:{number}:{token}".encode()).decode()
        raise unreadable(self._system, "it is no session")

    @property
    def _system(self) -> str:
        return self._remote.settings.system

    def _ask(self, method: str, parameters: tuple[object, ...], headers: Mapping[str, str]) -> Any:
        self._pace.wait()
        body = {"id": 1, "method": method, "params": parameters}
        reply = self._remote.call("POST", self._path, body, headers=headers)
        if "error" in reply:
            raise self._failure(reply["error"])
        if "result" not in reply:
            raise unreadable(self._system, "it has no result")
        return reply["result"]

    def _failure(self, error: object) -> IdentityError:
        match error:
            case ["UserWarning", [str(name), *_]]:
                return Warned("USER_WARNING", f"{self._system} wants a person to confirm.", {"warning": name})
            case ["UserError", *_]:
                return Refused("USER_ERROR", f"{self._system} refuses what is to be written.")
            case ["LoginException", *_]:
                return Refused("UNAUTHENTICATED", f"{self._system} asks for another login.")
            case ["ConcurrencyException", *_]:
                return Overtaken("OVERTAKEN", f"The account was changed in {self._system} meanwhile.")
        # Tryton has failed and taken back what it did, as with a status of 500.
        return Unavailable("ERP_FAILED", f"{self._system} failed.")
