"""A database of customers: load, look, decide, re-match, label."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.load import load_files
from identity.connectors.told import arrival_of
from identity.engines.stages import Stages
from identity.face.tables import Records, arrow_table
from identity.flows.estimate import Estimated, draw_sample, estimate_links
from identity.flows.ingest import Ingested
from identity.flows.night import full, incremental
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.flows.review import label as _label
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.golden import GoldenProfile
from identity.model.match import MatchModel
from identity.model.record import SourceRecord
from identity.model.review import ReviewKind, ReviewTask
from identity.model.run import Run
from identity.ports import Drawn
from identity.store import EventView, file_url

__all__ = [
    "crosswalk",
    "draw_pairs",
    "estimate_stored",
    "events",
    "ingest",
    "label",
    "load",
    "open_service",
    "profile",
    "rematch",
    "reviews",
]

_EVERY = 1_000_000


def open_service(folder: Path | str, rules: Path | None = None, *, secret: str = "") -> Service:
    """Return a service whose database, and all that it keeps beside it, is in `folder`, which is made if need be.

    `secret` keys what pairs are drawn and found by; without one the database makes its own.
    """
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    settings = replace(
        Settings(),
        database_url=file_url(home / "identity.db"),
        threads=os.cpu_count() or 2,
        index_secret=secret,
        spool=home / "spool",
        erasures=home / "erasures.ndjson",
        anchors=home / "audit-anchors.ndjson",
    )
    return Service(replace(settings, rules=rules) if rules else settings)


def load(service: Service, *told: Records, source: str | None = None) -> dict[str, Any]:
    """Load tables, or files (`pos=pos.csv`), as one night's delivery; return where their rows went and what changed.

    accepted + quarantined + rejected = rows. FileError by number for a file that cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = [_file(Path(folder), at, each) for at, each in enumerate(told)]
        report = load_files(service, files, source, Stages())
    return {name: found for name, found in report.items() if name not in ("stages", "files")}


def _file(folder: Path, at: int, told: Records) -> str:
    if isinstance(told, str | os.PathLike):
        return str(told)
    pq.write_table(arrow_table(told), folder / f"{at}.parquet")
    return str(folder / f"{at}.parquet")


def ingest(
    service: Service, records: Iterable[SourceRecord], correlation_id: str | None = None
) -> list[Ingested]:
    """Write records as their systems would, one by one; return what became of each."""
    arrivals = [
        arrival_of(
            told.key,
            told.attributes,
            told.observed_at,
            {name: {"status": status} for name, status in told.consents.items()},
        )
        for told in records
    ]
    return service.ingest(arrivals, correlation_id)


def profile(service: Service, golden_id: str) -> GoldenProfile:
    """Return a golden profile, each value with its record and rule; after a redirect, who answers.

    LookupFailed E501 for an id nobody knows.
    """
    view = service.store.views.profile(GoldenId(golden_id))
    if view is None:
        raise LookupFailed("E501", f"No profile has the golden id {golden_id}.", "`crosswalk` tells ids.")
    return service.consents.by_now(view.profile)


def crosswalk(service: Service) -> pa.Table:
    """Return source, source_record_id, golden_id of every live record, in key order."""
    with service.store.begin(SystemClock()) as work:
        found = work.memberships()
    return found.sort_by([("source", "ascending"), ("source_record_id", "ascending")])


def events(service: Service, after: int = 0, subject: str | None = None) -> list[EventView]:
    """Return what other systems are told, the oldest first: opaque keys and names of fields only."""
    return list(service.store.views.events(after, _EVERY, subject))


def rematch(
    service: Service,
    *,
    incremental_only: bool = False,
    dry: bool = False,
    refresh: bool = False,
    model: MatchModel | None = None,
    approved: str | None = None,
    actor: str = "machine",
) -> Run:
    """Resolve everybody afresh (or those whom something happened to), inside the limits that the rules set.

    `dry` proposes only. A run that `waits` is beyond a limit: `approved` is its id, and `actor` who approves. Its
    `report["impact"]` counts what changes. Raises StoreError E413 while another one runs.
    """
    options = Options(dry=dry, approved=approved, actor=actor)
    if incremental_only:
        return incremental(service.night, Stages(), options)
    return full(service.night, Stages(), options, By(model=model, refresh=refresh))


def reviews(service: Service, kind: ReviewKind | None = None) -> list[ReviewTask]:
    """Return what a person should look at, the most pressing first."""
    return list(service.store.views.reviews(SystemClock().now(), kind, _EVERY))


def draw_pairs(service: Service, wanted: int) -> list[Drawn]:
    """Draw linked pairs to be labelled, equally many of each stratum of weight; each becomes a task of kind SAMPLE."""
    return draw_sample(service.sampling_room, wanted)


def label(service: Service, task_id: str, same: bool | None, actor: str) -> ReviewTask:
    """Answer a sample: the same person, not, or (None) unsure. Nothing else changes.

    LookupFailed E508; DecisionRefused NOT_OPEN, NOT_A_SAMPLE.
    """
    return _label(service.desk, task_id, same, actor)


def estimate_stored(service: Service) -> Estimated:
    """Return how right the links in force are as far as labels tell, with limits of 95 %."""
    return estimate_links(service.sampling_room)
