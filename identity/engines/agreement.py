"""Two crosswalks of the same records side by side: which pairs both have together, and which one of them has alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import pyarrow as pa

from identity.workbench import workbench

__all__ = ["Agreement", "agreement"]

_JOINED = """
    create temp table shared as
    select o.source, o.source_record_id, coalesce(o.country, '') as country, o.golden_id, t.master_id
    from ours o join theirs t using (source, source_record_id);
    create temp table cells as select golden_id, master_id, count(*) as n from shared group by all;
    create temp table sides as
    select c.*, a.n as ours, b.n as theirs from cells c
    join (select golden_id, sum(n) as n from cells group by all) a using (golden_id)
    join (select master_id, sum(n) as n from cells group by all) b using (master_id);
"""
_PAIRS = """
    select (select count(*) from shared), (select count(*) from ours), (select count(*) from theirs),
    (select coalesce(sum(n * (n - 1) // 2), 0) from sides),
    (select coalesce(sum(n * (n - 1) // 2), 0) from (select sum(n) as n from cells group by golden_id)),
    (select coalesce(sum(n * (n - 1) // 2), 0) from (select sum(n) as n from cells group by master_id)),
    (select coalesce(sum(n * n / ours), 0) from sides), (select coalesce(sum(n * n / theirs), 0) from sides),
    (select count(*) from sides where n = ours and n = theirs)
"""
_TORN = """
    select {one}, list({other} order by n desc, {other}) as others, sum(n) as records
    from cells group by {one} having count(*) > 1 order by hash({one}), {one}
"""
_BY = """
    select {name}, count(*) as records, count(*) filter (s.n = s.ours and s.n = s.theirs) as alike
    from shared join sides s using (golden_id, master_id) group by 1 order by 2 desc, 1
"""
_DIFFERENCES = """
    select source, source_record_id, country, golden_id, master_id,
    case when n < ours and n < theirs then 'both' when n < ours then 'joined' else 'split' end as difference
    from shared join sides using (golden_id, master_id) where n < ours or n < theirs
    order by golden_id, master_id, source, source_record_id
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """`records` are those that both know. Of pairs of them `together` are in both, the others in one alone.

    `pairs_kept` is the share of their pairs that we have, `pairs_backed` the share of ours that they have; `b_cubed` is
    the harmonic mean of what a record keeps of its company either way. None of it says who is right. A record is
    `alike` whose company is the same in both. `joined` are our profiles that hold several of their ids, `split` their
    ids whose records are in several of our profiles: how many, and some of them.
    """

    records: int
    ours_alone: int
    theirs_alone: int
    pairs_together: int
    pairs_ours_alone: int
    pairs_theirs_alone: int
    pairs_kept: float
    pairs_backed: float
    b_cubed: float
    clusters_alike: int
    joined: int
    split: int
    joined_sample: list[dict[str, Any]]
    split_sample: list[dict[str, Any]]
    by_source: list[dict[str, Any]]
    by_country: list[dict[str, Any]]

    def told(self) -> dict[str, Any]:
        return asdict(self)


def agreement(ours: pa.Table, theirs: pa.Table, most: int = 10) -> tuple[Agreement, pa.Table]:
    """Return how `ours` (source, source_record_id, country, golden_id) and `theirs` (…, master_id) agree, and every
    record whose company differs: `joined` by us, `split` by us, or `both`."""
    with workbench() as work:
        work.register("ours", ours)
        work.register("theirs", theirs)
        work.execute(_JOINED)
        numbers = [float(number) for number in work.execute(_PAIRS).fetchall()[0]]
        records, known, told, both, pairs, their_pairs, backed, kept, alike = numbers
        joined = _rows(work, _TORN.format(one="golden_id", other="master_id"))
        split = _rows(work, _TORN.format(one="master_id", other="golden_id"))
        shares = backed / records if records else 1.0, kept / records if records else 1.0
        found = Agreement(
            int(records), int(known - records), int(told - records), int(both), int(pairs - both),
            int(their_pairs - both), both / their_pairs if their_pairs else 1.0, both / pairs if pairs else 1.0,
            2 * shares[0] * shares[1] / sum(shares), int(alike), len(joined), len(split), joined[:most], split[:most],
            _rows(work, _BY.format(name="source")), _rows(work, _BY.format(name="country")),
        )  # fmt: skip
        return found, work.sql(_DIFFERENCES).to_arrow_table()


def _rows(work: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = work.sql(query).to_arrow_table()
    return [
        {name: int(value) if name in ("records", "alike") else value for name, value in row.items()}
        for row in found.to_pylist()
    ]
