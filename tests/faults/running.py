"""Faults → the table: each is injected so many times, and after each time everything is checked."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.faults.fault import CannotRun, Fault
from tests.faults.ground import Ground, Scene, broken_promises

__all__ = ["Row", "exit_code", "inject_once", "run", "table", "told"]

_SEED = 20_261_126


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a fault: how often it was injected, every violation, and how long it took (seconds). `missing`
    says why it could not be run."""

    name: str
    component: str
    expected: str
    times: int
    violations: tuple[str, ...]
    seconds: float
    missing: str = ""


def run(
    faults: Iterable[Fault], times: int | None, ground: Ground, tell: Callable[[str], None] = lambda _: None
) -> list[Row]:
    """Inject every fault, so often or as often as it says, and return what came of it."""
    return [_row(fault, times or fault.times, ground, tell) for fault in faults]


def _row(fault: Fault, times: int, ground: Ground, tell: Callable[[str], None]) -> Row:
    begun, found, done = time.monotonic(), list[str](), 0
    missing = ""
    for number in range(times):
        try:
            fresh = [f"{fault.name} #{number}: {text}" for text in inject_once(fault, number, ground)]
        except CannotRun as problem:
            missing = str(problem)
            break
        done += 1
        for text in fresh:
            tell(text)
        found += fresh
        tell(f"{fault.name} {done}/{times}, {len(found)} violations, {time.monotonic() - begun:.0f} s")
    return Row(
        fault.name, fault.component, fault.expected, done, tuple(found), time.monotonic() - begun, missing
    )


def inject_once(fault: Fault, number: int, ground: Ground) -> list[str]:
    """Inject it and return what went wrong, by what the row expects and by `identity verify`. CannotRun."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ground.folder)))
        scene = Scene(ground, number, Random(f"{_SEED} {fault.name} {number}"), folder, stack)
        found = _injected(fault, scene)
        for url in scene.verified:
            found += broken_promises(url)
        return found


def _injected(fault: Fault, scene: Scene) -> list[str]:
    # Whatever the product does not expect is a violation too, and the other rows go on.
    try:
        return list(fault.inject(scene))
    except CannotRun:
        raise
    except pytest.fail.Exception as problem:  # what the tests' servers say where there is none
        raise CannotRun(str(problem)) from problem
    except Exception as problem:
        return [f"{type(problem).__name__}: {' '.join(str(problem).split())[:500]}"]


def table(rows: Sequence[Row]) -> str:
    """Return the matrix: a line a fault."""
    wide = max([5, *(len(row.name) for row in rows)])
    part = max([9, *(len(row.component) for row in rows)])
    lines = [f"{'fault':{wide}}  {'component':{part}}  {'times':>5}  {'violations':>10}  {'seconds':>7}"]
    for row in rows:
        found = "not run" if row.missing else str(len(row.violations))
        lines.append(
            f"{row.name:{wide}}  {row.component:{part}}  {row.times:>5}  {found:>10}  {row.seconds:>7.1f}"
        )
    return "\n".join(lines)


def exit_code(rows: Sequence[Row]) -> int:
    """1: a promise was broken. 2: none was, but a row could not be run."""
    if any(row.violations for row in rows):
        return 1
    return 2 if any(row.missing for row in rows) else 0


def told(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]
