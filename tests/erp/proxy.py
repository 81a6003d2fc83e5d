"""A way to a server on which calls get lost, before they arrive or after they were carried out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Line", "line"]

CUT, REPLY_LOST, ANSWERED = "cut", "reply lost", "answered"


@dataclass
class Line:
    """Between a client and a server. The next call that mentions `word` meets the fault, and only that one; or the
    next so many `times`."""

    url: str
    _fault: tuple[str, bytes] = ("", b"")
    _left: int = 0
    _said: bytes = b""
    met: threading.Event = field(default_factory=threading.Event)

    def cut(self, word: str, times: int = 1) -> None:
        """Cut the connection before the call arrives."""
        self._meet(CUT, word, times)

    def lose_reply(self, word: str, times: int = 1) -> None:
        """Cut the connection once the answer is there."""
        self._meet(REPLY_LOST, word, times)

    def answer(self, word: str, status: str, text: str = "", times: int = 1, **headers: str) -> None:
        """Answer in the server's place; the call does not arrive."""
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status}\r\n{told}content-length: {len(text)}\r\nconnection: close\r\n\r\n"
        self._said = (head + text).encode()
        self._meet(ANSWERED, word, times)

    def heal(self) -> None:
        """Let calls pass again."""
        self._fault = ("", b"")

    @property
    def said(self) -> bytes:
        return self._said

    def _meet(self, kind: str, word: str, times: int) -> None:
        self.met.clear()
        self._left = times
        self._fault = (kind, word.encode())

    def fault_of(self, request: bytes) -> str:
        kind, word = self._fault
        if not kind or word not in request:
            return ""
        self._left -= 1
        if self._left <= 0:
            self.heal()
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
            if fault == ANSWERED:
                client.sendall(made.said)
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
