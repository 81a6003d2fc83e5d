"""Candidate pairs of a population: small blocks, and small intersections of large blocks, found by DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.engines.pairs import distinct, pack
from identity.engines.population import ABSENT, Column, Population
from identity.model.match import BlockingKey, BlockingRules
from identity.steps.block import Part

__all__ = ["Candidates", "KeyCodes", "candidate_pairs", "key_codes"]

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


@dataclass(frozen=True, slots=True)
class Candidates:
    """Packed pairs in order, and the cap that intersections were held to."""

    packed: NDArray[np.int64]
    intersection_cap: int


def candidate_pairs(
    codes: KeyCodes, rules: BlockingRules, connection: duckdb.DuckDBPyConnection, cap: int | None = None
) -> Candidates:
    """Return the distinct pairs that some small block or small intersection of large blocks holds.

    The larger a population, the more intersections there are, and the less sharing one tells: unless `cap` says
    otherwise, intersections are held to the largest cap (at most `rules.intersection_cap`) that keeps the pairs
    per record within `rules.pairs_per_record`.
    """
    if not codes:
        return Candidates(np.empty(0, np.int64), cap or rules.intersection_cap)
    keys = [key for key in rules.keys if key.name in codes]
    filed, oversized = _filed(keys, codes)
    connection.register("filed", filed)
    selects = _blocks(keys, cap or rules.intersection_cap, oversized)
    connection.execute(_BLOCKS.format(" union all ".join(selects)))
    held = cap or _affordable_cap(connection, rules, filed.num_rows)
    found = connection.sql(_PAIRS, params={"cap": held}).to_arrow_table()
    connection.execute("drop table blocks")
    connection.unregister("filed")
    pairs = pack(found["left_place"].to_numpy(), found["right_place"].to_numpy())
    return Candidates(np.sort(pairs), held)


def _filed(
    keys: list[BlockingKey], codes: Mapping[str, NDArray[np.int64]]
) -> tuple[pa.Table, frozenset[str]]:
    """Return where each record is filed, small and large blocks apart, and which keys have large blocks at all."""
    columns = {"place": pa.array(np.arange(len(next(iter(codes.values()))), dtype=np.int32))}
    oversized = set()
    for key in keys:
        held, dense = codes[key.name] != ABSENT, _dense(codes[key.name])
        large = np.bincount(dense)[dense] > key.cap
        columns[f"small_{key.name}"] = pa.array(dense, mask=large | ~held)
        columns[f"large_{key.name}"] = pa.array(dense, mask=~large | ~held)
        if (large & held).any():
            oversized.add(key.name)
    return pa.table(columns), frozenset(oversized)


def _affordable_cap(connection: duckdb.DuckDBPyConnection, rules: BlockingRules, records: int) -> int:
    budget = rules.pairs_per_record * records - _one(connection, _SINGLE_PAIRS)
    spent = 0
    for size, pairs in connection.execute(_INTERSECTION_PAIRS).fetchall():
        spent += int(pairs)
        if spent > budget:
            return max(2, int(size) - 1)
    return rules.intersection_cap


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    (number,) = connection.execute(query).fetchall()[0]
    return int(number or 0)


# Many keys make the very same block: it is kept once, as a single key's if it is one.
_BLOCKS = """
    create temp table blocks as
    select members, min(intersection) as intersection, len(members) as size from ({}) group by members
"""

_SINGLE_PAIRS = "select sum(size * (size - 1) // 2) from blocks where intersection = 0"

_INTERSECTION_PAIRS = """
    select size, sum(size * (size - 1) // 2)::bigint from blocks where intersection = 1 group by size order by size
"""

_PAIRS = """
    with member as (
        select block, unnest(members) as place
        from (
            select row_number() over () as block, members from blocks where intersection = 0 or size <= $cap
        )
    )
    select distinct l.place as left_place, r.place as right_place
    from member l join member r on l.block = r.block and l.place < r.place
"""


def _dense(codes: NDArray[np.int64]) -> NDArray[np.int32]:
    return distinct(codes)[1]


def _blocks(keys: list[BlockingKey], intersection_cap: int, oversized: frozenset[str]) -> Iterator[str]:
    grouped = (
        "select list(place order by place) as members, {3} as intersection from filed"
        " where {0} group by {1} having count(*) between 2 and {2}"
    )
    for key in keys:
        column = f'"small_{key.name}"'
        yield grouped.format(f"{column} is not null", column, key.cap, 0)
    for first, second in combinations([key for key in keys if key.name in oversized], 2):
        if first.group != second.group:
            one, two = f'"large_{first.name}"', f'"large_{second.name}"'
            both = f"{one} is not null and {two} is not null"
            yield grouped.format(both, f"{one}, {two}", intersection_cap, 1)
