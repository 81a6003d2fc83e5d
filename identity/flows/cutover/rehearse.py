"""rehearse: what everything would come to if records in shadow mode were live; nothing is stored."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.rematch import Known, Proposal, Workshop, propose
from identity.ports import RECORDS, StageTimer

__all__ = ["rehearse"]


def rehearse(
    shop: Workshop, stages: StageTimer, sources: Collection[str] = ()
) -> tuple[Proposal | None, pa.Table]:
    """Return what live records and those in shadow mode of these sources (none named: of all) come to by the model in
    force, or by one trained on them where there is none; and the keys of the latter. None where there are none."""
    with stages.stage("read"), shop.transactions.begin(shop.clock) as work:
        known = Known.of(work)
        shadows = work.shadow_records()
    if sources:
        shadows = shadows.filter(pc.is_in(shadows["source"], pa.array(sorted(sources), pa.string())))
    return propose(shop, stages, known, _told_now(shadows, known)), shadows.select(
        ["source", "source_record_id"]
    )


def _told_now(shadows: pa.Table, known: Known) -> pa.Table:
    filled = {"mode": "live", "loaded_at": known.at, "load_id": ""}
    columns = [
        shadows[field.name].cast(field.type)
        if field.name in shadows.column_names
        else pa.array([filled.get(field.name)] * shadows.num_rows, field.type)
        for field in RECORDS
    ]
    return pa.table(columns, schema=RECORDS)
