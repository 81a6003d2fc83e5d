"""covered: what a source in shadow mode tells of records that have gone live takes effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.online.desk import Desk
from identity.model.cutover import Cutover, CutoverStatus
from identity.model.record import RecordKey
from identity.ports import Arrival, OnlineWork, StoredRecord
from identity.steps.cover import covers
from identity.steps.file import signed

__all__ = ["as_live", "claims_on_sources", "rows_as_live", "taken_back"]


def as_live(
    work: OnlineWork, desk: Desk, arrivals: Sequence[Arrival], before: Mapping[RecordKey, StoredRecord]
) -> list[Arrival]:
    """Return arrivals, live where a cutover covers them, or where their record is live by one although it has moved to
    another country. Holds what they were asked by: a source goes live, or back, before this unit or after it."""
    shadows = {arrival.record.key.source for arrival in arrivals if arrival.mode != "live"}
    if not shadows:
        return list(arrivals)
    work.share(claims_on_sources(desk, shadows))
    standing = [each for each in work.cutovers() if each.stands and each.source in shadows]
    return [_as_live(arrival, before.get(arrival.record.key), standing) for arrival in arrivals]


def _as_live(arrival: Arrival, known: StoredRecord | None, standing: Sequence[Cutover]) -> Arrival:
    key, country = arrival.record.key, arrival.record.attributes.get("country", "")
    about = [each for each in standing if each.source == key.source]
    if about and ((known and known.live) or any(covers(each, country) for each in about)):
        return replace(arrival, mode="live")
    return arrival


def rows_as_live(records: pa.Table, cutovers: Sequence[Cutover]) -> pa.Table:
    """Return RECORDS, live where a cutover covers them."""
    standing = [each for each in cutovers if each.stands]
    shadows = pc.not_equal(records["mode"], "live")
    if not standing or not pc.any(shadows).as_py():
        return records
    told = zip(*(records[name].to_pylist() for name in ("mode", "source", "country")), strict=True)
    modes = [
        "live"
        if any(each.source == source and covers(each, country or "") for each in standing)
        else str(mode)
        for mode, source, country in told
    ]
    place = records.schema.get_field_index("mode")
    return records.set_column(place, "mode", pa.array(modes, records["mode"].type))


def taken_back(
    work: OnlineWork, stored: Mapping[RecordKey, StoredRecord], since: Mapping[RecordKey, datetime]
) -> list[RecordKey]:
    """Return which records were out of use, each since a moment, while the cutover that they were live by was taken
    back: with nothing else that they take effect by, they wait in shadow mode as the others of it."""
    cutovers, found = work.cutovers(), list[RecordKey]()
    standing = [each for each in cutovers if each.stands]
    for cutover in cutovers:
        if cutover.status is CutoverStatus.BACK and cutover.ended_at:
            about = [
                key
                for key, each in stored.items()
                if cutover.started_at < since[key] < cutover.ended_at
                and _about(cutover, each)
                and not any(_about(other, each) for other in standing)
            ]
            before = work.memberships_at(about, cutover.started_at)
            found += [key for key in about if key not in before]
    return found


def _about(cutover: Cutover, stored: StoredRecord) -> bool:
    told = stored.record
    return cutover.source == told.key.source and covers(cutover, told.attributes.get("country", ""))


def claims_on_sources(desk: Desk, sources: Iterable[str]) -> list[int]:
    """Return the numbers to share so that these sources do not go live or back meanwhile; who has them do so claims
    them alone."""
    return [signed(desk.cabinet.digest(f"source\x1f{source}")) for source in sources]
