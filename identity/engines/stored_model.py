"""Between a frozen match model and the arrays that an engine works with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import orjson

from identity.engines.comparing import Comparing
from identity.engines.frequencies import Shares, shares_from
from identity.features.digests import digest
from identity.model.match import FactorProbabilities, MatchModel, MatchRules
from identity.steps.train import Chances, Prior, Trained

__all__ = ["Parameters", "model_of", "parameters_of"]


@dataclass(frozen=True, slots=True)
class Parameters:
    trained: Trained
    shares: Mapping[str, Shares]


def model_of(parameters: Parameters, rules: MatchRules, ready: Comparing, records: int) -> MatchModel:
    """Return `parameters` frozen under a version that is a digest of all of it: equal models have equal versions."""
    trained = parameters.trained
    probabilities = tuple(
        FactorProbabilities(tuple(match.tolist()), tuple(household.tolist()), tuple(random.tolist()))
        for match, household, random in zip(
            trained.match.by_factor, trained.household.by_factor, trained.random.by_factor, strict=True
        )
    )
    shares = {name: found for name, found in parameters.shares.items() if _uses(ready, name)}
    frequencies = {name: _common(ready, name, found) for name, found in shares.items()}
    content = (
        [[p.match, p.household, p.random] for p in probabilities],
        [trained.prior.match, trained.prior.household],
        {name: [found.chance, found.rarest] for name, found in sorted(shares.items())},
        {name: sorted(values.items()) for name, values in sorted(frequencies.items())},
    )
    return MatchModel(
        version="m" + hashlib.blake2b(orjson.dumps(content), digest_size=6).hexdigest(),
        rules=rules,
        factors=ready.factors,
        probabilities=probabilities,
        prior_match=trained.prior.match,
        prior_household=trained.prior.household,
        exact_chance={name: found.chance for name, found in shares.items()},
        frequencies=frequencies,
        rarest={name: found.rarest for name, found in shares.items()},
        records=records,
    )


def parameters_of(model: MatchModel, ready: Comparing) -> Parameters:
    """Return the arrays of `model` for the values of one population."""
    return Parameters(
        Trained(
            Chances(tuple(np.array(table.match) for table in model.probabilities)),
            Chances(tuple(np.array(table.household) for table in model.probabilities)),
            Chances(tuple(np.array(table.random) for table in model.probabilities)),
            Prior(model.prior_match, model.prior_household),
        ),
        {
            name: shares_from(
                ready.columns[name].column, stored, model.rarest[name], model.exact_chance[name]
            )
            for name, stored in model.frequencies.items()
        },
    )


def _uses(ready: Comparing, name: str) -> bool:
    return any(
        comparison.name == name and comparison.term_frequency
        for factor in ready.factors
        for comparison in factor.comparisons
    )


def _common(ready: Comparing, name: str, shares: Shares) -> dict[int, float]:
    """Return the shares of the values that more than one person holds, by digest; all others are the rarest."""
    values = ready.columns[name].column.values
    return {
        digest(values[code]): float(shares.by_value[code])
        for code in np.flatnonzero(shares.by_value > shares.rarest).tolist()
    }
