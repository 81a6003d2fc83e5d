"""What `identity load` and `identity rematch` do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.delivered import Delivery
from identity.flows.load import load
from identity.flows.rematch import Rematched, rematch
from identity.ports import LoadCounts

__all__ = ["accounted", "load_files", "named", "rematch_everything", "totals"]


def load_files(service: Service, files: Sequence[str], source: str | None, stages: Stages) -> dict[str, Any]:
    """Load `files`, each written FILE or NAME=FILE, and return where their rows went and what became of them."""
    with stages.stage("read files"):
        deliveries = [service.reading.delivery(*named(file, source, service)) for file in files]
    loaded = load(service.workshop, deliveries, stages)
    told = [
        accounted(delivery, counts) for delivery, counts in zip(loaded.deliveries, loaded.counts, strict=True)
    ]
    return {
        "files": told,
        **totals(told),
        **_changes(loaded.rematched),
        "stages": [asdict(stage) for stage in stages.passed],
    }


def rematch_everything(service: Service, stages: Stages, *, retrain: bool) -> dict[str, Any]:
    """Resolve all live records and return what changed."""
    done = rematch(service.workshop, stages, reason="rematch", retrain=retrain)
    return {**_changes(done), "stages": [asdict(stage) for stage in stages.passed]}


def named(file: str, source: str | None, service: Service) -> tuple[Path, str | None]:
    """Return the path of a file written FILE or NAME=FILE, and the source it comes from."""
    name, equals, path = file.partition("=")
    if equals and name in service.sources:
        return Path(path), name
    return Path(file), source


def accounted(delivery: Delivery, counts: LoadCounts) -> dict[str, Any]:
    """Return where a file's rows went, and why some were not taken."""
    codes = delivery.quarantined["code"].value_counts().to_pylist() if delivery.quarantined.num_rows else []
    return {
        "load_id": delivery.load.load_id,
        "file": delivery.load.file,
        "source": delivery.load.source,
        **asdict(counts),
        "codes": {entry["values"]: entry["counts"] for entry in codes},
    }


def totals(files: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the counts of all files together."""
    counted = ("rows", "accepted", "quarantined", "rejected", "unchanged")
    return {name: sum(file[name] for file in files) for name in counted}


def _changes(done: Rematched) -> dict[str, Any]:
    return asdict(done)
