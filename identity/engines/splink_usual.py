"""What Splink's own guides would set up for customer records: comparisons, blocking rules and training, by column.

One comparison per attribute out of Splink's library; address, postcode and city share one, because they depend on each
other. A blocking rule is taken when the columns are there and it does not yield too many pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from identity.engines.population import ABSENT, Population
from identity.engines.splink_columns import texts

__all__ = ["ASSUMED_RECALL", "Plan", "plan_for", "usual_frame"]

Rule = tuple[str, ...]

ASSUMED_RECALL = 0.7
"""What share of all matches the certain rules are taken to find."""

_PAIRS_PER_RECORD = 10
_FEW_PAIRS = 20
_PLACES = ("address", "postcode", "city")
_COMPARISONS: Mapping[str, Callable[[str], Any]] = {
    "given_name": cl.NameComparison,
    "family_name": cl.NameComparison,
    "birth_date": lambda name: cl.DateOfBirthComparison(name, input_is_string=True),
    "email": cl.EmailComparison,
    "phone": lambda name: cl.LevenshteinAtThresholds(name, [1, 2]).configure(term_frequency_adjustments=True),
    "tax_id": cl.LevenshteinAtThresholds,
    "loyalty_id": cl.LevenshteinAtThresholds,
    "gender": cl.ExactMatch,
}
_BLOCKING: tuple[Rule, ...] = (
    ("email",),
    ("phone",),
    ("tax_id",),
    ("loyalty_id",),
    ("given_name", "family_name"),
    ("family_name", "birth_date"),
    ("given_name", "birth_date"),
    ("birth_date", "postcode"),
    ("birth_date", "city"),
    ("given_name", "postcode"),
    ("given_name", "city"),
    ("family_name", "postcode"),
    ("family_name", "city"),
    ("address",),
    ("birth_date",),
    ("family_name",),
)
_CERTAIN: tuple[Rule, ...] = (
    ("email",),
    ("given_name", "family_name", "birth_date"),
    ("given_name", "phone"),
    ("tax_id",),
    ("loyalty_id",),
)
_TRAINING: tuple[Rule, ...] = (
    ("given_name", "family_name"),
    ("birth_date",),
    ("email",),
    ("postcode",),
    ("city",),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings to begin with, rules whose pairs are almost surely matches, and rules to train m within."""

    settings: SettingsCreator
    certain: tuple[Any, ...]
    training: tuple[Any, ...]


def plan_for(population: Population) -> Plan | None:
    """Return what Splink needs to resolve `population`, or nothing when no column tells one person from another."""
    names = [name for name in (*_COMPARISONS, *_PLACES) if _tells(population, name)]
    comparisons = [_COMPARISONS[name](name) for name in names if name in _COMPARISONS]
    places = [name for name in _PLACES if name in names]
    if places:
        comparisons.append(_location(places))
    if not comparisons:
        return None
    pairs = {
        rule: _pairs(population, rule)
        for rule in (*_BLOCKING, *_CERTAIN, *_TRAINING)
        if set(rule) <= set(names)
    }
    most = _PAIRS_PER_RECORD * len(population)
    usable = [rule for rule in _BLOCKING if rule in pairs and pairs[rule] <= most]
    # Where everything is common, the rarest thing shared is still the way to find pairs.
    usable = usable or sorted(pairs, key=lambda rule: pairs[rule])[:1] or [(names[0],)]
    compared = len(comparisons)
    training = [rule for rule in _TRAINING if _trains(rule, pairs, most, compared)]
    return Plan(
        SettingsCreator(
            link_type="dedupe_only",
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=list(_blocks(usable)),
            retain_matching_columns=False,
            linker_uid="usual",
        ),
        _blocks(_certain(pairs, most, len(population))),
        _blocks(training[:2]),
    )


def usual_frame(population: Population) -> pa.Table:
    """Return the columns that usual settings compare, with `unique_id` the place of a record in key order."""
    columns = {"unique_id": pa.array(np.arange(len(population), dtype=np.int64))}
    for name in (*_COMPARISONS, *_PLACES):
        if name in population.columns:
            column = population.columns[name]
            columns[name] = texts(column.derived(_iso) if name == "birth_date" else column)
    return pa.table(columns)


def _iso(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}"


def _location(places: Sequence[str]) -> Any:
    missing = [cll.NullLevel(name) for name in places]
    levels: list[Any] = [cll.And(*missing) if len(missing) > 1 else missing[0]]
    for name in places:
        levels.append(cll.ExactMatchLevel(name, term_frequency_adjustments=True))
        if name == "address":
            levels.append(cll.JaroWinklerLevel(name, 0.9))
    return cl.CustomComparison(comparison_levels=[*levels, cll.ElseLevel()], output_column_name="location")


def _tells(population: Population, name: str) -> bool:
    column = population.columns.get(name)
    return column is not None and len(np.unique(column.codes[column.codes != ABSENT])) > 1


def _trains(rule: Rule, pairs: Mapping[Rule, int], most: int, compared: int) -> bool:
    # What a rule holds equal cannot be learnt within it.
    return _FEW_PAIRS <= pairs.get(rule, 0) <= most and compared > len(rule)


def _certain(pairs: Mapping[Rule, int], most: int, records: int) -> list[Rule]:
    certain = [rule for rule in _CERTAIN if 0 < pairs.get(rule, 0) <= most]
    # Where almost every pair would be a match, Splink refuses the estimate.
    found = sum(pairs[rule] for rule in certain)
    return certain if found <= ASSUMED_RECALL * records * (records - 1) / 2 else []


def _blocks(rules: Sequence[Rule]) -> tuple[Any, ...]:
    return tuple(block_on(*rule) for rule in rules)


def _pairs(population: Population, rule: Rule) -> int:
    """Return how many pairs of records agree on all columns of `rule`."""
    codes = [population.columns[name].codes for name in rule]
    held = np.all([code != ABSENT for code in codes], axis=0)
    packed = np.zeros(int(held.sum()), np.int64)
    for name, code in zip(rule, codes, strict=True):
        packed = packed * len(population.columns[name].values) + code[held]
    sizes = np.unique(packed, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())
