"""compare: two normalised records and a model → a match weight that can be explained.

This is the specification of the match weight. The batch engines compute the same from tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from identity.comparators import MISSING, SWAPPED, Comparator, names
from identity.comparators.base import EXACT
from identity.features.digests import digest
from identity.model.evidence import CandidatePair, ComparisonVector, Contribution, MatchWeight, ScoredPair
from identity.model.match import Comparison, Factor, MatchModel
from identity.model.record import NormalisedRecord
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["cell", "compare", "levels"]


def compare(
    left: NormalisedRecord, right: NormalisedRecord, model: MatchModel, comparators: Mapping[str, Comparator]
) -> ScoredPair:
    """Return the scored pair: log2 odds of Match against Household or Random.

    Contributions come in the order of the model's factors, each what its factor moved the weight by; with the prior
    in front they sum to the match weight. Household and Random share the denominator, so a contribution depends on
    the ones before it.
    """
    left, right = sorted((left, right), key=lambda record: record.key)
    vector = levels(left, right, model, comparators)
    match = math.log2(model.prior_match)
    household = math.log2(model.prior_household)
    random = math.log2(1 - model.prior_match - model.prior_household)
    weight = match - _either(household, random)
    contributions = [Contribution("prior", "", MatchWeight(weight))]
    for at, factor in enumerate(model.factors):
        place = cell(factor, vector)
        table = model.probabilities[at]
        rarity, at_home = _rarity(factor, vector, left, right, model)
        match += math.log2(table.match[place])
        household += math.log2(table.household[place]) + (rarity if at_home else 0.0)
        random += math.log2(table.random[place]) + rarity
        moved = match - _either(household, random) - weight
        weight += moved
        contributions.append(Contribution(factor.name, _reading(factor, vector), MatchWeight(moved)))
    return ScoredPair(CandidatePair(left.key, right.key), MatchWeight(weight), tuple(contributions))


def levels(
    left: NormalisedRecord, right: NormalisedRecord, model: MatchModel, comparators: Mapping[str, Comparator]
) -> ComparisonVector:
    """Return the level each of the model's comparisons reaches."""
    ours, theirs = left.features, right.features
    reached = {}
    for factor in model.factors:
        for comparison in factor.comparisons:
            one, other = ours.get(comparison.name, ""), theirs.get(comparison.name, "")
            # Most values are missing or equal: only the rest is worth a call.
            if not one or not other:
                reached[comparison.name] = MISSING
            elif one == other:
                reached[comparison.name] = EXACT
            else:
                reached[comparison.name] = comparators[comparison.comparator].unequal(one, other)
    if model.rules.swaps and set(model.rules.swaps) <= set(reached):
        _mark_swap(reached, left, right, model.rules.swaps, comparators["family_name"].level)
    return ComparisonVector(reached)


def _mark_swap(
    reached: dict[str, int],
    left: NormalisedRecord,
    right: NormalisedRecord,
    swaps: tuple[str, str],
    level: Callable[[str, str], int],
) -> None:
    """Where the straight comparison disagrees but the crossed one agrees, say so once: as a swap of the names."""
    given, family = swaps
    straight = reached[given], reached[family]
    if straight[0] not in (MISSING, names.DIFFERENT) or straight[1] not in (MISSING, names.FAMILY_DIFFERENT):
        return
    one = level(left.features.get(given, ""), right.features.get(family, "")) in names.AGREEING
    other = level(right.features.get(given, ""), left.features.get(family, "")) in names.AGREEING
    if one and other:
        reached[given], reached[family] = SWAPPED, MISSING
    elif (one or other) and straight[1] == MISSING:
        reached[given], reached[family] = MISSING, names.FAMILY_FAIR


def cell(factor: Factor, vector: ComparisonVector) -> int:
    """Return the number of the combination of levels that a pair shows in a factor."""
    number = 0
    for comparison, size in zip(factor.comparisons, factor.sizes, strict=True):
        number = number * size + comparison.evidence(vector.levels[comparison.name])
    return number


def _rarity(
    factor: Factor,
    vector: ComparisonVector,
    left: NormalisedRecord,
    right: NormalisedRecord,
    model: MatchModel,
) -> tuple[float, bool]:
    """Return what the factor's first equal value adds to log2 u for being common, and whether at home too."""
    for comparison in factor.comparisons:
        level = comparison.evidence(vector.levels[comparison.name])
        if comparison.term_frequency and level == EXACT:
            chance = math.log2(model.exact_chance[comparison.name])
            ours = math.log2(_share(left, comparison, model)) - chance
            theirs = math.log2(_share(right, comparison, model)) - chance
            return (ours + theirs) / 2, comparison.chance_at_home
    return 0.0, False


def _share(record: NormalisedRecord, comparison: Comparison, model: MatchModel) -> float:
    number = digest(record.features[comparison.name])
    return model.frequencies[comparison.name].get(number, model.rarest[comparison.name])


def _either(household: float, random: float) -> float:
    """Return log2(2^household + 2^random)."""
    larger, smaller = max(household, random), min(household, random)
    return larger + math.log2(1 + 2 ** (smaller - larger))


def _reading(factor: Factor, vector: ComparisonVector) -> str:
    """Return the levels of a factor in words, such as "exact" or "address exact, city close"."""
    said = {
        comparison.name: COMPARATOR_LEVELS[comparison.comparator][level - 1] if level else "missing"
        for comparison in factor.comparisons
        for level in (vector.levels[comparison.name],)
    }
    return (
        next(iter(said.values()))
        if len(said) == 1
        else ", ".join(f"{name} {level}" for name, level in said.items())
    )
