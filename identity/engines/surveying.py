"""A population's links and verdicts → what a person should look at: `steps/review.py`, set by set.

DuckDB finds the strongest link between two profiles, and connected components find the profiles that only links below
the margin hold together; what is said of each is the step's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link, Verdict
from identity.model.match import Thresholds
from identity.model.record import RecordKey
from identity.model.review import Concern
from identity.steps.review import BRIDGE_MARGIN, CROWD, Extent, between, bridge, crowd, extent, weakest
from identity.workbench import workbench

__all__ = ["Survey"]

_T = TypeVar("_T")

_PLACED = """
    create temp table placed as
    select source, source_record_id, golden_id, row_number() over () - 1 as place from memberships
"""
_PROFILES = """
    create temp table profiles as
    select golden_id, count(*) as records, list(distinct source) as sources from placed group by golden_id
"""
# Weights first, then the order of pairs: ties fall as they do for a few records.
_JOINED = """
    create temp table {name} as
    select l.*, a.golden_id as ours, b.golden_id as theirs, a.place as one, b.place as other from {given} l
    join placed a on a.source = l.left_source and a.source_record_id = l.left_id
    join placed b on b.source = l.right_source and b.source_record_id = l.right_id
"""
_BETWEEN = """
    with strongest as (
        select least(ours, theirs) as one, greatest(ours, theirs) as other,
               arg_min({'ls': left_source, 'li': left_id, 'rs': right_source, 'ri': right_id,
                        'j': judgement, 'w': match_weight},
                       (-match_weight, left_source, left_id, right_source, right_id)) as link
        from linked where ours <> theirs group by all
    )
    select s.one, s.other, link.ls, link.li, link.rs, link.ri, link.j, link.w, a.records + b.records,
           len(list_distinct(list_concat(a.sources, b.sources)))
    from strongest s join profiles a on a.golden_id = s.one join profiles b on b.golden_id = s.other
    where not exists (
        select 1 from decided d where d.judgement = 'no_match'
          and least(d.ours, d.theirs) = s.one and greatest(d.ours, d.theirs) = s.other)
"""
_CROWDS = "select golden_id, records, len(sources) from profiles where records > $most"
_HOLDING = """
    select one, other from linked where ours = theirs and match_weight >= $least
    union all select one, other from decided where ours = theirs and judgement = 'match'
"""
_APART = """
    select golden_id from placed p join label l using (place)
    group by golden_id having count(distinct l.label) > 1
"""
_MEMBERS = (
    "select golden_id, source, source_record_id from placed semi join weak using (golden_id) order by all"
)
_LINKS_OF = """
    select ours, left_source, left_id, right_source, right_id, judgement, match_weight
    from linked semi join weak on weak.golden_id = linked.ours where ours = theirs
"""
_VERDICTS_OF = """
    select ours, left_source, left_id, right_source, right_id, judgement, operation_id
    from decided semi join weak on weak.golden_id = decided.ours where ours = theirs
"""


@dataclass(frozen=True, slots=True)
class Survey:
    """See `Surveyor`. `threads` and `memory` bound what DuckDB takes."""

    thresholds: Thresholds
    threads: int = 2
    memory: str = "3GB"

    def __call__(self, links: pa.Table, memberships: pa.Table, said: pa.Table) -> list[Concern]:
        with workbench(self.threads, self.memory) as work:
            for name, table in (("links", links), ("memberships", memberships), ("said", said)):
                work.register(name, table)
            work.execute(_PLACED)
            work.execute(_PROFILES)
            work.execute(_JOINED.format(name="linked", given="links"))
            work.execute(_JOINED.format(name="decided", given="said"))
            return [*self._between(work), *_crowds(work), *self._bridges(work, memberships.num_rows)]

    def _between(self, work: duckdb.DuckDBPyConnection) -> Iterator[Concern]:
        for one, other, *link, records, sources in work.execute(_BETWEEN).fetchall():
            yield between((one, other), _link(*link), Extent(records, sources), self.thresholds)

    def _bridges(self, work: duckdb.DuckDBPyConnection, records: int) -> Iterator[Concern]:
        least = self.thresholds.match + BRIDGE_MARGIN
        edges = work.execute(_HOLDING, {"least": least}).fetchnumpy()
        labels = _components(records, edges["one"], edges["other"])
        work.register("label", pa.table({"place": np.arange(records), "label": labels}))
        work.execute(f"create temp table weak as {_APART}")
        members = _grouped(work.execute(_MEMBERS).fetchall(), RecordKey)
        links = _grouped(work.execute(_LINKS_OF).fetchall(), _link)
        verdicts = _grouped(work.execute(_VERDICTS_OF).fetchall(), _verdict)
        for golden_id, keys in members.items():
            weak = weakest(keys, links.get(golden_id, ()), verdicts.get(golden_id, ()))
            if weak:
                yield bridge(golden_id, weak, extent(keys))


def _crowds(work: duckdb.DuckDBPyConnection) -> Iterator[Concern]:
    for golden_id, records, sources in work.execute(_CROWDS, {"most": CROWD}).fetchall():
        yield crowd(GoldenId(golden_id), Extent(records, sources))


def _components(records: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int32]:
    edges = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(records, records))
    return np.asarray(connected_components(edges, directed=False)[1], np.int32)


def _grouped(rows: Iterable[tuple[Any, ...]], made: Callable[..., _T]) -> dict[GoldenId, list[_T]]:
    """Return what is made of the rows, by the golden id that each begins with."""
    groups: dict[GoldenId, list[_T]] = {}
    for golden_id, *rest in rows:
        groups.setdefault(GoldenId(golden_id), []).append(made(*rest))
    return groups


def _link(
    left_source: str, left_id: str, right_source: str, right_id: str, judgement: str, weight: float
) -> Link:
    pair = RecordKey(left_source, left_id), RecordKey(right_source, right_id)
    return Link(*pair, Judgement(judgement), MatchWeight(weight))


def _verdict(
    left_source: str, left_id: str, right_source: str, right_id: str, judgement: str, operation_id: str
) -> Verdict:
    pair = RecordKey(left_source, left_id), RecordKey(right_source, right_id)
    return Verdict(*pair, Judgement(judgement), operation_id)
