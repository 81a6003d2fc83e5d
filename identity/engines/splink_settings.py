"""Between a match model and Splink's settings: the JSON that Splink 4 and 5 save and open.

What crosses is the two-class part, Match against Random, with comparisons independent of each other. The Household
class has no place in Splink. A joint factor (location) crosses as its margins: each comparison's levels where nothing
else of the factor is known. Every comparison with term frequencies gets them, where our own weighing takes one per
factor; and where two spellings of a birth date are one, Splink takes the share of the more frequent one, we the
geometric mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from identity.engines.splink_columns import blocking_column, blocking_keys, compared
from identity.engines.splink_conditions import MISSING_LEVEL, Level, Swaps, levels_of
from identity.model.errors import ModelError
from identity.model.match import Comparison, Factor, FactorProbabilities, MatchModel, MatchRules
from identity.model.vocabulary import COMPARATOR_LEVELS
from identity.steps.train import at_home

__all__ = ["from_splink_settings", "margins", "settings_digest", "to_splink_settings"]

Floats = NDArray[np.float64]
Settings = dict[str, Any]

_NEVER = 1e-12
_HOUSEHOLD_SHARE = 0.5
_OURS = "Import settings that to_splink_settings wrote for these rules, or train anew: identity train."


def to_splink_settings(model: MatchModel) -> Settings:
    """Return `model` as Splink settings for the columns that `splink_frame` makes."""
    swaps = _swaps(model.rules, {comparison.name for comparison in compared(model)})
    return {
        "link_type": "dedupe_only",
        "sql_dialect": "duckdb",
        "unique_id_column_name": "unique_id",
        "additional_columns_to_retain": ["source", "source_record_id"],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "linker_uid": model.version,
        "probability_two_random_records_match": model.prior_match,
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f'l."{column}" = r."{column}"', "sql_dialect": "duckdb"}
            for column in map(blocking_column, blocking_keys(model))
        ],
        "comparisons": [_comparison(comparison, swaps, m, u) for comparison, m, u in margins(model)],
    }


def margins(model: MatchModel) -> Iterator[tuple[Comparison, Floats, Floats]]:
    """Yield each comparison with m and u of its levels, level 1 first; of a joint factor, the margins."""
    for factor, tables in zip(model.factors, model.probabilities, strict=True):
        for axis, comparison in enumerate(factor.comparisons):
            u = _margin(factor, tables.random, axis)
            chance = model.exact_chance.get(comparison.name)
            yield (
                comparison,
                _margin(factor, tables.match, axis),
                u if chance is None else _with_exact(u, chance),
            )


def _margin(factor: Factor, table: tuple[float, ...], axis: int) -> Floats:
    """Return the levels' chances where the factor knows nothing else."""
    cells = np.array(table).reshape(factor.sizes)
    return np.asarray(cells[tuple(slice(1, None) if at == axis else 0 for at in range(cells.ndim))])


def _with_exact(u: Floats, chance: float) -> Floats:
    # Equal values are rarer than a sample of random pairs can tell; their frequencies know.
    return np.concatenate(([chance], u[1:] / u[1:].sum() * (1 - chance)))


def _comparison(comparison: Comparison, swaps: Swaps, m: Floats, u: Floats) -> Settings:
    return {
        "output_column_name": comparison.name,
        "comparison_description": f"{comparison.name} by {comparison.comparator}",
        "comparison_levels": [_level(comparison, level, m, u) for level in levels_of(comparison, swaps)],
    }


def _level(comparison: Comparison, level: Level, m: Floats, u: Floats) -> Settings:
    told: Settings = {"sql_condition": level.condition, "label_for_charts": level.name}
    place = _place(comparison, level.name)
    if place is None or place + 1 in comparison.neutral:
        return told | {"is_null_level": True}
    told |= {"m_probability": float(m[place]), "u_probability": float(u[place])}
    if place == 0 and comparison.term_frequency:
        told |= {"tf_adjustment_column": comparison.name, "tf_adjustment_weight": 1.0}
        # Splink looks for a plain equality to take u from; two spellings of a date are equal too.
        told |= {"disable_tf_exact_match_detection": True}
    return told


def _place(comparison: Comparison, level: str) -> int | None:
    return None if level == MISSING_LEVEL else COMPARATOR_LEVELS[comparison.comparator].index(level)


def _swaps(rules: MatchRules, names: set[str]) -> Swaps:
    return rules.swaps if rules.swaps and set(rules.swaps) <= names else None


def from_splink_settings(settings: Settings, rules: MatchRules) -> MatchModel:
    """Return the model in `settings` that `to_splink_settings` wrote, perhaps trained further by Splink.

    Household starts where training starts it. The settings hold no term frequencies, so all values weigh alike.
    Raises ModelError E611 (a comparison that the rules do not have), E612 (other levels), E613 (not trained).
    """
    written = {_name(comparison): comparison for comparison in settings.get("comparisons", ())}
    known = {comparison.name: comparison for comparison in rules.comparisons}
    if unknown := next((name for name in written if name not in known), None):
        raise ModelError("E611", f"The rules have no comparison named {unknown!r}.", _OURS)
    if not written:
        raise ModelError("E611", "The settings have no comparisons.", _OURS)
    swaps = _swaps(rules, set(written))
    levels = {name: _probabilities(known[name], comparison, swaps) for name, comparison in written.items()}
    return _model(settings, rules, _factors([known[name] for name in known if name in written]), levels)


def _name(comparison: Settings) -> str:
    return str(comparison.get("output_column_name", ""))


def _probabilities(comparison: Comparison, written: Settings, swaps: Swaps) -> tuple[Floats, Floats]:
    expected = levels_of(comparison, swaps)
    found = written.get("comparison_levels", ())
    names = [level.name for level in expected]
    if [level.get("label_for_charts") for level in found] != names:
        raise ModelError("E612", f"The levels of {comparison.name} have to be {', '.join(names)}.", _OURS)
    m, u = (np.full(len(comparison.m_prior), _NEVER) for _ in range(2))
    for level in found:
        place = _place(comparison, level["label_for_charts"])
        if place is not None and not level.get("is_null_level"):
            m[place], u[place] = (
                _trained(comparison, level, kind) for kind in ("m_probability", "u_probability")
            )
    return m, u


def _trained(comparison: Comparison, level: Settings, kind: str) -> float:
    probability = level.get(kind)
    if not isinstance(probability, float | int) or not 0 < probability <= 1:
        where = f"{comparison.name}, level {level['label_for_charts']}"
        raise ModelError(
            "E613", f"{where}, has no {kind} between 0 and 1.", "Let Splink train every level first."
        )
    return max(float(probability), _NEVER)


def _factors(comparisons: list[Comparison]) -> tuple[Factor, ...]:
    groups: dict[str, list[Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault(comparison.joint or comparison.name, []).append(comparison)
    return tuple(
        Factor(name, tuple(members), tuple(len(comparison.m_prior) + 1 for comparison in members))
        for name, members in groups.items()
    )


def _model(
    settings: Settings,
    rules: MatchRules,
    factors: tuple[Factor, ...],
    levels: Mapping[str, tuple[Floats, Floats]],
) -> MatchModel:
    prior = settings.get("probability_two_random_records_match")
    if not isinstance(prior, float) or not 0 < prior < 0.5:
        raise ModelError(
            "E613", "The settings have no probability_two_random_records_match below one half.", _OURS
        )
    chances = {
        comparison.name: float(levels[comparison.name][1][0])
        for factor in factors
        for comparison in factor.comparisons
        if comparison.term_frequency
    }
    return MatchModel(
        version=settings_digest(settings),
        rules=rules,
        factors=factors,
        probabilities=tuple(_tables(factor, levels) for factor in factors),
        prior_match=prior,
        prior_household=prior * _HOUSEHOLD_SHARE,
        exact_chance=chances,
        frequencies={name: {} for name in chances},
        rarest=chances,
        records=0,
    )


def settings_digest(settings: Settings) -> str:
    """Return the version that a model made of `settings` has: equal settings, equal versions."""
    content = {key: value for key, value in settings.items() if key != "linker_uid"}
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return "splink-" + hashlib.blake2b(body, digest_size=6).hexdigest()


def _tables(factor: Factor, levels: Mapping[str, tuple[Floats, Floats]]) -> FactorProbabilities:
    match, random = (
        _product([levels[comparison.name][side] for comparison in factor.comparisons]) for side in (0, 1)
    )
    of_person = all(comparison.of_person for comparison in factor.comparisons)
    household = at_home(factor, random if of_person else (match + random) / 2, match)
    return FactorProbabilities(tuple(match.tolist()), tuple(household.tolist()), tuple(random.tolist()))


def _product(by_comparison: list[Floats]) -> Floats:
    cells = np.ones(1)
    for margin in by_comparison:
        cells = np.outer(cells, np.concatenate(([1.0], margin))).ravel()
    return cells
