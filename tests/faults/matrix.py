"""The fault matrix as such: a row is a fault that is injected so many times, and what must be true after each.

A row never judges by what a part says of itself: what is stored is asked by `identity verify`, what was acknowledged by
whoever was told so, and other systems by their own books.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from traceback import extract_tb
from typing import Any

import pytest

__all__ = ["Fault", "NotRun", "Ran", "as_table", "carry_out", "chosen", "exit_code"]

Violations = Sequence[str]
_TOLD = 3


class NotRun(Exception):
    """Here this fault cannot be injected; the reason."""


@dataclass(frozen=True)
class Fault:
    """`ground` opens what the fault is injected into, in a folder of its own; rows with the same one that follow each
    other share it. `inject` does it once and returns what must not be; an assertion that fails is that, too. `counts`
    is how many faults are injected by one call."""

    name: str
    component: str
    injected: str
    expected: str
    times: int
    ground: Callable[[Path], AbstractContextManager[Any]]
    inject: Callable[[Any, Random], Violations]
    counts: int = 1


@dataclass(frozen=True)
class Ran:
    """What a row came to: how many faults were injected in how many seconds, and what must not be. `why` it was not
    run, where it was not."""

    name: str
    component: str
    expected: str
    injected: int
    seconds: float
    violations: tuple[str, ...] = ()
    why: str = ""


def chosen(matrix: Sequence[Fault], names: Sequence[str]) -> list[Fault]:
    """Return the rows of these names, in the order of the matrix; all of them without any. ValueError for another."""
    known = [fault.name for fault in matrix]
    if strange := [name for name in names if name not in known]:
        raise ValueError(f"There is no row {', '.join(strange)}; --list shows those there are.")
    return [fault for fault in matrix if not names or fault.name in names]


def carry_out(
    faults: Sequence[Fault],
    times: int | None = None,
    seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Ran]:
    """Inject each fault its number of times, or so many `times`; yield what each row came to as it ends."""
    at = 0
    while at < len(faults):
        ground = faults[at].ground
        together = 1
        while at + together < len(faults) and faults[at + together].ground is ground:
            together += 1
        rows, at = faults[at : at + together], at + together
        yield from _on_one_ground(rows, times, seed, tell)


def _on_one_ground(
    rows: Sequence[Fault], times: int | None, seed: int, tell: Callable[[str], None]
) -> Iterator[Ran]:
    with ExitStack() as left, TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        try:
            place = left.enter_context(rows[0].ground(Path(folder)))
        except NotRun as reason:
            yield from (_ran(row, 0, 0.0, why=str(reason)) for row in rows)
            return
        except _BROKEN as problem:
            yield from (
                _ran(row, 0, 0.0, (f"its ground did not come up: {_told_of(problem)}",)) for row in rows
            )
            return
        for row in rows:
            yield _repeated(row, place, times or row.times, seed, tell)


def _repeated(row: Fault, place: Any, times: int, seed: int, tell: Callable[[str], None]) -> Ran:
    began, random, found = time.monotonic(), Random(f"{row.name} {seed}"), list[str]()
    for at in range(times):
        tell(f"{row.name} {at + 1}/{times}")
        try:
            found += [f"{at + 1}: {told}" for told in row.inject(place, random)]
        except NotRun as reason:
            return _ran(row, at * row.counts, time.monotonic() - began, tuple(found), str(reason))
        except _BROKEN as problem:
            found.append(f"{at + 1}: {_told_of(problem)}")
    return _ran(row, times * row.counts, time.monotonic() - began, tuple(found))


def _told_of(problem: BaseException) -> str:
    """Return what went wrong, and where in the tests or the product: plain assertions have no other words."""
    frames = [frame for frame in extract_tb(problem.__traceback__) if "site-packages" not in frame.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].line}" if frames else ""
    said = " ".join(str(problem).split())
    return f"{type(problem).__name__}{f' {said}' if said else ''} ({where})"


# Whatever a row runs into is told as a violation, and the others go on.
_BROKEN = (Exception, pytest.fail.Exception)


def _ran(row: Fault, injected: int, seconds: float, violations: Sequence[str] = (), why: str = "") -> Ran:
    return Ran(row.name, row.component, row.expected, injected, round(seconds, 1), tuple(violations), why)


def exit_code(ran: Sequence[Ran]) -> int:
    """Return 1 where anything must not be, 2 where a row was not run, else 0."""
    if any(row.violations for row in ran):
        return 1
    return 2 if any(row.why for row in ran) else 0


def as_table(ran: Sequence[Ran], *, colour: bool = False) -> str:
    """Return a line for each row, what must not be below it, and the sums."""
    wide = max((len(row.name) for row in ran), default=4)
    part = max((len(row.component) for row in ran), default=4)
    lines = [f"{'fault':{wide}}  {'component':{part}}  injected  violations  seconds"]
    for row in ran:
        line = f"{row.name:{wide}}  {row.component:{part}}  {row.injected:8,}  {_verdict(row):>10}  {row.seconds:7.1f}"
        red = colour and (row.violations or row.why)
        lines.append(f"\033[31m{line}\033[0m" if red else line)
        lines += [f"    NOT run: {row.why}"] if row.why else []
        lines += [f"    {told}" for told in row.violations[:_TOLD]]
        more = len(row.violations) - _TOLD
        lines += [f"    … and {more} more"] if more > 0 else []
    broken = sum(len(row.violations) for row in ran)
    missing = sum(bool(row.why) for row in ran)
    lines.append(
        f"{sum(row.injected for row in ran):,} faults, {broken} violations, {missing} rows NOT run, "
        f"{sum(row.seconds for row in ran):,.0f} s"
    )
    return "\n".join(lines)


def as_plain(ran: Sequence[Ran]) -> list[Mapping[str, Any]]:
    return [asdict(row) for row in ran]


def _verdict(row: Ran) -> str:
    return "NOT RUN" if row.why and not row.violations else str(len(row.violations))


@contextmanager
def nowhere(folder: Path) -> Iterator[Path]:
    """The ground of faults that bring their own: a folder."""
    yield folder
