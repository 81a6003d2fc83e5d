"""The shell blocks of a document, carried out one after the other in one shell, and what it says they print.

```sh           is carried out
```text         right behind one: what it prints; `…` in it stands for anything
```json         the same, as a value: line breaks do not matter, numbers are compared to two places, the text "…"
                stands for any value, and a field "…" for all that are not shown
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

__all__ = ["Block", "Shell", "agrees", "blocks", "shell"]

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines for a shell, and what they print; None where the document does not tell."""

    line: int
    commands: str
    printed: str | None = None
    kind: str = "text"


def blocks(document: Path) -> list[Block]:
    """Return the shell blocks of a document in their order."""
    text, found, end = document.read_text(encoding="utf-8"), list[Block](), -1
    for fence in _FENCE.finditer(text):
        kind, content = fence.groups()
        if kind == "sh":
            found.append(Block(text.count("\n", 0, fence.start()) + 1, content))
        elif kind in ("text", "json") and found and not text[end : fence.start()].strip():
            found[-1] = Block(found[-1].line, found[-1].commands, content, kind)
        end = fence.end()
    return found


def agrees(block: Block, printed: str) -> bool:
    """Say whether a block has printed what the document says."""
    if block.printed is None:
        return True
    if block.kind == "json":
        return _alike(json.loads(block.printed), json.loads(printed))
    pattern = ".*".join(re.escape(part) for part in block.printed.strip().split(_ANY))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def _alike(shown: Any, told: Any) -> bool:
    if shown == _ANY:
        return True
    if isinstance(shown, dict) and isinstance(told, dict):
        named = shown.keys() - {_ANY}
        return (_ANY in shown or named == told.keys()) and all(
            name in told and _alike(shown[name], told[name]) for name in named
        )
    if isinstance(shown, list) and isinstance(told, list):
        return len(shown) == len(told) and all(map(_alike, shown, told))
    if isinstance(shown, float) and isinstance(told, float):
        return math.isclose(shown, told, abs_tol=0.006)
    return bool(shown == told)


class Shell:
    """A bash that stops at what fails."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, commands: str) -> str:
        """Return what commands print. RuntimeError when one of them fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{{\n{commands}\n}} < /dev/null\necho; echo '--done--'\n")
        self._process.stdin.flush()
        told: list[str] = []
        for line in self._process.stdout:
            if line == "--done--\n":
                return "".join(told)
            told.append(line)
        raise RuntimeError("".join(told))


@contextmanager
def shell(folder: Path, environment: Mapping[str, str], seconds: float = 120) -> Iterator[Shell]:
    """Open a shell in a folder. What it has left running ends with it, and all of it after so many seconds."""
    process = subprocess.Popen(
        ["bash", "-e", "-o", "pipefail"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )
    deadline = Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
    deadline.start()
    try:
        yield Shell(process)
    finally:
        deadline.cancel()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
