"""Values that many differently named people share are nobody's: a store's phone, a cashier's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from identity.engines.population import ABSENT, Column, Population

__all__ = ["demote_generic_values", "names_per_value"]


def demote_generic_values(
    population: Population, limits: Mapping[str, int]
) -> tuple[Population, dict[str, tuple[str, ...]]]:
    """Return the population without its generic values, and those values by feature.

    A value is generic when records of more than `limits[feature]` different names hold it. What one population
    holds decides, so the order of arrival does not matter.
    """
    columns, generic = dict(population.columns), {}
    for feature, limit in limits.items():
        if feature in columns and {"given_name", "family_name"} <= set(columns):
            banned = names_per_value(columns[feature], columns["given_name"], columns["family_name"]) > limit
            if banned.any():
                values = columns[feature].values
                generic[feature] = tuple(sorted(values[code] for code in np.flatnonzero(banned).tolist()))
                columns[feature] = columns[feature].without(banned)
    return replace(population, columns=columns), generic


def names_per_value(column: Column, given: Column, family: Column) -> NDArray[np.int64]:
    """Return per value of `column` how many different (given initial, family name) its records have.

    Initials, because one person's given name is spelled in many ways.
    """
    initial = given.derived(lambda name: name[:1])
    named = (column.codes != ABSENT) & (family.codes != ABSENT) & (initial.codes != ABSENT)
    held = column.codes[named].astype(np.int64)
    name = family.codes[named].astype(np.int64) * len(initial.values) + initial.codes[named]
    distinct = np.unique(np.stack((held, name)), axis=1)[0] if len(held) else held
    return np.bincount(distinct, minlength=len(column.values))
