"""What `identity ingest` does: the records of files, written in real time, a few at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

import pyarrow as pa

from identity.bootstrap import Service, SystemClock
from identity.commands.load import accounted, named, totals
from identity.connectors.one_by_one import as_told, one_by_one, refused_rows
from identity.engines.stages import Stages
from identity.flows.delivered import Delivery
from identity.flows.ingest import Ingested, Outcome
from identity.flows.online.settle import refuse_another_index
from identity.flows.privacy.keep_away import without_the_erased
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.ports import Arrival

__all__ = ["ingest_deliveries", "ingest_files"]

_AT_ONCE = 500
_EVENTS_AT_ONCE = 1_000


def ingest_files(
    service: Service, files: Sequence[str], source: str | None, stages: Stages
) -> dict[str, Any]:
    """Write the records of `files`, each written FILE or NAME=FILE, and return what became of them.

    Later files win as later arrivals do: unless what they tell was observed earlier. Killed half-way it can be run
    again with the same end.
    """
    with stages.stage("read files"):
        deliveries = [service.reading.delivery(*named(file, source, service)) for file in files]
    return ingest_deliveries(service, deliveries, stages)


def ingest_deliveries(service: Service, deliveries: Sequence[Delivery], stages: Stages) -> dict[str, Any]:
    """Write the records of files that were read, and return what became of them."""
    with service.store.look() as look:
        refuse_another_index(look, service.desk)
    with stages.stage("register"), service.store.begin(SystemClock()) as work:
        deliveries = without_the_erased(work, service.index.cabinet.digest, deliveries)
        for delivery in deliveries:
            work.start_load(delivery.load)
            work.put_quarantine(delivery.quarantined)
    # Positions have gaps: as many events as there are end before the last position, or at it.
    known = service.store.views.counts().events
    tally = _Tally(sum(delivery.records.num_rows for delivery in deliveries), known)
    start = time.perf_counter()
    with stages.stage("ingest"):
        told = [_ingest(service, delivery, tally, stages) for delivery in deliveries]
    seconds = time.perf_counter() - start
    return {
        "files": told,
        **totals(told),
        "outcomes": {str(outcome): tally.outcomes[outcome] for outcome in tally.outcomes},
        "started": tally.started,
        "joined": tally.joined,
        "queued": sum(waiting.count for waiting in service.store.views.redo_waiting()),
        "records_per_second": round(tally.written / seconds, 1),
        "stages": [asdict(stage) for stage in stages.passed],
    }


@dataclass(slots=True)
class _Tally:
    """What became of the records so far, of how many, and the place in the log up to which events were read.

    Of those accepted that were nobody's before, `started` are the first ones of a profile, the others `joined` one.
    """

    of: int
    position: int
    written: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    started: int = 0
    joined: int = 0


def _ingest(service: Service, delivery: Delivery, tally: _Tally, stages: Stages) -> dict[str, Any]:
    """Write one delivery, finish its load, and return where its rows went. What is refused is quarantined too."""
    load_id, arrivals = delivery.load.load_id, one_by_one(delivery.records)
    refused: list[Ingested] = []
    told: dict[RecordKey, str] = {}
    unchanged = 0
    for batch in _batches(arrivals):
        stages.reached("ingest", tally.written, tally.of)
        with service.store.look() as look:
            known = look.memberships([arrival.record.key for arrival in batch])
        done = service.ingest(batch, load_id)
        fresh = [found.golden_id for found in done if found.golden_id and found.key not in known]
        started = len(_born(service, tally, load_id).intersection(fresh))
        tally.started += started
        tally.joined += len(fresh) - started
        tally.outcomes.update(found.outcome for found in done)
        tally.written += len(done)
        unchanged += sum(found.outcome is Outcome.UNCHANGED for found in done)
        for arrival, found in zip(batch, done, strict=True):
            if found.problem:
                refused.append(found)
                told[found.key] = as_told(arrival)
    return _finished(service, delivery, refused, told, unchanged)


def _finished(
    service: Service,
    delivery: Delivery,
    refused: Sequence[Ingested],
    told: Mapping[RecordKey, str],
    unchanged: int,
) -> dict[str, Any]:
    counts = replace(
        delivery.counts,
        accepted=delivery.counts.accepted - len(refused),
        quarantined=delivery.counts.quarantined + len(refused),
        unchanged=unchanged,
    )
    with service.store.begin(SystemClock()) as work:
        rows = refused_rows(
            delivery.load, [(found.key, found.problem) for found in refused if found.problem], work.at, told
        )
        work.put_quarantine(rows)
        work.finish_load(delivery.load.load_id, counts, work.at)
    everything = pa.concat_tables([delivery.quarantined, rows])
    return accounted(replace(delivery, quarantined=everything), counts)


def _batches(arrivals: Iterator[Arrival]) -> Iterator[list[Arrival]]:
    while batch := list(islice(arrivals, _AT_ONCE)):
        yield batch


def _born(service: Service, tally: _Tally, load_id: str) -> set[GoldenId]:
    """Return the profiles that this load has begun since the log was last read."""
    born: set[GoldenId] = set()
    while events := service.store.views.events(tally.position, _EVENTS_AT_ONCE):
        tally.position = events[-1].position
        born.update(
            event.subject
            for event in events
            if event.type == "customer.created" and event.correlation_id == load_id
        )
    return born
