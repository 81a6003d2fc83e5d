"""wire: connections of one address that go where it was looked, and end when their time is up.

A timeout of a library counts from byte to byte: a receiver that tells one a second holds a sender for hours. Here an
attempt has one end for everything.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from threading import local
from typing import Any

import httpcore2

from identity.delivery.addresses import Destination, Resolve, pinned

__all__ = ["Wire"]


class Wire(httpcore2.SyncBackend):
    """Opens connections to one destination. What a thread does is over at the moment it gave to `end_at`."""

    def __init__(
        self, towards: Destination, look_up: Resolve, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._towards = towards
        self._look_up = look_up
        self._monotonic = monotonic
        self._mine = local()

    def end_at(self, moment: float) -> None:
        self._mine.until = moment

    def left(self) -> float:
        """Return the seconds that are left to this thread; ReadTimeout where none are."""
        left: float = self._mine.until - self._monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the address that was looked at just now, whatever the name means a moment later. Refused."""
        address = pinned(self._towards, self._look_up)
        stream = super().connect_tcp(address, port, self.left(), local_address, socket_options)
        return _Timed(stream, self.left)


class _Timed(httpcore2.NetworkStream):
    """A connection whose every wait is at most what is left."""

    def __init__(self, stream: httpcore2.NetworkStream, left: Callable[[], float]) -> None:
        self._stream = stream
        self._left = left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._left()), self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
