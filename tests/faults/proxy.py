"""A TCP proxy of our own that loses what it should carry: a reply after a commit, a connection, or everything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Proxy", "proxy"]

_CHUNK = 65_536
Dial = Callable[[], "asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]"]


@dataclass
class Proxy:
    """`lose_reply_to`: the first request that contains this is carried, its reply is waited for and never told, and
    both sides are cut. `swallowing`: connections stay open, and nothing passes; when that ends they go on, or with
    `for_good` are mute for ever. `lost` counts what was cut."""

    host: str
    port: int
    unix: str = ""
    lose_reply_to: bytes = b""
    swallowing: bool = False
    for_good: bool = False
    lost: int = 0
    at: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.at = server.sockets[0].getsockname()[1]
        return server

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialled = (
            asyncio.open_unix_connection(self.unix)
            if self.unix
            else asyncio.open_connection(self.host, self.port)
        )
        try:
            there, back = await dialled
        except OSError:
            writer.close()
            return
        doomed = asyncio.Event()
        ways = [
            asyncio.ensure_future(self._asked(reader, back, doomed)),
            asyncio.ensure_future(self._answered(there, writer, doomed)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ways:
                each.cancel()
            writer.transport.abort()
            back.transport.abort()

    async def _asked(
        self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while told := await self._read(reader):
            if self.lose_reply_to and self.lose_reply_to in told:
                self.lose_reply_to = b""
                doomed.set()
            back.write(told)
            await back.drain()

    async def _answered(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while told := await self._read(there):
            if doomed.is_set():
                self.lost += 1
                return
            writer.write(told)
            await writer.drain()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        with suppress(ConnectionError):
            told = await reader.read(_CHUNK)
            mute = self.swallowing and self.for_good
            while self.swallowing or mute:
                await asyncio.sleep(0.01)
            return told
        return b""

    def run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self.serve())
        ready.set()
        self._loop.run_forever()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


@contextmanager
def proxy(host: str = "", port: int = 0, unix: str = "") -> Iterator[Proxy]:
    """Yield a proxy in a thread, before a server at a port or at a socket's path."""
    found, ready = Proxy(host, port, unix), threading.Event()
    thread = threading.Thread(target=found.run, args=(ready,), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield found
    finally:
        found.stop()
        thread.join(10)
