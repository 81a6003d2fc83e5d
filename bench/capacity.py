"""What a record costs as there are more of them, and what that comes to at sizes nobody has measured here."""

from __future__ import annotations

import resource
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from bench.hubs import simulated_hubs
from bench.processes import run

__all__ = ["PEOPLE", "TARGETS", "fitted", "measured_capacity"]

PEOPLE = {"2k": 800, "10k": 4_000, "50k": 20_000, "200k": 80_000}
TARGETS = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
FIGURES = (
    "load_cpu_seconds", "load_seconds", "load_megabytes", "rematch_cpu_seconds", "rematch_seconds",
    "bytes", "index_bytes", "events",
)  # fmt: skip
_PATIENCE = 900.0


def measured_capacity(sizes: Sequence[str], told: Callable[[str], None]) -> dict[str, Any]:
    """Return what each size took, the curve through it, and the simulation of hubs at 100M."""
    points = [_measured(size, told) for size in sizes]
    told("hubs at 100M")
    return {"points": points, "curves": fitted(points), "hubs": simulated_hubs()}


def _measured(size: str, told: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told(f"{size}: making up customers")
        made = run("bench.children", "sample", str(PEOPLE[size]), str(folder), at_most=_PATIENCE)
        environment = {"IDENTITY_DATABASE_URL": f"sqlite:///{folder / 'identity.db'}"}
        found: dict[str, Any] = {"size": size, "records": made.answer["records"]}
        for name, words in (("load", [str(folder / "records.parquet")]), ("rematch", [])):
            told(f"{size}: {name}")
            before = _cpu()
            done = run("identity.cli", name, *words, "--json", at_most=_PATIENCE, environment=environment)
            if done.failure:
                raise RuntimeError(f"{name} at {size}: {done.failure}")
            stages = sum(stage["seconds"] for stage in done.answer["stages"])
            found |= {
                f"{name}_cpu_seconds": _cpu() - before, f"{name}_seconds": stages,
                f"{name}_megabytes": done.peak_megabytes,
            }  # fmt: skip
        return found | _stored(folder / "identity.db")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stored(database: Path) -> dict[str, int]:
    """Return the bytes of the database, those of what records are found by, and how many events there are."""
    with closing(sqlite3.connect(database)) as work:
        ((pages, size),) = work.execute("select * from pragma_page_count, pragma_page_size")
        ((events,),) = work.execute("select count(*) from event")
        try:
            asked = "select sum(pgsize) from dbstat where name in ('filed', 'identifier') or name like 'ix%'"
            ((found,),) = work.execute(asked)
        except sqlite3.OperationalError:  # not every SQLite tells
            found = 0
    return {"bytes": pages * size, "index_bytes": int(found or 0), "events": events}


def fitted(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return, for each figure, a + b × records through the points (least squares of relative errors, neither below 0),
    and what that comes to at the targets. One machine and one database: past their limits the sums say how many."""
    records = np.array([float(point["records"]) for point in points])
    curves = []
    for figure in FIGURES:
        measured = np.array([float(point[figure]) for point in points])
        if not measured.all():
            continue
        base, slope = _line(records, measured)
        at = {target: base + slope * target for target in TARGETS}
        curves.append({"figure": figure, "base": base, "per_record": slope, "at": at})
    return curves


def _line(records: Any, measured: Any) -> tuple[float, float]:
    sides = np.stack((1 / measured, records / measured), axis=1)
    (base, slope), *_ = np.linalg.lstsq(sides, np.ones(len(records)), rcond=None)
    if base < 0:
        return 0.0, float((measured / records).mean())
    return float(base), float(slope)
