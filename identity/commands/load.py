"""What `identity load` and `identity rematch` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import Delivery, ingest
from identity.flows.rematch import Rematched, rematch
from identity.ports import LoadCounts

__all__ = ["load_files", "rematch_everything"]


def load_files(service: Service, files: Sequence[str], source: str | None, stages: Stages) -> dict[str, Any]:
    """Load `files`, each written FILE or NAME=FILE, and return where their rows went and what became of them."""
    with stages.stage("read files"):
        deliveries = [service.delivery(*_named(file, source, service)) for file in files]
    ingested = ingest(service.workshop, deliveries, stages)
    told = [_told(delivery, counts) for delivery, counts in zip(deliveries, ingested.counts, strict=True)]
    return {
        "files": told,
        **{
            name: sum(file[name] for file in told)
            for name in ("rows", "accepted", "quarantined", "rejected", "unchanged")
        },
        **_changes(ingested.rematched),
        "stages": [asdict(stage) for stage in stages.passed],
    }


def rematch_everything(service: Service, stages: Stages, *, retrain: bool) -> dict[str, Any]:
    """Resolve all live records and return what changed."""
    done = rematch(service.workshop, stages, reason="rematch", retrain=retrain)
    return {**_changes(done), "stages": [asdict(stage) for stage in stages.passed]}


def _named(file: str, source: str | None, service: Service) -> tuple[Path, str | None]:
    name, equals, path = file.partition("=")
    if equals and name in service.sources:
        return Path(path), name
    return Path(file), source


def _told(delivery: Delivery, counts: LoadCounts) -> dict[str, Any]:
    codes = delivery.quarantined["code"].value_counts().to_pylist() if delivery.quarantined.num_rows else []
    return {
        "file": delivery.load.file,
        "source": delivery.load.source,
        **asdict(counts),
        "codes": {entry["values"]: entry["counts"] for entry in codes},
    }


def _changes(done: Rematched) -> dict[str, Any]:
    return asdict(done)
