"""Splink asked about one record at a time, set up as its guides say and trained on the records that are stored.

python -m bench.online.peer FOLDER PLAN

It sees the same features as we do; making them is not in its time, and it writes nothing.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from splink import DuckDBAPI, Linker
from splink.internals.realtime import compare_records

from bench.online.abreast import answer
from bench.online.plan import Plan
from bench.online.records import LOADED, UNSEEN
from bench.online.timing import timed
from identity.bootstrap import Service, settings_from
from identity.engines.generic import demote_generic_values
from identity.engines.population import populate
from identity.engines.splink_usual import ASSUMED_RECALL, plan_for, usual_frame
from identity.steps.normalise import feature_makers

__all__ = ["main", "peer"]

_REVIEW = 0.5
_RANDOM_PAIRS, _SEED = 1e6, 1969
_CANDIDATES = (1, 50)
_WARM = 3


@dataclass(frozen=True, slots=True)
class _Ready:
    """A trained linker with the table it searches, and the term frequencies of each column of it."""

    api: DuckDBAPI
    linker: Linker
    stored: Any
    frequencies: Mapping[str, Any]


def peer(folder: str, plan: str) -> dict[str, Any]:
    """Return what Splink takes for one record against all that are stored, and against a few candidates."""
    asked = Plan.of(plan)
    service = Service(settings_from(os.environ))
    stored, fresh = _frames(service, Path(folder), asked.peer + _WARM)
    settings = service.settings
    with duckdb.connect(config={"threads": settings.threads, "memory_limit": settings.memory}) as connection:
        splink = _trained(DuckDBAPI(connection=connection), stored[0], stored[1])
        return {"phases": [_searching(splink, fresh, asked), *_comparing(splink, fresh, asked)]}


def _frames(service: Service, folder: Path, fresh: int) -> tuple[tuple[pa.Table, Any], pa.Table]:
    """Return the stored records with Splink's usual plan for them, and a few that are not stored, ready to compare."""
    loaded, unseen = pq.read_table(folder / LOADED), pq.read_table(folder / UNSEEN).slice(0, fresh)
    records = pa.concat_tables([loaded, unseen])
    made = populate(records, feature_makers(service.match_rules.custom))
    population, _ = demote_generic_values(made, service.match_rules.generic_limits)
    keys = ["source", "source_record_id"]
    new = unseen.select(keys).append_column("new", pa.array([True] * unseen.num_rows))
    placed = population.keys.append_column("place", pa.array(np.arange(len(population))))
    is_new = pc.fill_null(placed.join(new, keys, join_type="left outer").sort_by("place")["new"], False)
    frame = usual_frame(population)
    return (frame.filter(pc.invert(is_new)), plan_for(population)), frame.filter(is_new)


def _trained(api: DuckDBAPI, stored: pa.Table, plan: Any) -> _Ready:
    table = api.register(stored)
    linker = Linker(table, plan.settings, log_level=logging.CRITICAL)
    if plan.certain:
        linker.training.estimate_probability_two_random_records_match(
            list(plan.certain), recall=ASSUMED_RECALL
        )
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
    for rule in plan.training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    names = [name for name in stored.column_names if name != "unique_id"]
    return _Ready(
        api, linker, table, {name: linker.table_management.compute_tf_table(name) for name in names}
    )


def _searching(splink: _Ready, fresh: pa.Table, plan: Plan) -> dict[str, Any]:
    """Find whom one record is like among all that are stored."""
    found: Counter[str] = Counter()

    def search(place: int) -> None:
        one = splink.api.register(fresh.slice(place, 1))
        scored = splink.linker.inference.predict_between(
            splink.stored, one, threshold_match_probability=_REVIEW, warning_mode="never"
        )
        found["somebody" if scored.as_record_list() else "nobody"] += 1
        scored.drop_table_from_database_and_remove_from_cache()

    calls = [partial(search, place) for place in range(fresh.num_rows)]
    for call in calls[:_WARM]:
        call()
    found.clear()
    spent = timed(calls[_WARM : _WARM + plan.peer], plan.seconds)
    return {"what": "predict_between", "at_once": 1, "statuses": dict(found), **spent.told()}


def _comparing(splink: _Ready, fresh: pa.Table, plan: Plan) -> list[dict[str, Any]]:
    """Compare one record with candidates that somebody else has found."""
    settings = splink.linker.misc.save_model_to_json()
    stored = _with_frequencies(splink, splink.stored.physical_name, max(_CANDIDATES) * 4)
    new = splink.api.register(fresh)
    asked = _with_frequencies(splink, new.physical_name, fresh.num_rows)
    phases = []
    for candidates in _CANDIDATES:

        def compare(place: int, candidates: int = candidates) -> None:
            others = stored.slice(place % (candidates * 3), candidates)
            scored = compare_records(
                asked.slice(place, 1), others, settings, splink.api, sql_cache_key=f"against {candidates}"
            )
            assert len(scored.as_record_list()) == candidates
            scored.drop_table_from_database_and_remove_from_cache(force_non_splink_table=True)

        calls = [partial(compare, place) for place in range(asked.num_rows)]
        for call in calls[:_WARM]:
            call()
        spent = timed(calls[_WARM:], plan.seconds)
        phases.append({"what": f"compare_records, one to {candidates}", "at_once": 1, **spent.told()})
    return phases


def _with_frequencies(splink: _Ready, table: str, most: int) -> pa.Table:
    columns, joins = ["r.*"], []
    for name, shares in splink.frequencies.items():
        columns.append(f'"{shares.physical_name}"."tf_{name}"')
        joins.append(f'LEFT JOIN "{shares.physical_name}" USING ("{name}")')
    told = f'SELECT {", ".join(columns)} FROM (SELECT * FROM "{table}" LIMIT {most}) AS r {" ".join(joins)}'
    return splink.api._con.sql(told).to_arrow_table()


def main(folder: str, plan: str) -> None:
    answer(peer(folder, plan))


if __name__ == "__main__":
    main(*sys.argv[1:])
