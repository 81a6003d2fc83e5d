"""Misbehaviour on demand, for the next calls: what a caller has to live through."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["NEW_SURVIVOR", "Fault", "FaultKind", "Faults", "FaultyApp"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

NEW_SURVIVOR = "loyalty.new_survivor"
"""In the scope of a request whose merge is to give its members a new number."""


class FaultKind(StrEnum):
    """Ways to misbehave; the first four after the request has been carried out."""

    TIMEOUT_AFTER_COMMIT = "timeout_after_commit"
    CONNECTION_CUT = "connection_cut"
    WRONG_JSON = "wrong_json"
    NEW_ID_SURVIVOR = "new_id_survivor"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    REFUSAL = "refusal"
    ERROR_IN_200 = "error_in_200"


@dataclass(slots=True)
class Fault:
    """A switch that is on for the next `calls` whose method and address contain `path`."""

    kind: FaultKind
    calls: int = 1
    path: str = ""
    seconds: float = 30.0
    retry_after: int = 1
    word: str = "REFUSED"


@dataclass(slots=True)
class Faults:
    """The switches that are on. What is on first goes first."""

    switched_on: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def switch_on(self, fault: Fault) -> None:
        """Turn a switch on."""
        with self.lock:
            self.switched_on.append(fault)

    def clear(self) -> None:
        """Turn all switches off."""
        with self.lock:
            self.switched_on.clear()

    def take(self, call: str) -> Fault | None:
        """Return the fault that a call meets, which is one less then."""
        with self.lock:
            found = next((fault for fault in self.switched_on if fault.path in call), None)
            if found:
                found.calls -= 1
                if found.calls < 1:
                    self.switched_on.remove(found)
            return found


class FaultyApp:
    """The application behind its switches."""

    def __init__(self, app: App, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or as a fault wants."""
        ours = scope["type"] == "http" and not scope["path"].startswith("/admin/")
        fault = self._faults.take(f"{scope['method']} {scope['path']}") if ours else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind in _INSTEAD:
            status, headers, body = _INSTEAD[fault.kind](fault)
            await _answer(send, status, headers, json.dumps(body).encode())
        else:
            await self._afterwards(fault, scope, receive, send)

    async def _afterwards(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind is FaultKind.NEW_ID_SURVIVOR:
            scope[NEW_SURVIVOR] = True
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _unsent)
        if fault.kind is FaultKind.TIMEOUT_AFTER_COMMIT:
            if await _still_there_after(fault.seconds, receive):
                await _answer(send, 504, {}, b"{}")
        elif fault.kind is FaultKind.CONNECTION_CUT:
            await _begin(send, 200, {"content-type": "application/json", "content-length": "1000"})
            raise ConnectionAbortedError("the connection is cut, as was asked for")
        else:
            await _answer(send, 200, {}, b'{"merge_id": "mrg_')


async def _still_there_after(seconds: float, receive: Receive) -> bool:
    async def until_they_leave() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(until_they_leave(), seconds)
    except TimeoutError:
        return True
    return False


async def _unsent(_: MutableMapping[str, Any]) -> None:
    return


async def _begin(send: Send, status: int, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    told = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    await _begin(send, status, told)
    await send({"type": "http.response.body", "body": body})


Answer = tuple[int, dict[str, str], dict[str, object]]

_PROBLEM = {"content-type": "application/problem+json"}
_INSTEAD: dict[FaultKind, Callable[[Fault], Answer]] = {
    FaultKind.TOO_MANY_REQUESTS: lambda fault: (
        429,
        {**_PROBLEM, "retry-after": str(fault.retry_after)},
        {"title": "Too many requests", "status": 429, "code": "TOO_MANY_REQUESTS"},
    ),
    FaultKind.SERVER_ERROR: lambda _: (500, {"content-type": "text/html"}, {}),
    FaultKind.REFUSAL: lambda fault: (
        409,
        _PROBLEM,
        {"title": "Refused", "status": 409, "code": fault.word, "detail": "As was asked for."},
    ),
    FaultKind.ERROR_IN_200: lambda _: (200, {}, {"error": "something is wrong"}),
}
