"""The main job on made-up people: two days of files from four systems, in a database of its own."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.ask import event_report, explanation, profile_report
from identity.commands.load import load_files
from identity.commands.measure import accuracy_of
from identity.commands.street import street
from identity.connectors.results import writing
from identity.engines.stages import Stages
from identity.sample import write_sample

__all__ = ["run_demo"]

_SEED = 7
_DAYS = (("pos=pos.csv", "erp=erp.csv"), ("ecommerce=ecommerce.jsonl", "loyalty=loyalty.csv"))


def run_demo(folder: Path, people: int, stages: Stages) -> dict[str, Any]:
    """Write sample files into `folder`, load them in two days, and return what there is to show."""
    with stages.stage("write sample files"), writing(folder):
        write_sample(people, _SEED, folder)
    database = folder / "identity.db"
    for old in folder.glob("identity.db*"):
        old.unlink()
    service = Service(replace(Settings(), database_url=f"sqlite:///{database}"))
    days = [load_files(service, [_inside(folder, file) for file in day], None, stages) for day in _DAYS]
    shown = _profile_worth_showing(service)
    left, right = _telling_pair(service, shown["records"])
    return {
        "days": days,
        "profile": shown,
        "explanation": explanation(service, left, right),
        "events": _first_events(service),
        "street": _street(service, folder, stages),
        "accuracy": _accuracy(service, folder / "truth.parquet"),
        "next": _next(database, shown["golden_id"], folder),
        "stages": [asdict(stage) for stage in stages.passed],
    }


def _street(service: Service, folder: Path, stages: Stages) -> dict[str, Any]:
    for old in folder.glob("street.db*"):
        old.unlink()
    with stages.stage("other systems"):
        return street(service, folder, f"sqlite:///{folder / 'street.db'}")


def _inside(folder: Path, file: str) -> str:
    name, _, path = file.partition("=")
    return f"{name}={folder / path}"


def _profile_worth_showing(service: Service) -> dict[str, Any]:
    """Return a profile that all four systems know, of those the one with the most values."""
    with service.store.begin(SystemClock()) as work:
        members = work.memberships()
    known = members.group_by("golden_id").aggregate(
        [("source", "count_distinct"), ("source_record_id", "count")]
    )
    best = known.filter(pc.equal(known["source_count_distinct"], pc.max(known["source_count_distinct"])))
    ids = (
        best.filter(pc.less_equal(best["source_record_id_count"], 5))["golden_id"].to_pylist()
        or best["golden_id"].to_pylist()
    )
    reports = [profile_report(service, golden_id) for golden_id in sorted(ids)[:50]]
    return max(reports, key=lambda report: len(report["values"]))


def _telling_pair(service: Service, records: list[str]) -> tuple[str, str]:
    """Return the two records of different systems that compare in most ways: there is something to explain."""

    def compared(pair: tuple[str, str]) -> int:
        steps = explanation(service, *pair)["contributions"]
        return sum(step["level"] not in ("", "missing") for step in steps)

    pairs = [pair for pair in combinations(records, 2) if pair[0].split(":")[0] != pair[1].split(":")[0]]
    return max(pairs or [(records[0], records[-1])], key=compared)


def _first_events(service: Service) -> dict[str, Any]:
    everything = event_report(service, 0, 10_000)["events"]
    merges = [
        event
        for event in everything
        if event["type"] == "customer.merged" and "records_gained" in event["data"]
    ]
    return {"events": everything[:3] + merges[:2]}


def _accuracy(service: Service, truth: Path) -> dict[str, Any]:
    with service.store.begin(SystemClock()) as work:
        accuracy = accuracy_of(work.memberships(), "golden_id", pq.read_table(truth), "person_id")
    return asdict(accuracy) if accuracy else {}


def _next(database: Path, golden_id: str, folder: Path) -> list[str]:
    return [
        f"export IDENTITY_DATABASE_URL=sqlite:///{database}",
        f".venv/bin/identity profile {golden_id}",
        ".venv/bin/identity events --limit 5",
        f".venv/bin/identity load pos={folder}/pos.csv        # again: nothing changes",
        ".venv/bin/identity resolve YOUR.csv --source shop --out out   # your own file in canonical columns",
    ]
