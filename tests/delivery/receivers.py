"""A receiver of webhooks: a real HTTP server in a thread, which answers as it is told and remembers what it heard."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event as Latch
from threading import Lock, Thread
from typing import Any

import orjson

__all__ = ["Answer", "Heard", "Receiver", "receiver"]

LONGEST = 20.0


@dataclass(frozen=True)
class Answer:
    """`waits_for` is set before anything is told; `cut` closes the connection without a word; `trickles` tells its
    headers a byte at a time; `endless` tells a body without an end."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    waits_for: Latch | None = None
    cut: bool = False
    trickles: bool = False
    endless: bool = False


@dataclass(frozen=True)
class Heard:
    path: str
    headers: Mapping[str, str]
    content: bytes
    answer: Answer

    @property
    def event(self) -> dict[str, Any]:
        told: dict[str, Any] = orjson.loads(self.content)
        return told


class Receiver:
    """`answers` decides by the request; change it at any time. `connections` counts them."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self.answers: Callable[[Heard], Answer] = lambda _: Answer()
        self.heard: list[Heard] = []
        self.connections = 0
        self.cut_off = 0
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if trust:
            self._server.socket = trust.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{'https' if trust else 'http'}://127.0.0.1:{self.port}/hook"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def taken(self) -> list[str]:
        """The ids of the events that were taken, in the order in which they came."""
        answered = [heard for heard in list(self.heard) if not heard.answer.cut]
        return [heard.event["id"] for heard in answered if 200 <= heard.answer.status < 300]

    def by_subject(self) -> dict[str, list[int]]:
        """The versions that were taken of each profile, in the order in which they came."""
        found: dict[str, list[int]] = {}
        for event_id in self.taken:
            subject, _, version = event_id.partition("/")
            found.setdefault(subject, []).append(int(version))
        return found

    def hear(self, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        answer = self.answers(Heard(path, headers, content, Answer()))
        with self._lock:
            self.heard.append(Heard(path, headers, content, answer))
        return answer


@contextmanager
def receiver(trust: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    found = Receiver(trust)
    try:
        yield found
    finally:
        found.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A sender that hangs up is no news."""


def _handler(owner: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            owner.connections += 1
            super().setup()

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            if len(content) < int(self.headers["content-length"]):  # the sender is gone
                self.close_connection = True
                return
            answer = owner.hear(self.path, dict(self.headers), content)
            if answer.waits_for and not answer.waits_for.wait(LONGEST):
                return
            if answer.cut:
                self.close_connection = True
                return
            with suppress(OSError):
                _tell(self, answer)
                return
            owner.cut_off += 1
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    return Handler


def _tell(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    if answer.trickles:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"x-more: 1\r\n")
            time.sleep(0.02)
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if answer.endless:
        handler.send_header("Content-Length", str(2**40))
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)
    handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body)
