"""A load from outside the process that is measured: wrk, from the system's packages."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["NoLoad", "load"]

_SCRIPT = Path(__file__).with_name("requests.lua")


class NoLoad(Exception):
    """There is nothing to make a load with, or it did not end well; says why."""


def load(
    url: str, bodies: Path, connections: int, seconds: float, token: str = "", first: int = 0
) -> dict[str, Any]:
    """Return what came of asking `url` for so many seconds, with each line of `bodies` in turn from `first` on."""
    program = shutil.which("wrk")
    if program is None:
        raise NoLoad("wrk is not installed (apt-get install wrk)")
    asked = [str(bodies), str(first), *([token] if token else [])]
    command = [
        program,
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "--timeout",
        "10s",
        "-s",
        str(_SCRIPT),
    ]
    ended = subprocess.run(
        [*command, url, "--", *asked], capture_output=True, text=True, timeout=seconds + 30, check=False
    )
    told = next((line for line in ended.stdout.splitlines() if line.startswith("told ")), None)
    if told is None:
        raise NoLoad(_last(ended.stderr.splitlines() or ended.stdout.splitlines()))
    found: dict[str, Any] = json.loads(told.removeprefix("told "))
    return found | {"per_second": found["calls"] / found["seconds"]}


def _last(lines: Sequence[str]) -> str:
    return lines[-1][:200] if lines else "wrk said nothing"
