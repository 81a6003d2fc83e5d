"""Candidate pairs of a population: small blocks, and small intersections of large blocks, found by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.engines.pairs import Pairs
from identity.engines.population import ABSENT, Column, Population
from identity.model.match import BlockingKey, BlockingRules
from identity.steps.block import Part

__all__ = ["KeyCodes", "candidate_pairs", "key_codes"]

KeyCodes = Mapping[str, NDArray[np.int64]]


def key_codes(population: Population, rules: BlockingRules, parts: Mapping[str, Part]) -> KeyCodes:
    """Return per blocking key a code of its value for each record (ABSENT without one); absent features drop out."""
    derived: dict[str, Column] = {}
    for name in sorted({part for key in rules.keys for part in key.parts}):
        feature, derive = parts[name]
        if feature in population.columns:
            derived[name] = population.columns[feature].derived(derive)
    return {
        key.name: _combined(key, derived) for key in rules.keys if all(part in derived for part in key.parts)
    }


def _combined(key: BlockingKey, derived: Mapping[str, Column]) -> NDArray[np.int64]:
    if len(key.parts) == 1:
        return derived[key.parts[0]].codes.astype(np.int64)
    columns = [derived[part] for part in key.parts]
    shared = (
        _one_dictionary(columns) if key.unordered else [column.codes.astype(np.int64) for column in columns]
    )
    missing = np.any([codes == ABSENT for codes in shared], axis=0)
    if key.unordered:
        shared = list(np.sort(np.stack(shared), axis=0))
    packed = np.zeros(len(missing), np.int64)
    for codes in shared:
        packed = packed * (int(codes.max(initial=0)) + 1) + codes
    return np.where(missing, ABSENT, packed)


def _one_dictionary(columns: list[Column]) -> list[NDArray[np.int64]]:
    # Unordered parts are comparable only when equal texts have equal codes.
    places: dict[str, int] = {}
    shared = []
    for column in columns:
        recode = [places.setdefault(value, len(places)) for value in column.values]
        shared.append(np.array([*recode, ABSENT], np.int64)[column.codes])
    return shared


def candidate_pairs(codes: KeyCodes, rules: BlockingRules, connection: duckdb.DuckDBPyConnection) -> Pairs:
    """Return the distinct pairs (left place < right place) that some small block or intersection holds."""
    keys = [key for key in rules.keys if key.name in codes]
    columns = {"place": pa.array(np.arange(len(next(iter(codes.values()))), dtype=np.int32))}
    oversized: dict[str, NDArray[np.int64]] = {}
    for key in keys:
        mine = codes[key.name]
        dense, sizes = _block_sizes(mine)
        small = (sizes[dense] <= key.cap) & (mine != ABSENT)
        large = (sizes[dense] > key.cap) & (mine != ABSENT)
        columns[f"small_{key.name}"] = pa.array(dense, mask=~small)
        columns[f"large_{key.name}"] = pa.array(dense, mask=~large)
        oversized[key.name] = large
    connection.register("filed", pa.table(columns))
    selects = list(
        _blocks(keys, rules.intersection_cap, {name for name, large in oversized.items() if large.any()})
    )
    connection.execute(
        "create or replace temp table blocks as select distinct members from ("
        + " union all ".join(selects)
        + ")"
    )
    found = connection.sql(_PAIRS).to_arrow_table()
    connection.execute("drop table blocks")
    connection.unregister("filed")
    return found["left_place"].to_numpy(), found["right_place"].to_numpy()


_PAIRS = """
    with member as (
        select block, unnest(members) as place
        from (select row_number() over () as block, members from blocks)
    )
    select distinct l.place as left_place, r.place as right_place
    from member l join member r on l.block = r.block and l.place < r.place
"""


def _block_sizes(codes: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    _, dense, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    return dense.astype(np.int32), sizes


def _blocks(keys: list[BlockingKey], intersection_cap: int, oversized: set[str]) -> Iterator[str]:
    grouped = (
        "select list(place order by place) as members from filed"
        " where {0} group by {1} having count(*) between 2 and {2}"
    )
    for key in keys:
        column = f'"small_{key.name}"'
        yield grouped.format(f"{column} is not null", column, key.cap)
    for first, second in combinations([key for key in keys if key.name in oversized], 2):
        if first.group != second.group:
            one, two = f'"large_{first.name}"', f'"large_{second.name}"'
            yield grouped.format(
                f"{one} is not null and {two} is not null", f"{one}, {two}", intersection_cap
            )
