"""What `identity shadow`, `go-live` and `go-back` do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from identity.bootstrap import Service, SystemClock
from identity.connectors.crosswalks import read_crosswalk, write_differences
from identity.engines.agreement import agreement
from identity.engines.stages import Stages
from identity.features.places import country_code
from identity.flows.cutover import Turned, go_back, go_live
from identity.flows.cutover.rehearse import rehearse
from identity.flows.rematch import Proposal, told
from identity.model.errors import DecisionRefused
from identity.model.policy import SourceMode
from identity.model.record import RecordKey

__all__ = ["back_report", "former_report", "live_report", "shadow_report", "shadow_status"]

_AT_ONCE = 1_000


def shadow_report(
    service: Service, file: Path, sources: Sequence[str], out: Path | None, stages: Stages
) -> dict[str, Any]:
    """Compare an earlier master's crosswalk with what everything comes to once these sources are live.

    A database without a model gets the one that is trained for it, as by a first load.
    """
    with stages.stage("read the crosswalk"):
        theirs = read_crosswalk(file)
    proposal, shadows = rehearse(service.workshop, stages, sources)
    report = {"file": str(file), "sources": sorted(sources), "shadow_records": shadows.num_rows}
    if proposal is None:
        return {**report, "records": 0, "found": False}
    if proposal.known.model is None:
        service.begin_with(proposal.resolution.model)
    with stages.stage("compare crosswalks"):
        found, differences = agreement(_ours(proposal), theirs)
    if out:
        with stages.stage("write"):
            write_differences(out, differences)
    change = asdict(told(proposal))
    moved = _moved(proposal, shadows)
    return {
        **report, "found": True, **found.told(), "differences": str(out) if out else None,
        "go_live": {**change, "records_moved": moved}, "stages": [asdict(stage) for stage in stages.passed],
    }  # fmt: skip


def _ours(proposal: Proposal) -> pa.Table:
    told = proposal.population.select(["source", "source_record_id", "country"])
    codes = pa.array([country_code(each, "") for each in told["country"].to_pylist()], pa.string())
    countries = told.set_column(2, "country", codes)
    return proposal.assigned.join(countries, ["source", "source_record_id"], join_type="left outer")


def _moved(proposal: Proposal, shadows: pa.Table) -> int:
    """Return how many records that are live now would be under another golden id."""
    keys = ["source", "source_record_id"]
    moves = proposal.changes.moves.select(keys)
    return int(moves.join(shadows, keys, join_type="left anti").num_rows)


def former_report(service: Service, file: Path, system: str, stages: Stages) -> dict[str, Any]:
    """Store the ids of an earlier master, so that whoever asks by one finds who has its records now."""
    if system in service.sources:
        raise ValueError(f"{system} is a source of records; give the earlier master a name of its own.")
    with stages.stage("read the crosswalk"):
        rows = read_crosswalk(file).to_pylist()
    with stages.stage("store"):
        for start in range(0, len(rows), _AT_ONCE):
            with service.store.online(SystemClock()) as work:
                work.put_former([_former(system, row) for row in rows[start : start + _AT_ONCE]])
    return {"system": system, "records": len(rows), "ids": len({row["master_id"] for row in rows})}


def _former(system: str, row: dict[str, str]) -> tuple[RecordKey, RecordKey]:
    return RecordKey(system, row["master_id"]), RecordKey(row["source"], row["source_record_id"])


def shadow_status(service: Service) -> dict[str, Any]:
    """Return what waits in shadow mode, by source, and every cutover there was."""
    with service.store.look() as look:
        cutovers = look.cutovers()
    with service.store.begin(SystemClock()) as work:
        waiting = work.shadow_records()["source"].value_counts().to_pylist()
    return {
        "waiting": {row["values"]: row["counts"] for row in sorted(waiting, key=lambda row: row["values"])},
        "cutovers": [asdict(each) for each in cutovers],
    }


def live_report(
    service: Service, source: str, country: str, actor: str, reached: Callable[[int], None], *, dry: bool
) -> dict[str, Any]:
    """Have a source, or one of its countries, go live; `dry` counts what waits."""
    home = _home(service, source)
    country = _country(country)
    if dry:
        return {
            "dry": True,
            "source": source,
            "country": country,
            "records": _waiting(service, source, country),
        }
    return {"dry": False, **_told(go_live(service.desk, source, country, home, actor, reached))}


def _home(service: Service, source: str) -> str:
    known = service.sources.get(source)
    return known.default_country if known else "US"


def _country(told: str) -> str:
    """Return a country by its code. ValueError for what names none."""
    if told and not country_code(told, ""):
        raise ValueError(f"{told} is no country: say it as two letters, such as DE.")
    return country_code(told, "") if told else ""


def _waiting(service: Service, source: str, country: str) -> int:
    home, count, after = _home(service, source), 0, 0
    while True:
        with service.store.look() as look:
            found = look.in_mode(source, "shadow", after, _AT_ONCE)
        if not found:
            return count
        after = found[-1].number
        count += sum(not country or country_code(each.country, home) == country for each in found)


def back_report(
    service: Service, source: str, country: str, reached: Callable[[int], None]
) -> dict[str, Any]:
    """Take back what went live of a source, or of one of its countries."""
    known = service.sources.get(source)
    if known and known.mode is SourceMode.LIVE:
        raise DecisionRefused(
            "NOT_IN_SHADOW",
            f"The rules say that {source} is live: what it tells next would take effect again.",
            "Write `mode: shadow` into its rules first, and restart what takes its records.",
        )
    done = go_back(service.desk, source, _country(country), reached)
    return {
        "source": source,
        "country": country,
        "found": bool(done),
        "records": sum(each.records for each in done),
        "cutovers": [_told(each) for each in done],
    }


def _told(turned: Turned) -> dict[str, Any]:
    return {**asdict(turned.cutover), "records": turned.records, "refused": turned.refused}
