"""A way to a server on which calls get lost, before they arrive or after they were carried out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Line", "line"]

CUT, REPLY_LOST = "cut", "reply lost"


@dataclass
class Line:
    """Between a client and a server. The next call that mentions `word` meets the fault, and only that one."""

    url: str
    _fault: tuple[str, bytes] = ("", b"")
    met: threading.Event = field(default_factory=threading.Event)

    def cut(self, word: str) -> None:
        """Cut the connection before the call arrives."""
        self.met.clear()
        self._fault = (CUT, word.encode())

    def lose_reply(self, word: str) -> None:
        """Cut the connection once the answer is there."""
        self.met.clear()
        self._fault = (REPLY_LOST, word.encode())

    def fault_of(self, request: bytes) -> str:
        kind, word = self._fault
        if not kind or word not in request:
            return ""
        self._fault = ("", b"")
        self.met.set()
        return kind


@contextmanager
def line(to: str) -> Iterator[Line]:
    host, _, port = to.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Line(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listener, made, (host, int(port))), daemon=True).start()
        yield made


def _accept(listener: socket.socket, made: Line, to: tuple[str, int]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_carry, args=(client, made, to), daemon=True).start()


def _carry(client: socket.socket, made: Line, to: tuple[str, int]) -> None:
    """Carry one connection, call by call."""
    lost = threading.Event()
    with suppress(OSError), client, socket.create_connection(to) as server:
        back = threading.Thread(target=_answer, args=(server, client, lost), daemon=True)
        back.start()
        while request := _request(client):
            fault = made.fault_of(request)
            if fault == CUT:
                return
            if fault == REPLY_LOST:
                lost.set()
            server.sendall(request)
        back.join(1)


def _answer(server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
    with suppress(OSError):
        while part := server.recv(65_536):
            if lost.is_set():
                break
            client.sendall(part)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _request(client: socket.socket) -> bytes:
    """Return the next request, head and body; nothing when the client has gone."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = client.recv(65_536)
        if not part:
            return b""
        text += part
    head, _, body = text.partition(b"\r\n\r\n")
    lengths = [
        line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        part = client.recv(65_536)
        if not part:
            return b""
        text, missing = text + part, missing - len(part)
    return text
