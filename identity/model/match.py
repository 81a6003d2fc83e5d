"""What a match is: the rules a retailer edits, and the model trained from them.

A `MatchModel` is Fellegi–Sunter with three classes of pairs: Match (one person), Household (relatives under one
roof) and Random (everybody else). Comparisons whose levels depend on each other share one factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from identity.model.evidence import MatchWeight

__all__ = [
    "BlockingKey",
    "Comparison",
    "Factor",
    "FactorProbabilities",
    "MatchModel",
    "MatchRules",
    "PartitionRules",
    "Thresholds",
]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One attribute compared: which comparator, what it is expected to say of one person's two records.

    `m_prior` are the probabilities of levels 1.. among matches that training starts from and is smoothed towards.
    Levels in `neutral` are no evidence either way. `of_person`: in a household this attribute is as random as
    chance (given name), otherwise it is free to agree. `alike_at_home` is the least share of households' pairs in
    which it is as alike as in one person's two records all the same (a son named after his father, twins).
    """

    name: str
    comparator: str
    m_prior: tuple[float, ...]
    of_person: bool = False
    term_frequency: bool = False
    joint: str = ""
    neutral: frozenset[int] = frozenset()
    alike_at_home: float = 0.0

    @property
    def chance_at_home(self) -> bool:
        """Whether housemates agree on it for no other reason than that the value is common."""
        return self.of_person and not self.alike_at_home

    def evidence(self, level: int) -> int:
        """Return `level`, or 0 where the rules say that it repeats what another comparison already tells."""
        return 0 if level in self.neutral else level


@dataclass(frozen=True, slots=True)
class BlockingKey:
    """A value under which records are filed to find candidates: parts derived from features, joined.

    The records filed under one value are a block. A block of at most `cap` records yields pairs, a larger one none.
    """

    name: str
    parts: tuple[str, ...]
    cap: int
    unordered: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Match weights at which a machine decides: match at or above `match`, a person looks from `review` up."""

    match: MatchWeight
    review: MatchWeight


@dataclass(frozen=True, slots=True)
class PartitionRules:
    """How links become clusters.

    `clip` bounds one link's say (bits); `unscored` is what a pair never compared counts as. The best link between
    two clusters has `best_share` of the say, divided by the size of the smaller one to the power of `best_fades`;
    the mean of all pairs has the rest. A component larger
    than `largest_component` is first cut at its weakest links. `distinct_values` bounds how many different values
    of an identifier one cluster may hold.
    """

    clip: float
    unscored: float
    best_share: float
    best_fades: float
    largest_component: int
    distinct_values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MatchRules:
    """Everything a retailer decides about matching. `generic_limits`: identifier → how many names may share a value.

    `custom` are the declared attributes beyond the canonical ones; they are compared as categories.
    """

    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingKey, ...]
    thresholds: Thresholds
    partition: PartitionRules
    generic_limits: Mapping[str, int]
    swaps: tuple[str, str] | None = None
    custom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Factor:
    """Comparisons that are weighed together: one, or several whose levels depend on each other.

    A cell of a factor numbers the combination of its comparisons' levels, the first one varying slowest.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    sizes: tuple[int, ...]

    @property
    def cells(self) -> int:
        """How many combinations of levels there are, 'missing' included."""
        product = 1
        for size in self.sizes:
            product *= size
        return product

    @property
    def alike_at_home(self) -> float:
        """The share of households' pairs that are as alike in this as two records of one person."""
        return max(comparison.alike_at_home for comparison in self.comparisons)


@dataclass(frozen=True, slots=True)
class FactorProbabilities:
    """P(cell | class, what is missing) for each class; a cell with everything missing has probability 1."""

    match: tuple[float, ...]
    household: tuple[float, ...]
    random: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MatchModel:
    """A trained model: frozen, versioned, the same for one pair in real time and for a hundred million in batch.

    `prior_match` and `prior_household` are shares of all pairs of a population of `records` records.
    `exact_chance` is the probability that two random values of a comparison are equal. `frequencies` holds, per
    comparison, the share of records with a value, by the value's digest, for values of two records or more;
    any other value has the share 1 / (number of records with a value), in `rarest`.
    """

    version: str
    rules: MatchRules
    factors: tuple[Factor, ...]
    probabilities: tuple[FactorProbabilities, ...]
    prior_match: float
    prior_household: float
    exact_chance: Mapping[str, float]
    frequencies: Mapping[str, Mapping[int, float]]
    rarest: Mapping[str, float]
    records: int
