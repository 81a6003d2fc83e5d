"""load: a file's accepted rows become records of golden profiles; every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.cutover.covered import rows_as_live
from identity.flows.delivered import Delivery
from identity.flows.privacy.keep_away import without_the_erased
from identity.flows.rematch import Rematched, Workshop, rematch
from identity.model.match import MatchModel
from identity.ports import LoadCounts, StageTimer

__all__ = ["Delivery", "Loaded", "load"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written: the deliveries, without whom they were not to bring back, how their rows were counted, and
    what followed."""

    deliveries: tuple[Delivery, ...]
    counts: tuple[LoadCounts, ...]
    rematched: Rematched


def load(
    shop: Workshop, deliveries: list[Delivery], stages: StageTimer, model: MatchModel | None = None
) -> Loaded:
    """Store and resolve `deliveries`, of which later ones win. Records that did not change are not stored again.

    Killed half-way it can be run again with the same end: what is stored is found unchanged, the rest follows.
    """
    with stages.stage("register"), shop.transactions.begin(shop.clock) as work:
        known = work.record_hashes()
        deliveries = without_the_erased(work, shop.index.cabinet.digest, deliveries)
        standing = work.cutovers()
        deliveries = [replace(each, records=rows_as_live(each.records, standing)) for each in deliveries]
        for delivery in deliveries:
            work.start_load(delivery.load)
            work.put_quarantine(delivery.quarantined)
    fresh = _changed(_latest([delivery.records for delivery in deliveries]), known)
    rematched = rematch(shop, stages, fresh, model, reason=", ".join(d.load.file for d in deliveries))
    counts = tuple(_with_unchanged(delivery, known) for delivery in deliveries)
    with shop.transactions.begin(shop.clock) as work:
        for delivery, counted in zip(deliveries, counts, strict=True):
            work.finish_load(delivery.load.load_id, counted, work.at)
    return Loaded(tuple(deliveries), counts, rematched)


def _changed(records: pa.Table, known: pa.Table) -> pa.Table:
    keys = ["source", "source_record_id", "content_hash"]
    return records.join(known, keys, join_type="left anti").select(records.column_names)


def _latest(tables: list[pa.Table]) -> pa.Table:
    """Return all records; of one key in several files the last file's."""
    records = tables[0]
    keys = ["source", "source_record_id"]
    for table in tables[1:]:
        kept = records.join(table.select(keys), keys, join_type="left anti").select(records.column_names)
        records = pa.concat_tables([kept, table])
    return records.filter(pc.is_valid(records["source_record_id"]))


def _with_unchanged(delivery: Delivery, known: pa.Table) -> LoadCounts:
    counts = delivery.counts
    unchanged = counts.accepted - _changed(delivery.records, known).num_rows
    return LoadCounts(counts.rows, counts.accepted, counts.quarantined, counts.rejected, unchanged)
