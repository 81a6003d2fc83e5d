"""A way to a server on which bytes get lost: an asyncio proxy of TCP connections, in a thread of its own.

It knows no protocol but for one thing: a word within what a client sends, such as COMMIT, on which its fault waits.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Loss", "Way", "way"]

_AT_ONCE = 65_536
_ABORT = (OSError, asyncio.IncompleteReadError)


class Loss(Enum):
    """What happens to a call that says the word. After each of them the connection is cut, but for the last."""

    REFUSED = "it does not arrive"
    REPLY_LOST = "it arrives, and the answer is lost"
    REPLY_CUT = "it arrives, and half the answer comes back"
    BLACK_HOLE = "it does not arrive, and nobody says so"


@dataclass
class Way:
    """Between clients and a server. `met` counts the calls that have met their fault; `carried` the connections."""

    port: int = 0
    met: int = 0
    carried: int = 0
    _loss: Loss | None = None
    _word: bytes = b""
    _left: int = 0
    _passing: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def lose(self, loss: Loss, word: str = "", times: int = 1, after: int = 0) -> None:
        """Have the next so many calls that say the word (any, without one) meet this, `after` so many that pass."""
        with self._lock:
            self._loss, self._word, self._left, self._passing = loss, word.encode(), times, after

    def heal(self) -> None:
        """Let everything pass, and cut what hangs: as when a partition ends and the other side knows of nothing."""
        with self._lock:
            self._loss = None
        self._loop.call_soon_threadsafe(self._cut)

    def loss_of(self, sent: bytes) -> Loss | None:
        with self._lock:
            if self._loss is None or self._word not in sent:
                return None
            if self._passing:
                self._passing -= 1
                return None
            self._left -= 1
            self.met += 1
            found = self._loss
            if self._left < 1 and found is not Loss.BLACK_HOLE:
                self._loss = None
            return found

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()


@contextmanager
def way(host: str, port: int) -> Iterator[Way]:
    """Open a way to a server; everything on it is cut at the end."""
    made, up = Way(), threading.Event()
    thread = threading.Thread(target=_serve, args=(made, host, port, up), name="proxy", daemon=True)
    thread.start()
    assert up.wait(10), "the proxy did not start"
    try:
        yield made
    finally:
        made._loop.call_soon_threadsafe(made._loop.stop)
        thread.join(10)


def _serve(made: Way, host: str, port: int, up: threading.Event) -> None:
    loop = made._loop
    asyncio.set_event_loop(loop)

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(lambda r, w: _carry(made, r, w, host, port), "127.0.0.1", 0)

    server = loop.run_until_complete(begin())
    made.port = server.sockets[0].getsockname()[1]
    up.set()
    loop.run_forever()
    server.close()
    made._cut()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()


async def _carry(
    made: Way, client: asyncio.StreamReader, back: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Carry one connection until either side, a fault, or the end of the way ends it."""
    made.carried += 1
    meets: list[Loss] = []
    writers = [back]
    made._open.add(back)
    try:
        answers, server = await asyncio.open_connection(host, port)
        made._open.add(server)
        writers.append(server)
        both = {
            asyncio.ensure_future(_send(made, client, server, meets)),
            asyncio.ensure_future(_answer(answers, back, meets)),
        }
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
    except (*_ABORT, asyncio.CancelledError):
        meets.append(Loss.REFUSED)
    for writer in writers:
        made._open.discard(writer)
        if meets:
            writer.transport.abort()
        else:
            writer.close()


async def _send(
    made: Way, client: asyncio.StreamReader, server: asyncio.StreamWriter, meets: list[Loss]
) -> None:
    with suppress(*_ABORT):
        while sent := await client.read(_AT_ONCE):
            loss = made.loss_of(sent)
            if loss is Loss.BLACK_HOLE:
                continue
            if loss:
                meets.append(loss)
            if loss is Loss.REFUSED:
                return
            server.write(sent)
            await server.drain()


async def _answer(server: asyncio.StreamReader, client: asyncio.StreamWriter, meets: list[Loss]) -> None:
    with suppress(*_ABORT):
        while told := await server.read(_AT_ONCE):
            if Loss.REPLY_LOST in meets:
                return
            cut = Loss.REPLY_CUT in meets
            client.write(told[: len(told) // 2] if cut else told)
            await client.drain()
            if cut:
                return
