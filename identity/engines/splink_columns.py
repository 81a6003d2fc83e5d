"""Records as the table that exported settings refer to: features, what derives from them, frequencies, blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.comparators import Nicknames
from identity.comparators.emails import PUBLIC_PROVIDERS
from identity.engines.blocking import key_codes
from identity.engines.frequencies import shares_from
from identity.engines.generic import demote_generic_values
from identity.engines.population import ABSENT, Column, Population, populate
from identity.model.errors import ModelError
from identity.model.match import BlockingKey, Comparison, MatchModel
from identity.steps.block import blocking_parts
from identity.steps.normalise import feature_makers

__all__ = ["blocking_column", "blocking_keys", "compared", "frame_of", "splink_frame", "texts"]

_LONGEST_STREET = 60
Derived = tuple[str, Callable[[str], Any], pa.DataType]


def compared(model: MatchModel) -> tuple[Comparison, ...]:
    """Return the comparisons of `model` in the order of its factors."""
    return tuple(comparison for factor in model.factors for comparison in factor.comparisons)


def blocking_keys(model: MatchModel) -> tuple[BlockingKey, ...]:
    """Return the blocking keys that need no feature but those the model compares."""
    parts, names = blocking_parts(Nicknames.of(())), {comparison.name for comparison in compared(model)}
    return tuple(key for key in model.rules.blocking if all(parts[part][0] in names for part in key.parts))


def blocking_column(key: BlockingKey) -> str:
    """Return the name of the column that files records under `key`."""
    return f"block_{key.name}"


def splink_frame(records: pa.Table, model: MatchModel, nicknames: Nicknames) -> pa.Table:
    """Return `records` with exactly the columns that `to_splink_settings(model)` refers to, in key order.

    `unique_id` is the place of a record in key order. `tf_…` are the model's own term frequencies, which Splink takes
    before any it would compute. `block_…` is null where the rules call a block too large to yield pairs. The key of a
    street is cut at 60 letters. Raises ModelError E601 when records lack what the model compares.
    """
    population = populate(records, feature_makers(model.rules.custom))
    return frame_of(demote_generic_values(population, model.rules.generic_limits)[0], model, nicknames)


def frame_of(population: Population, model: MatchModel, nicknames: Nicknames) -> pa.Table:
    """Return the same of records whose features are made."""
    columns: dict[str, pa.Array] = {"unique_id": pa.array(np.arange(len(population), dtype=np.int64))}
    columns |= {name: population.keys[name] for name in population.keys.column_names}
    for comparison in compared(model):
        columns |= _columns(comparison, _column(population, comparison.name), model, nicknames)
    columns |= dict(_blocks(population, model, nicknames))
    return pa.table(columns)


def texts(column: Column) -> pa.Array:
    """Return a column's values record by record, null where absent."""
    return _each(column, lambda value: value, pa.string())


def _column(population: Population, name: str) -> Column:
    if name not in population.columns:
        raise ModelError(
            "E601",
            f"The model compares {name}, which these records do not have.",
            "Resolve without --model, and one is trained on the columns that are there.",
        )
    return population.columns[name]


def _columns(
    comparison: Comparison, column: Column, model: MatchModel, nicknames: Nicknames
) -> Iterator[tuple[str, pa.Array]]:
    name = comparison.name
    yield name, texts(column)
    for suffix, derive, kind in _derived(nicknames).get(comparison.comparator, ()):
        yield f"{name}_{suffix}", _each(column, derive, kind)
    if comparison.term_frequency:
        shares = shares_from(column, model.frequencies[name], model.rarest[name], model.exact_chance[name])
        yield f"tf_{name}", _taken(pa.array(shares.by_value, pa.float64()), column)


def _blocks(
    population: Population, model: MatchModel, nicknames: Nicknames
) -> Iterator[tuple[str, pa.Array]]:
    codes = key_codes(population, model.rules.blocking, blocking_parts(nicknames))
    for key in blocking_keys(model):
        yield blocking_column(key), _small(codes[key.name], key.cap)


def _small(codes: NDArray[np.int64], cap: int) -> pa.Array:
    _, block, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    return pa.array(block.astype(np.int64), mask=(codes == ABSENT) | (sizes[block] > cap))


def _each(column: Column, derive: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    return _taken(pa.array([derive(value) if value else None for value in column.values], kind), column)


def _taken(of_values: pa.Array, column: Column) -> pa.Array:
    return of_values.take(pa.array(column.codes, mask=column.codes == ABSENT))


def _derived(nicknames: Nicknames) -> Mapping[str, tuple[Derived, ...]]:
    """Return per comparator what its conditions need besides the feature: suffix, function, type."""
    words = pa.list_(pa.string())
    return {
        "given_name": (
            ("nicknames", lambda name: sorted(nicknames.groups.get(name, ())), pa.list_(pa.int32())),
        ),
        "family_name": (("parts", lambda name: [part for part in name.split() if len(part) > 2], words),),
        "birth_date": (
            ("digits", lambda date: date[:8].ljust(8, "0"), pa.string()),
            ("ambiguous", lambda date: len(date) > 8, pa.bool_()),
        ),
        "email": (
            ("local", lambda email: email.rpartition("@")[0], pa.string()),
            ("public", lambda email: email.rpartition("@")[2] in PUBLIC_PROVIDERS, pa.bool_()),
        ),
        "address": (
            ("house", lambda address: address.partition("|")[0] or None, pa.string()),
            ("street_key", _street_key, pa.string()),
            ("letters", lambda address: _places(_street_key(address)), pa.map_(pa.string(), pa.int64())),
        ),
        "city": (("words", lambda city: [word for word in city.split() if len(word) > 3], words),),
    }


def _street_key(address: str) -> str:
    return "".join(sorted(address.partition("|")[2].split()))[:_LONGEST_STREET]


def _places(text: str) -> list[tuple[str, int]]:
    """Return each letter with its places in `text`, as bits."""
    return [
        (letter, sum(1 << at for at, other in enumerate(text) if other == letter))
        for letter in sorted(set(text))
    ]
