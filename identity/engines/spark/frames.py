"""The stages over Parquet: what Spark groups and joins, and which task each lot of rows is given to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from numpy.typing import NDArray

from identity.comparators import Nicknames
from identity.engines.pairs import ScoredPairs
from identity.engines.partitioning import Decisions, bounded
from identity.engines.spark.tasks import Cluster, Compare, File, Normalise, pairs_of
from identity.model.match import MatchModel, MatchRules

__all__ = ["Frames"]

Places = NDArray[np.int32]
_ROWS = 100_000
_TOGETHER = 50_000
"""So many members are decided at a time, by whole components."""
_PAIR = "left int, right int"


@dataclass(frozen=True)
class Frames:
    """The tables of one resolution, each a folder of Parquet: features, pairs, weighed, members, inside."""

    spark: Any
    folder: Path
    rules: MatchRules
    nicknames: Nicknames
    model: MatchModel
    features: tuple[str, ...]

    def normalise(self, rows: pa.Table) -> dict[str, tuple[str, ...]]:
        """Make features of records, which stand in key order; return the generic values, which are left out."""
        self._put("records", rows.drop_columns(["source", "source_record_id"]))
        schema = "place int, " + ", ".join(f"`{name}` string" for name in self.features)
        made = self._mapped(self._at("records"), Normalise(self.rules.custom, self.features), schema)
        self._write("raw", made)
        raw = self._at("raw")
        generic = self._generic(raw)
        self._write("features", self._without(raw, generic))
        return {name: tuple(sorted(values)) for name, values in generic.items() if values}

    def block(self) -> int:
        """Find the pairs that share a block no larger than its key's cap; return how many there are."""
        filed = self._mapped(
            self._at("features"), File(self.rules, self.nicknames), "key int, block long, place int"
        )
        filed.createOrReplaceTempView("filed")
        caps = ", ".join(f"({at}, {key.cap})" for at, key in enumerate(self.rules.blocking))
        blocks = self.spark.sql(
            f"""
            with cap as (select * from values {caps} as cap(key, cap)),
            sized as (
                select f.key, f.block, sort_array(collect_list(f.place)) as members
                from filed f group by f.key, f.block having count(*) > 1
            )
            select distinct members from sized join cap using (key) where size(members) <= cap
            """
        )
        self._write("pairs", self._mapped(blocks, pairs_of, _PAIR).distinct())
        return int(self._at("pairs").count())

    def compare(self) -> None:
        """Compare and weigh the pairs; those below the review threshold are left out."""
        self._write("weighed", self._weights(self._at("pairs"), self.rules.thresholds.review))

    def components(self, records: int, decisions: Decisions) -> Places:
        """Return each record's component: found here, by the links above the threshold."""
        strong = ds.dataset(self._path("weighed")).to_table(
            filter=ds.field("weight") > self.rules.thresholds.match
        )
        left, right = (strong[side].to_numpy() for side in ("left", "right"))
        links = ScoredPairs(left, right, np.zeros(len(left), np.int64), strong["weight"].to_numpy())
        rules = self.rules.partition
        return bounded(records, links, rules.largest_component, self.rules.thresholds.match, decisions)

    def clusters(self, labels: Places, decisions: Decisions) -> Places:
        """Return each record's cluster, numbered by first members."""
        first = np.arange(len(labels), dtype=np.int32)
        if self._put_members(labels):
            self._write("inside", self._inside())
            found = self._decided(decisions).toArrow()
            first[found["place"].to_numpy()] = found["first"].to_numpy()
        return np.unique(first, return_inverse=True)[1].astype(np.int32)

    def links(self) -> pa.Table:
        """Return every pair at or above the review threshold, in key order, and whether the two share a block."""
        weighed = _table(self._path("weighed"))
        blocked = weighed.append_column("blocked", pa.array(np.ones(len(weighed), np.bool_)))
        more = _table(self._path("more"), weighed.schema) if self._path("more").exists() else None
        if more is None:
            return blocked.sort_by([("left", "ascending"), ("right", "ascending")])
        worth = more.filter(pc.greater_equal(more["weight"], self.rules.thresholds.review))
        beside = worth.append_column("blocked", pa.array(np.zeros(len(worth), np.bool_)))
        together = pa.concat_tables([blocked, beside.select(blocked.column_names)])
        return together.sort_by([("left", "ascending"), ("right", "ascending")])

    def _generic(self, raw: Any) -> dict[str, list[str]]:
        """Return per feature the values that records of too many different names hold; see `engines/generic.py`."""
        if not {"given_name", "family_name"} <= set(self.features):
            return {}
        raw.createOrReplaceTempView("raw")
        limits = {name: limit for name, limit in self.rules.generic_limits.items() if name in self.features}
        return {
            name: [
                row[0]
                for row in self.spark.sql(
                    f"""
                    select `{name}` from raw
                    where `{name}` is not null and given_name is not null and family_name is not null
                    group by `{name}`
                    having count(distinct substring(given_name, 1, 1), family_name) > {limit}
                    """
                ).collect()
            ]
            for name, limit in limits.items()
        }

    def _without(self, raw: Any, generic: Mapping[str, Sequence[str]]) -> Any:
        from pyspark.sql import functions

        for name, values in generic.items():
            if values:
                banned = self.spark.createDataFrame([(value,) for value in values], f"`_{name}` string")
                joined = raw.join(
                    functions.broadcast(banned), functions.col(name) == functions.col(f"_{name}"), "left"
                )
                kept = functions.when(functions.col(f"_{name}").isNull(), functions.col(name))
                raw = joined.withColumn(name, kept).drop(f"_{name}")
        return raw

    def _weights(self, pairs: Any, least: float) -> Any:
        """Return pairs with their weights, those of at least `least`."""
        task = Compare(self.model, self.rules, self.nicknames, least)
        sides = {side: self._side(side, task.features) for side in ("left", "right")}
        both = pairs.join(sides["left"], "left").join(sides["right"], "right")
        return self._mapped(both, task, f"{_PAIR}, weight double")

    def _side(self, side: str, features: Sequence[str]) -> Any:
        told = [f"`{name}` as `{side[0]}_{name}`" for name in features]
        return self._at("features").selectExpr(f"place as {side}", *told)

    def _put_members(self, labels: Places) -> int:
        """Write who is in a component with others, some whole components to a lot; return how many lots there are."""
        sizes = np.bincount(labels)
        lots = (np.cumsum(np.where(sizes > 1, sizes, 0)) // _TOGETHER).astype(np.int32)
        places = np.flatnonzero(sizes[labels] > 1).astype(np.int32)
        component = labels[places]
        small = sizes[component] <= self.rules.partition.largest_component
        told = {"place": places, "component": component, "lot": lots[component], "small": small}
        self._put("members", pa.table(told))
        return len(np.unique(lots[component]))

    def _inside(self) -> Any:
        """Return all pairs inside components with their weights: a weak link is judged by all the company it keeps."""
        self._at("members").createOrReplaceTempView("member")
        self._at("weighed").createOrReplaceTempView("weighed")
        groups = self.spark.sql(
            "select sort_array(collect_list(place)) as members from member where small group by component"
        )
        self._mapped(groups, pairs_of, _PAIR).createOrReplaceTempView("company")
        missing = self.spark.sql("select * from company left anti join weighed using (left, right)")
        self._write("more", self._weights(missing, -np.inf))
        self._at("more").createOrReplaceTempView("more")
        return self.spark.sql(
            """
            with weight as (select * from weighed union all select * from more)
            select w.left, w.right, w.weight, l.lot from weight w
            join member l on l.place = w.left join member r on r.place = w.right
            where l.component = r.component
            """
        )

    def _decided(self, decisions: Decisions) -> Any:
        limited = tuple(name for name in self.rules.partition.distinct_values if name in self.features)
        task = Cluster(self.rules, limited, decisions.together, decisions.apart)
        features = self._at("features").select("place", *limited)
        members = self._at("members").join(features, "place").groupBy("lot")
        inside = self._at("inside").groupBy("lot")

        # Spark counts the parameters, that of `self` as well: a function has the two it looks for.
        def decided(members: pa.Table, pairs: pa.Table) -> pa.Table:
            return task(members, pairs)

        return members.cogroup(inside).applyInArrow(decided, "place int, first int")

    def _mapped(self, frame: Any, task: Callable[[Iterator[Any]], Iterator[Any]], schema: str) -> Any:
        return frame.mapInArrow(task, schema)

    def _at(self, name: str) -> Any:
        return self.spark.read.parquet(str(self._path(name)))

    def _write(self, name: str, frame: Any) -> None:
        frame.write.parquet(str(self._path(name)))

    def _put(self, name: str, rows: pa.Table) -> None:
        """Write rows of the driver, in files that workers can share."""
        self._path(name).mkdir()
        for at, start in enumerate(range(0, max(len(rows), 1), _ROWS)):
            pq.write_table(rows.slice(start, _ROWS), self._path(name) / f"{at:06}.parquet")

    def _path(self, name: str) -> Path:
        return self.folder / name


def _table(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    return ds.dataset(path, schema).to_table()
