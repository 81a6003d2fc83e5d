"""The stored partition against a new one: which records move, which profiles are born, change, merge or split."""

from __future__ import annotations

from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from identity.flows.online.consents import differing
from identity.ports import ChangeSet
from identity.steps.survive import json_text
from identity.workbench import workbench

__all__ = ["difference", "unlike_links"]

_CHUNK_RECORDS = 100_000

_MOVED = """
    create temp table moved as
    select a.source, a.source_record_id, a.golden_id, p.golden_id as came_from
    from assigned a left join previous p using (source, source_record_id)
    where p.golden_id is distinct from a.golden_id
"""

# A golden id that no record is under any more lives on in the one that most of its records went to.
_RETIRED = """
    create temp table retired_ids as
    select came_from as retired, arg_min(golden_id, (-records, golden_id)) as survivor
    from (select came_from, golden_id, count(*) as records from moved where came_from is not null group by all)
    where came_from in (select golden_id from states where status = 'live')
      and came_from not in (select golden_id from survived)
    group by came_from
"""

_TOUCHED = """
    create temp table touched as
    select s.golden_id, s.attributes, s.consents, s.record_count, s.fingerprint,
           coalesce(t.version, 0) + 1 as version, coalesce(t.created_at, $at) as created_at,
           coalesce(m.grouped, s.golden_id) as grouped,
           case when t.golden_id is null then 'customer.created'
                when s.golden_id in (select survivor from retired_ids) then 'customer.merged'
                when s.golden_id in (select came_from from moved) then 'customer.split'
                else 'customer.updated' end as type
    from survived s
    left join states t using (golden_id)
    left join merging m using (golden_id)
    where t.golden_id is null or t.fingerprint is distinct from s.fingerprint or t.status <> 'live'
       or s.golden_id in (select golden_id from moved) or s.golden_id in (select came_from from moved)
"""

# Whose consents have another status now than they had: told by an event, and a version, of its own.
_AGREED = """
    select s.golden_id, t.consents as before, s.consents as now
    from touched s join states t using (golden_id) where t.consents <> s.consents
"""
_AGREED_VERSION = """
    update touched set version = version + 1 where golden_id in (select golden_id from agreed)
"""

_CHUNKED = """
    create temp table chunked as
    select grouped, (sum(records) over (order by grouped) / $size)::int as chunk
    from (select grouped, sum(record_count) as records from touched group by grouped)
"""

_RECORDS = """
    select r.place, coalesce(c.chunk, 0) as chunk
    from records r left join assigned a using (source, source_record_id)
    left join touched t using (golden_id) left join chunked c using (grouped)
    order by chunk, place
"""

_MOVES = """
    select m.source, m.source_record_id, m.golden_id, c.chunk
    from moved m join touched t using (golden_id) join chunked c using (grouped)
    order by chunk, source, source_record_id
"""

_PROFILES = """
    select t.golden_id, t.version, 'live' as status, t.record_count, t.fingerprint, t.created_at,
           $at as updated_at, t.attributes, t.consents, c.chunk
    from touched t join chunked c using (grouped) order by chunk, golden_id
"""

_RETIREMENTS = """
    select r.retired, r.survivor, c.chunk
    from retired_ids r join touched t on t.golden_id = r.survivor join chunked c using (grouped)
    order by chunk, retired
"""

# A link is stored when both its records are.
_LINKS = """
    with stored_in as (
        select a.source, a.source_record_id, coalesce(c.chunk, 0) as chunk
        from assigned a left join touched t using (golden_id) left join chunked c using (grouped)
    )
    select l.*, $model as model_version, $at as decided_at,
           greatest(ours.chunk, theirs.chunk) as chunk
    from links l
    join stored_in ours on ours.source = l.left_source and ours.source_record_id = l.left_id
    join stored_in theirs on theirs.source = l.right_source and theirs.source_record_id = l.right_id
    order by chunk, left_source, left_id, right_source, right_id
"""

# Both sides of a merge tell it with the same facts; whose event it is says which side it is. A list without anything in
# it is not told.
_EVENTS = """
    with gained as (
        select golden_id, list(source || ':' || source_record_id order by source, source_record_id) as records
        from moved group by golden_id
    ), lost as (
        select came_from as golden_id,
               list(source || ':' || source_record_id order by source, source_record_id) as records
        from moved where came_from is not null group by came_from
    ), merges as (
        select survivor as golden_id, list(retired order by retired) as retired from retired_ids group by survivor
    ), told as (
        select t.golden_id as subject, t.type, t.version - (a.golden_id is not null)::int as version,
               '{"golden_id":' || to_json(t.golden_id)
               || coalesce(',"records_gained":' || to_json(g.records), '')
               || coalesce(',"records_lost":' || to_json(l.records), '')
               || coalesce(',"retired":' || to_json(m.retired), '')
               || ',"model_version":' || to_json($model) || '}' as body,
               c.chunk, 0 as late
        from touched t join chunked c using (grouped)
        left join gained g using (golden_id) left join lost l using (golden_id) left join merges m using (golden_id)
        left join agreed a using (golden_id)
        union all
        select t.golden_id, 'customer.consent_changed', t.version,
               '{"golden_id":' || to_json(t.golden_id) || ',"changes":' || a.changes
               || ',"model_version":' || to_json($model) || '}',
               c.chunk, 1
        from touched t join chunked c using (grouped) join agreed a using (golden_id)
        union all
        select r.retired, 'customer.merged', s.version + 1,
               to_json({'golden_id': r.survivor, 'retired': [r.retired], 'model_version': $model}),
               c.chunk, 2
        from retired_ids r join states s on s.golden_id = r.retired
        join touched t on t.golden_id = r.survivor join chunked c using (grouped)
    )
    select subject || '.' || version as event_id, type, subject, version, $at as time,
           $correlation as correlation_id, body, chunk
    from told order by chunk, late, subject
"""


def difference(
    *,
    records: pa.Table,
    previous: pa.Table,
    states: pa.Table,
    assigned: pa.Table,
    survived: pa.Table,
    links: pa.Table,
    model_version: str,
    at: datetime,
    correlation_id: str | None = None,
) -> ChangeSet:
    """Return what takes the stored partition (`previous` MEMBERSHIPS, `states` PROFILE_STATES) to `assigned`.

    `records` are the RECORDS to store with it; `survived` has the golden profiles of the new partition.
    """
    with workbench() as work:
        for name, table in (
            ("records", _placed(records)),
            ("previous", previous),
            ("states", states),
            ("assigned", assigned),
            ("survived", survived),
            ("links", links),
        ):
            work.register(name, table)
        work.execute("set timezone='UTC'")
        work.execute(_MOVED)
        work.execute(_RETIRED)
        work.register("merging", _together(work))
        work.execute(_TOUCHED, {"at": at})
        work.register("agreed", _agreed(work))
        work.execute(_AGREED_VERSION)
        work.execute(_CHUNKED, {"size": _CHUNK_RECORDS})
        told = {"at": at, "model": model_version, "correlation": correlation_id}
        moves = _table(work, _MOVES)
        return ChangeSet(
            chunks=1 + _last_chunk(moves),
            records=_chunked(work, records),
            moves=moves,
            profiles=_table(work, _PROFILES, at=at),
            retired=_table(work, _RETIREMENTS),
            links=_table(work, _LINKS, at=at, model=model_version),
            events=_table(work, _EVENTS, **told),
        )


_UNLIKE = """
    with unlike as (
        select coalesce(s.left_source, f.left_source) as left_source, coalesce(s.left_id, f.left_id) as left_id,
               coalesce(s.right_source, f.right_source) as right_source, coalesce(s.right_id, f.right_id) as right_id
        from stored s full join found f
          on s.left_source = f.left_source and s.left_id = f.left_id
         and s.right_source = f.right_source and s.right_id = f.right_id
        where s.match_weight is distinct from f.match_weight or s.judgement is distinct from f.judgement
           or s.blocked is distinct from f.blocked
    )
    select left_source as source, left_id as source_record_id from unlike
    union select right_source, right_id from unlike order by all
"""


def unlike_links(stored: pa.Table, found: pa.Table) -> pa.Table:
    """Return RECORD_KEYS of the records that have another link, or a link of another weight, in one of the two."""
    with workbench() as work:
        work.register("stored", stored)
        work.register("found", found)
        return work.sql(_UNLIKE).to_arrow_table()


def _together(work: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return golden_id, grouped: ids between which records move have to change in one transaction."""
    edges = work.execute(
        "select distinct came_from, golden_id from moved where came_from is not null"
    ).fetchall()
    root: dict[str, str] = {}

    def find(golden_id: str) -> str:
        while root.setdefault(golden_id, golden_id) != golden_id:
            root[golden_id] = root[root[golden_id]]
            golden_id = root[golden_id]
        return golden_id

    for one, other in sorted(edges):
        first, second = sorted((find(one), find(other)))
        root[second] = first
    ids = sorted(root)
    return pa.table(
        {"golden_id": pa.array(ids, pa.string()), "grouped": pa.array(map(find, ids), pa.string())}
    )


def _agreed(work: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return golden_id, changes (JSON): what is another status now of people there were."""
    told = (
        (golden_id, differing(before, now)) for golden_id, before, now in work.execute(_AGREED).fetchall()
    )
    found = {golden_id: json_text(changes) for golden_id, changes in told if changes}
    return pa.table(
        {"golden_id": pa.array(found, pa.string()), "changes": pa.array(found.values(), pa.string())}
    )


def _placed(records: pa.Table) -> pa.Table:
    places = pa.array(np.arange(records.num_rows))
    return records.select(["source", "source_record_id"]).append_column("place", places)


def _chunked(work: duckdb.DuckDBPyConnection, records: pa.Table) -> pa.Table:
    # Records are wide: only their keys go through the query, the rest is taken by place.
    order = _table(work, _RECORDS)
    return records.take(order["place"]).append_column("chunk", order["chunk"])


def _table(work: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> pa.Table:
    return work.sql(query, params=parameters).to_arrow_table()


def _last_chunk(moves: pa.Table) -> int:
    return int(moves["chunk"].to_numpy().max()) if moves.num_rows else 0
