"""Candidate pairs of a population: all pairs inside small blocks, found by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.engines.pairs import distinct, pack
from identity.engines.population import ABSENT, Column, Population
from identity.model.match import BlockingKey
from identity.steps.block import Part

__all__ = ["KeyCodes", "candidate_pairs", "key_codes"]

KeyCodes = Mapping[str, NDArray[np.int64]]


def key_codes(population: Population, keys: Sequence[BlockingKey], parts: Mapping[str, Part]) -> KeyCodes:
    """Return per blocking key a code of its value for each record (ABSENT without one); absent features drop out."""
    derived: dict[str, Column] = {}
    for name in sorted({part for key in keys for part in key.parts}):
        feature, derive = parts[name]
        if feature in population.columns:
            derived[name] = population.columns[feature].derived(derive)
    return {key.name: _combined(key, derived) for key in keys if all(part in derived for part in key.parts)}


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
        # Densely numbered in between: three columns of a million values each would overflow 64 bits.
        packed = distinct(packed * (int(codes.max(initial=0)) + 1) + codes)[1].astype(np.int64)
    return np.where(missing, ABSENT, packed)


def _one_dictionary(columns: list[Column]) -> list[NDArray[np.int64]]:
    # Unordered parts are comparable only when equal texts have equal codes.
    places: dict[str, int] = {}
    shared = []
    for column in columns:
        recode = [places.setdefault(value, len(places)) for value in column.values]
        shared.append(np.array([*recode, ABSENT], np.int64)[column.codes])
    return shared


def candidate_pairs(
    codes: KeyCodes, keys: Sequence[BlockingKey], connection: duckdb.DuckDBPyConnection
) -> NDArray[np.int64]:
    """Return, packed and in order, the distinct pairs that share a block no larger than its key's cap."""
    filed = [key for key in keys if key.name in codes]
    if not filed:
        return np.empty(0, np.int64)
    columns = {key.name: _small_blocks(codes[key.name], key.cap) for key in filed}
    places = pa.array(np.arange(len(codes[filed[0].name]), dtype=np.int32))
    connection.register("filed", pa.table({"place": places, **columns}))
    found = connection.sql(_PAIRS.format(" union all ".join(map(_block, columns)))).to_arrow_table()
    connection.unregister("filed")
    return np.sort(pack(found["left_place"].to_numpy(), found["right_place"].to_numpy()))


def _small_blocks(codes: NDArray[np.int64], cap: int) -> pa.Array:
    """Return the codes of blocks that yield pairs; null for records in none or in one that is too large."""
    dense = distinct(codes)[1]
    sizes = np.bincount(dense)[dense]
    return pa.array(dense, mask=(codes == ABSENT) | (sizes > cap) | (sizes < 2))


def _block(name: str) -> str:
    return f'select list(place order by place) as members from filed where "{name}" is not null group by "{name}"'


# Many keys make the very same block: it is looked at once.
_PAIRS = """
    with block as (select distinct members from ({})),
    member as (
        select block, unnest(members) as place
        from (select row_number() over () as block, members from block)
    )
    select distinct l.place as left_place, r.place as right_place
    from member l join member r on l.block = r.block and l.place < r.place
"""
