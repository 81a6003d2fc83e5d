"""Processes side by side: each phase begins in all of them at once, and not before all are ready for it.

A child writes "ready" when it has made everything that a phase needs, and waits for "go". What it found out it writes
last, as one line of JSON.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import orjson

from bench.processes import ROOT, Outcome, ended, last_words

__all__ = ["abreast", "answer", "ready"]

_READY, _GO = "ready\n", "go\n"


def abreast(
    module: str,
    arguments: Sequence[Sequence[str]],
    at_most: float,
    environment: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """Run `python -m module` once for each of these arguments; what takes more than `at_most` seconds is stopped."""
    with ExitStack() as open_files:
        complaints = [open_files.enter_context(tempfile.TemporaryFile()) for _ in arguments]
        start = time.perf_counter()
        children = [
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", module, *each],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaint,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                text=True,
            )
            for each, complaint in zip(arguments, complaints, strict=True)
        ]
        late = threading.Timer(at_most, _stop, [children])
        late.start()
        try:
            said = _conducted(children)
            return [
                _outcome(child, line, complaint, start, at_most)
                for child, line, complaint in zip(children, said, complaints, strict=True)
            ]
        finally:
            late.cancel()


def _stop(children: Sequence[subprocess.Popen[str]]) -> None:
    for child in children:
        if child.returncode is None:
            os.kill(child.pid, signal.SIGKILL)


def _conducted(children: Sequence[subprocess.Popen[str]]) -> list[str]:
    """Let all children begin each phase together; return the last line of each."""
    while True:
        lines = [_line(child) for child in children]
        if not all(line == _READY for line in lines):
            break
        for child in children:
            _tell(child)
    for child in children:
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.close()  # whoever waits for one that has failed waits no longer, and ends
    return lines


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline()


def _tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError):  # one that has ended says why with its exit code
        child.stdin.write(_GO)
        child.stdin.flush()


def _outcome(
    child: subprocess.Popen[str], line: str, complaint: Any, start: float, at_most: float
) -> Outcome:
    assert child.stdout is not None
    with child.stdout:
        code, peak = ended(child)
    seconds = time.perf_counter() - start
    if not code and line.startswith("{"):
        return Outcome(orjson.loads(line), seconds, peak)
    if code == -signal.SIGKILL and seconds >= at_most:
        return Outcome({}, seconds, peak, f"stopped after {at_most:.0f} s")
    return Outcome({}, seconds, peak, f"exit code {code}: {last_words(complaint)}")


def ready() -> None:
    """Wait until all are ready; ends the process when nobody conducts any more."""
    sys.stdout.write(_READY)
    sys.stdout.flush()
    if sys.stdin.readline() != _GO:
        sys.exit("nobody said go")


def answer(found: Mapping[str, Any]) -> None:
    """Say what was found out."""
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
    sys.stdout.flush()
