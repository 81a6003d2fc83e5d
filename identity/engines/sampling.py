"""Stored links in strata: how many there are of each, how many of those were labelled, and which to draw next.

A stratum is a band of match weight, and whether the pair is in one profile. The order in which pairs are drawn is that
of a keyed digest: nobody can choose what is looked at, and a second draw goes on where the first one ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import pyarrow as pa

from identity.model.evidence import MatchWeight
from identity.model.match import Thresholds
from identity.model.record import RecordKey
from identity.ports import Drawn
from identity.steps.estimate import Stratum, allotted
from identity.workbench import workbench

__all__ = ["BANDS", "Sampler"]

BANDS = (0.0, 4.0, 10.0)
"""Where bands begin, in bits above the match threshold; the first one begins at the review threshold."""

_STRATA = """
    create temp table strata as
    select l.left_source, l.left_id, l.right_source, l.right_id, l.match_weight,
        a.golden_id = b.golden_id as together,
        case {bands} end || case when together then ' together' else ' apart' end as stratum,
        md5(concat_ws(chr(31), $key, l.left_source, l.left_id, l.right_source, l.right_id)) as turn
    from links l
    join memberships a on a.source = l.left_source and a.source_record_id = l.left_id
    join memberships b on b.source = l.right_source and b.source_record_id = l.right_id
"""
_SIZES = """
    select s.stratum, any_value(s.together), count(*), count(l.same), count(*) filter (where l.same)
    from strata s
    left join labels l on l.left_source = s.left_source and l.left_id = s.left_id
        and l.right_source = s.right_source and l.right_id = s.right_id and l.stratum = s.stratum
    group by s.stratum order by min(s.match_weight), s.stratum
"""
_FRESH = """
    create temp table fresh as
    select *, row_number() over (partition by stratum order by turn) as place from strata
    where 'sample:' || left_source || ':' || left_id || '+' || right_source || ':' || right_id
        not in (select subject from drawn)
"""
_LEFT = "select stratum, count(*) from fresh group by stratum order by min(match_weight), stratum"
_NEXT = """
    select left_source, left_id, right_source, right_id, match_weight, stratum
    from fresh where stratum = $stratum and place <= $most order by place
"""


@dataclass(frozen=True, slots=True)
class Sampler:
    """See `ports.Sampler`. `key` makes the order of drawing its own in every database."""

    thresholds: Thresholds
    key: str
    threads: int = 2
    memory: str = "3GB"

    def strata(self, links: pa.Table, memberships: pa.Table, labels: pa.Table) -> list[Stratum]:
        with self._stratified(links, memberships) as work:
            work.register("labels", labels)
            return [Stratum(*row) for row in work.execute(_SIZES).fetchall()]

    def draw(
        self, links: pa.Table, memberships: pa.Table, drawn: Collection[str], wanted: int
    ) -> list[Drawn]:
        with self._stratified(links, memberships) as work:
            work.register("drawn", pa.table({"subject": pa.array(sorted(drawn), pa.string())}))
            work.execute(_FRESH)
            left = work.execute(_LEFT).fetchall()
            shares = allotted([size for _, size in left], wanted)
            return [
                Drawn(RecordKey(row[0], row[1]), RecordKey(row[2], row[3]), MatchWeight(row[4]), row[5])
                for (stratum, _), most in zip(left, shares, strict=True)
                for row in work.execute(_NEXT, {"stratum": stratum, "most": most}).fetchall()
            ]

    @contextmanager
    def _stratified(self, links: pa.Table, memberships: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        with workbench(self.threads, self.memory) as work:
            work.register("links", links)
            work.register("memberships", memberships)
            work.execute(_STRATA.format(bands=self._bands()), {"key": self.key})
            yield work

    def _bands(self) -> str:
        """Return each band's name, from the highest down: the first that a weight reaches is its own."""
        starts = [self.thresholds.review, *(self.thresholds.match + above for above in BANDS)]
        ends = [f"to {end:+g}" for _, end in pairwise(starts)] + ["and more"]
        told = [(start, f"{start:+g} {end}") for start, end in zip(starts, ends, strict=True)]
        cases = [f"when l.match_weight >= {start} then '{name}'" for start, name in reversed(told[1:])]
        return " ".join([*cases, f"else '{told[0][1]}'"])
