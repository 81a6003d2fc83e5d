"""train: counts of comparison patterns → the parameters of a match model. No labels, no record ever seen twice.

Expectation–maximisation of a three-class mixture over the whole pair space (Fellegi and Sunter 1969; Winkler
1988). Candidate pairs are weighted as themselves; all pairs that were never blocked count as Random, so that the
prior is learnt instead of assumed. Only distinct patterns are iterated over: the cost does not grow with the
population.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from identity.model.match import Factor

__all__ = [
    "STRANGERS",
    "Chances",
    "PatternCounts",
    "Prior",
    "Trained",
    "at_home",
    "of_person",
    "pair_space",
    "random_chances",
    "reestimate",
    "train",
]

Floats = NDArray[np.float64]

STRENGTH = 30.0
"""Weight of the prior means of m and h, in pairs."""
STRANGERS = 100
"""A file of ten customers is a sample of a larger world: so many people are taken to be in it who share nothing."""
_RANDOM_STRENGTH = 5.0
_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class PatternCounts:
    """Distinct patterns: `cells[factor]` is each pattern's cell in that factor, `counts` how many pairs show it."""

    cells: tuple[NDArray[np.int64], ...]
    counts: Floats
    total_pairs: float


@dataclass(frozen=True, slots=True)
class Chances:
    """P(cell | class, what is missing) by factor."""

    by_factor: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Prior:
    """Shares of all pairs."""

    match: float
    household: float


@dataclass(frozen=True, slots=True)
class Trained:
    match: Chances
    household: Chances
    random: Chances
    prior: Prior


def train(patterns: PatternCounts, random: Chances, factors: Sequence[Factor], records: int) -> Trained:
    """Return the parameters that best explain `patterns`, starting from the rules' expectations."""
    m_mean = Chances(tuple(_product(_priors(factor)) for factor in factors))
    h_mean = _household_start(m_mean, random, factors)
    model = Trained(
        m_mean,
        h_mean,
        random,
        _prior(0.5 * records, 0.25 * records, patterns.total_pairs),
    )
    for _ in range(_ROUNDS):
        model = _step(model, patterns, factors, m_mean, h_mean)
    return model


def _step(
    model: Trained, patterns: PatternCounts, factors: Sequence[Factor], m_mean: Chances, h_mean: Chances
) -> Trained:
    match, household = responsibilities(model, patterns)
    weights = patterns.counts * match, patterns.counts * household
    prior = _prior(float(weights[0].sum()), float(weights[1].sum()), patterns.total_pairs)
    m = tuple(
        _estimate(factor, cells, weights[0], mean, STRENGTH)
        for factor, cells, mean in zip(factors, patterns.cells, m_mean.by_factor, strict=True)
    )
    h = tuple(
        at_home(factor, u if of_person(factor) else _estimate(factor, cells, weights[1], mean, STRENGTH), one)
        for factor, cells, mean, u, one in zip(
            factors, patterns.cells, h_mean.by_factor, model.random.by_factor, m, strict=True
        )
    )
    return replace(model, match=Chances(m), household=Chances(h), prior=prior)


def responsibilities(model: Trained, patterns: PatternCounts) -> tuple[Floats, Floats]:
    """Return per pattern P(Match) and P(Household)."""
    logs = [
        np.log(share) + _log_likelihood(chances, patterns)
        for share, chances in (
            (model.prior.match, model.match),
            (model.prior.household, model.household),
            (1 - model.prior.match - model.prior.household, model.random),
        )
    ]
    top = np.maximum.reduce(logs)
    match, household, random = (np.exp(log - top) for log in logs)
    everything = match + household + random
    return match / everything, household / everything


def _log_likelihood(chances: Chances, patterns: PatternCounts) -> Floats:
    total = np.zeros(len(patterns.counts))
    for table, cells in zip(chances.by_factor, patterns.cells, strict=True):
        total += np.log(table)[cells]
    return total


def reestimate(model: Trained, inside: PatternCounts, factors: Sequence[Factor]) -> Trained:
    """Return `model` with m and the prior of matches re-estimated from the pairs inside the clusters found.

    What a household explains as well must not teach m: father and son in one cluster would make birth dates vary.
    """
    m_mean = Chances(tuple(_product(_priors(factor)) for factor in factors))
    match, household = responsibilities(model, inside)
    weights = inside.counts * match / (match + household)
    m = tuple(
        _estimate(factor, cells, weights, mean, STRENGTH)
        for factor, cells, mean in zip(factors, inside.cells, m_mean.by_factor, strict=True)
    )
    prior = _prior(float(inside.counts.sum()), model.prior.household * inside.total_pairs, inside.total_pairs)
    return replace(model, match=Chances(m), prior=prior)


def pair_space(records: int) -> float:
    """Return how many pairs a population of `records` stands for: its own, and each record's with the strangers."""
    return records * (records - 1) / 2 + records * STRANGERS


def _prior(match: float, household: float, total_pairs: float) -> Prior:
    return Prior(max(match, 1.0) / total_pairs, max(household, 1.0) / total_pairs)


def random_chances(factor: Factor, sampled: NDArray[np.int64], exact: Sequence[float]) -> Floats:
    """Return P(cell | Random) from the cells of randomly drawn pairs.

    `exact` is, per comparison, the chance that two values are equal, known from their frequencies: too rare to be
    seen in a sample. Unseen cells keep the product of their margins.
    """
    counts = np.bincount(sampled, minlength=factor.cells).reshape(factor.sizes).astype(np.float64)
    margins = []
    for axis, (size, chance) in enumerate(zip(factor.sizes, exact, strict=True)):
        seen = counts.sum(axis=tuple(other for other in range(len(factor.sizes)) if other != axis))[1:]
        seen[0] = 0.0
        fuzzy = (seen + 0.5) / (seen.sum() + 0.5 * (size - 1))
        fuzzy[0] = 0.0
        margins.append(np.concatenate(([chance], fuzzy[1:] / fuzzy.sum() * (1 - chance))))
    if len(factor.sizes) == 1:
        return np.concatenate(([1.0], margins[0]))
    return _smoothed(factor, counts.ravel(), _product(margins), _RANDOM_STRENGTH)


def at_home(factor: Factor, usual: Floats, match: Floats) -> Floats:
    """Return P(cell | Household): as is `usual` there, but in some pairs as alike as records of one person.

    So no factor can rule a household out by more than log2(1 / alike_at_home) bits.
    """
    return (1 - factor.alike_at_home) * usual + factor.alike_at_home * match


def of_person(factor: Factor) -> bool:
    """Say whether a factor is about one person alone, so that housemates agree on it by chance only."""
    return all(comparison.of_person for comparison in factor.comparisons)


def _priors(factor: Factor) -> list[Floats]:
    return [
        np.maximum(comparison.m_prior, 1e-9) / sum(comparison.m_prior) for comparison in factor.comparisons
    ]


def _product(margins: Sequence[Floats]) -> Floats:
    """Return the cell chances of independent comparisons; a missing one has chance 1."""
    cells = np.ones(1)
    for margin in margins:
        cells = np.outer(cells, np.concatenate(([1.0], margin))).ravel()
    return cells


def _household_start(match: Chances, random: Chances, factors: Sequence[Factor]) -> Chances:
    return Chances(
        tuple(
            at_home(
                factor,
                u if of_person(factor) else _smoothed(factor, np.zeros(factor.cells), (m + u) / 2, 1.0),
                m,
            )
            for factor, m, u in zip(factors, match.by_factor, random.by_factor, strict=True)
        )
    )


def _estimate(
    factor: Factor, cells: NDArray[np.int64], weights: Floats, mean: Floats, strength: float
) -> Floats:
    counts: Floats = np.bincount(cells, weights, minlength=factor.cells).astype(np.float64)
    if len(factor.sizes) == 1:
        return _smoothed(factor, counts, mean, strength)
    return _smoothed(factor, counts, _product(_margins(factor, counts, mean, strength)), strength)


def _margins(factor: Factor, counts: Floats, mean: Floats, strength: float) -> list[Floats]:
    """Return each comparison's own distribution over its present levels, smoothed towards that of `mean`."""
    margins = []
    for axis in range(len(factor.sizes)):
        others = tuple(other for other in range(len(factor.sizes)) if other != axis)
        # Where the others are missing, the mean's cells are this comparison's own margin.
        alone = mean.reshape(factor.sizes)[
            tuple(slice(1, None) if at == axis else 0 for at in range(len(factor.sizes)))
        ]
        seen = counts.reshape(factor.sizes).sum(axis=others)[1:] + strength * alone
        margins.append(seen / seen.sum())
    return margins


def _smoothed(factor: Factor, counts: Floats, mean: Floats, strength: float) -> Floats:
    """Return (counts + strength × mean), normalised within each pattern of missing comparisons."""
    group = _missing_pattern(factor)
    blended = counts + strength * mean / np.bincount(group, mean)[group]
    return np.maximum(blended / np.bincount(group, blended)[group], 1e-12)


def _missing_pattern(factor: Factor) -> NDArray[np.int64]:
    """Return per cell which of its comparisons are present, as bits."""
    levels = np.unravel_index(np.arange(factor.cells), factor.sizes)
    return np.asarray(sum((level > 0).astype(np.int64) << at for at, level in enumerate(levels)))
