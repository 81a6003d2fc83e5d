"""Whether a process is alive: its pulse, a file it touches as long as its loop turns, or the address it answers at."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

__all__ = ["VARIABLE", "Pulse", "alive_report"]

VARIABLE = "IDENTITY_PULSE"
_EVERY = 1.0
_PATIENCE = 5.0


class Pulse:
    """Touches the file that IDENTITY_PULSE names, once a second at most; without the variable it does nothing.

    A disk that is full stops no work: then the pulse is missed, and whoever watches it decides.
    """

    def __init__(self, file: Path | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        named = os.environ.get(VARIABLE, "")
        self._file = file or (Path(named) if named else None)
        self._monotonic = monotonic
        self._next = float("-inf")

    def beat(self) -> None:
        if self._file is None or self._monotonic() < self._next:
            return
        self._next = self._monotonic() + _EVERY
        with suppress(OSError):
            self._file.touch()


def alive_report(place: str, within: float) -> dict[str, object]:
    """Return whether who answers at an address is ready, or whose pulse the file is has beaten `within` seconds."""
    if place.startswith(("http://", "https://")):
        return {"place": place, "alive": _answers(place)}
    return {"place": place, "alive": _age(Path(place)) <= within}


def _answers(address: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=_PATIENCE) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return float("inf")
