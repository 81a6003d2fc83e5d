"""A command in a process of its own: its answer, its time and its peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Outcome", "ended", "last_words", "run"]

ROOT = Path(__file__).resolve().parent.parent
_LOOK_EVERY = 0.05
_LAST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` on the clock from start to end; `answer` is its JSON, empty with the reason in `failure`."""

    answer: dict[str, Any]
    seconds: float
    peak_megabytes: float
    failure: str = ""


def run(
    module: str, *arguments: str, at_most: float, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Run `python -m module arguments`; one that takes more than `at_most` seconds is stopped."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", module, *arguments],
            stdout=out,
            stderr=err,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
        code, peak = _waited(child, start + at_most)
        seconds = time.perf_counter() - start
        if code is None:
            return Outcome({}, seconds, peak, f"stopped after {at_most:.0f} s")
        if code:
            return Outcome({}, seconds, peak, f"exit code {code}: {last_words(err)}")
        return Outcome(json.loads(_text(out)), seconds, peak)


def _waited(child: subprocess.Popen[bytes], deadline: float) -> tuple[int | None, float]:
    """Return the exit code (none when it had to be stopped) and the peak memory of this one child."""
    stopped = False
    while True:
        # wait4 tells of one child; getrusage would mix it with all before.
        done, status, used = os.wait4(child.pid, os.WNOHANG)
        if done:
            code, peak = _told(child, status, used)
            return None if stopped else code, peak
        if not stopped and time.perf_counter() > deadline:
            child.kill()
            stopped = True
        time.sleep(_LOOK_EVERY)


def ended(child: subprocess.Popen[Any]) -> tuple[int, float]:
    """Wait for a child; return its exit code and its own peak memory."""
    _, status, used = os.wait4(child.pid, 0)
    return _told(child, status, used)


def _told(child: subprocess.Popen[Any], status: int, used: Any) -> tuple[int, float]:
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def last_words(stream: Any) -> str:
    """Return the last line of what a child complained of."""
    return (_text(stream).strip().splitlines() or ["no word"])[-1][:_LAST_WORDS]


def _text(stream: Any) -> str:
    stream.seek(0)
    return str(stream.read().decode(errors="replace"))
