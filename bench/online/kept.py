"""Records and databases that are made once, and used again while what they were made with is the same.

A marker beside each says what that was; it is written last, so that what was made half has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Told
from bench.online.abreast import abreast
from bench.online.databases import Place
from bench.online.plan import SEED, Plan
from bench.online.records import LOADED
from bench.processes import Outcome, run

__all__ = ["CLIENTS", "Failed", "Filled", "filled", "records_for"]

CLIENTS = "bench.online.clients"
_LOADING = 3600.0
_MAKING = 1800.0
_FORMAT = 2
"""Rises when records are split or altered in another way."""


class Failed(Exception):
    """A step without which nothing else can be measured did not succeed; says why."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A database to measure, with as many records as were loaded, and the time that took (none: it was there)."""

    name: str
    address: str
    records: int
    load_seconds: float | None


def records_for(size: str, plan: Plan, folder: Path, told: Told) -> dict[str, Any]:
    """Return what the files with records in `folder` hold, having made them unless they are there."""
    marker = folder / "made.json"
    wanted = {"format": _FORMAT, "seed": SEED, "plan": json.loads(plan.text())}
    known = _read(marker)
    if known and known["wanted"] == wanted:
        return dict(known["made"])
    marker.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    told(f"{size}: making up customers")
    _answer(run("bench.children", "sample", str(plan.people), str(folder), at_most=_MAKING))
    made = _answer(run("bench.children", "split", str(folder), plan.text(), at_most=_MAKING))
    made["digest"] = hashlib.blake2b((folder / LOADED).read_bytes(), digest_size=8).hexdigest()
    marker.write_text(json.dumps({"wanted": wanted, "made": made}), encoding="utf-8")
    return made


@contextmanager
def filled(
    place: Place, size: str, folder: Path, made: Mapping[str, Any], marker: Path | None, told: Told
) -> Iterator[Filled]:
    """Give a database into which the records of `folder` were loaded. With a `marker` it is kept, and a copy given."""
    name, copy = f"identity_{size}", f"identity_{size}_measured"
    known = _read(marker) if marker else None
    seconds = None
    if known is None or known != _standing(place, name, made):
        if marker:
            marker.unlink(missing_ok=True)
        told(f"{size}: loading {made['loaded']:,} records into {place.version}")
        seconds = _load(place, name, folder / LOADED)
        if marker:
            marker.write_text(json.dumps(_standing(place, name, made)), encoding="utf-8")
    if marker:
        told(f"{size}: copying the database of {place.version}")
        place.copy(name, copy)
    measured = copy if marker else name
    try:
        yield Filled(measured, place.address(measured), made["loaded"], seconds)
    finally:
        place.drop(measured)


def _load(place: Place, name: str, file: Path) -> float:
    place.make(name)
    loaded = run(
        "identity.cli", "load", str(file), "--json",
        at_most=_LOADING, environment={"IDENTITY_DATABASE_URL": place.address(name)},
    )  # fmt: skip
    told = _answer(loaded)
    place.settle(name)
    return float(sum(stage["seconds"] for stage in told["stages"]))


def _standing(place: Place, name: str, made: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a database was made with, and whether that is what it would be made with now."""
    (outcome,) = abreast(CLIENTS, [("stands", place.address(name))], at_most=_MAKING)
    return {"digest": made["digest"], **(outcome.answer or {"failure": outcome.failure})}


def _answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.failure:
        raise Failed(outcome.failure)
    return outcome.answer


def _read(marker: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told
