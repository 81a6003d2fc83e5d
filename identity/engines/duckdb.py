"""The batch engine of one machine: a population's records in, clusters and links out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.comparators import Comparator, Nicknames, comparators
from identity.engines.blocking import candidate_pairs, key_codes
from identity.engines.comparing import Comparing, comparing
from identity.engines.coverage import Coverage, coverage
from identity.engines.filing import Filings
from identity.engines.generic import demote_generic_values
from identity.engines.links import links_told, refuse_lacking
from identity.engines.pairs import ScoredPairs, among, joined
from identity.engines.partitioning import (
    compared,
    decisions_among,
    partition,
    score,
    within_components,
)
from identity.engines.population import ABSENT, Column, Population, populate
from identity.engines.stored_model import Parameters, model_of, parameters_of
from identity.engines.training import careful_clusters, learn, value_shares
from identity.engines.weighing import Weighing, weighing
from identity.model.errors import ModelError
from identity.model.match import Factor, MatchModel, MatchRules
from identity.ports import Resolution, StageTimer
from identity.steps.block import blocking_parts
from identity.steps.normalise import feature_makers
from identity.workbench import workbench

__all__ = ["DuckDBEngine", "factors_for"]

_FEW = 20
_TRAIN = "Resolve without --model, and one is trained on the columns that are there."


@dataclass(frozen=True, slots=True)
class DuckDBEngine:
    """Blocks with DuckDB, compares distinct values with RapidFuzz, weighs and partitions in process.

    `memory` bounds what DuckDB may hold before it spills below `spill_directory` (empty: where temporary files lie).
    """

    rules: MatchRules
    nicknames: Nicknames
    threads: int = 2
    memory: str = "3GB"
    spill_directory: str = ""

    def resolve(
        self,
        records: pa.Table,
        stages: StageTimer,
        model: MatchModel | None = None,
        verdicts: pa.Table | None = None,
        *,
        adaptable: bool = False,
    ) -> Resolution:
        """Return the clusters of `records`; see `BatchEngine`.

        An `adaptable` model gives way when other columns are filled now or the population has doubled since it was
        trained. ModelError E601, E602.
        """
        with stages.stage("normalise"):
            raw, population, generic = self._population(records)
            if model and adaptable and not self._fits(model, population):
                model = None
            ready = self._ready(population, model)
            decisions = decisions_among(population, verdicts)
        with stages.stage("block"):
            packed = self._candidates(population)
        with stages.stage("compare"):
            candidates = compared(ready, packed)
        parameters, met = self._parameters(ready, candidates, population, model, stages)
        weights = weighing(parameters.trained, ready.factors, parameters.shares)
        threshold = self.rules.thresholds.match
        with stages.stage("decide"):
            # A pair below the review threshold counts only inside a component, and there it is weighed again.
            weighed = weights.weigh(ready, candidates, self.rules.thresholds.review)
            more = partial(_again, ready, weights, met)
            inside, labels = within_components(
                len(population), weighed, self.rules.partition, threshold, more, decisions
            )
        with stages.stage("cluster"):
            limited = self._limited(population)
            clusters = partition(
                inside, labels, self.rules.partition, threshold, decisions=decisions, identifiers=limited
            )
            links, blocked = _links(weighed, inside, self.rules.thresholds.review)
        return Resolution(
            clusters=population.keys.append_column("cluster", pa.array(clusters)),
            links=self._told(population, links, blocked),
            model=model or model_of(parameters, self.rules, ready, len(population)),
            trained_now=model is None,
            candidate_pairs=len(candidates),
            generic=generic,
            file=partial(Filings, population, raw),
        )

    def refresh(self, records: pa.Table, stages: StageTimer, model: MatchModel) -> MatchModel:
        """Return `model` with the frequencies of values as they are among `records` now; the same where they are.

        People are told apart as training does it: by plain mean linkage. ModelError E601.
        """
        with stages.stage("refresh"):
            _, population, _ = self._population(records)
            ready = self._ready(population, model)
            candidates = compared(ready, self._candidates(population))
            parameters = parameters_of(model, ready)
            weights = weighing(parameters.trained, ready.factors, parameters.shares)
            clusters = careful_clusters(ready, candidates, weights, len(population), self.rules)
            fresh = Parameters(parameters.trained, value_shares(ready, clusters))
            return model_of(fresh, self.rules, ready, len(population))

    def coverage(self, records: pa.Table) -> tuple[pa.Table, list[Coverage]]:
        """Return the keys of `records` in order (pairs are numbers of their places), and what each blocking key does.

        Nothing is compared. Values that are nobody's own file nobody, as in `resolve`.
        """
        _, population, _ = self._population(records)
        codes = key_codes(population, self.rules.blocking, blocking_parts(self.nicknames))
        return population.keys, coverage(codes, self.rules.blocking)

    def _limited(self, population: Population) -> dict[str, Column]:
        kinds = self.rules.partition.distinct_values
        return {kind: population.columns[kind] for kind in kinds if kind in population.columns}

    def _told(self, population: Population, links: ScoredPairs, blocked: NDArray[np.bool_]) -> pa.Table:
        matched = links.weights >= self.rules.thresholds.match
        return links_told(population.keys, links.left, links.right, links.weights, matched, blocked)

    def _population(self, records: pa.Table) -> tuple[Population, Population, dict[str, tuple[str, ...]]]:
        """Return the population as it is told, the same without its generic values, and those values."""
        raw = populate(records, feature_makers(self.rules.custom))
        return raw, *demote_generic_values(raw, self.rules.generic_limits)

    def _fits(self, model: MatchModel, population: Population) -> bool:
        return model.factors == factors_for(self.rules, population) and len(population) < 2 * model.records

    def _ready(self, population: Population, model: MatchModel | None) -> Comparing:
        factors = model.factors if model else factors_for(self.rules, population)
        refuse_lacking(factors, population.columns, _TRAIN)
        if not factors:
            raise ModelError(
                "E602",
                "These records have no column with values that could tell one person from another.",
                f"Name at least one of {', '.join(comparison.name for comparison in self.rules.comparisons)}.",
            )
        return comparing(population, factors, self._comparators(), self.rules.swaps)

    def _comparators(self) -> dict[str, Comparator]:
        return comparators(self.nicknames)

    def _candidates(self, population: Population) -> NDArray[np.int64]:
        codes = key_codes(population, self.rules.blocking, blocking_parts(self.nicknames))
        with workbench(self.threads, self.memory, self.spill_directory) as connection:
            return candidate_pairs(codes, self.rules.blocking, connection)

    def _parameters(
        self,
        ready: Comparing,
        candidates: ScoredPairs,
        population: Population,
        model: MatchModel | None,
        stages: StageTimer,
    ) -> tuple[Parameters, ScoredPairs]:
        if model:
            with stages.stage("weigh"):
                return parameters_of(model, ready), joined([])
        with stages.stage("train"):
            learnt = learn(ready, candidates, len(population), self.rules)
            return Parameters(learnt.trained, learnt.shares), learnt.met


def factors_for(rules: MatchRules, population: Population) -> tuple[Factor, ...]:
    """Return the factors that `population` has evidence for: a column that is absent or constant is none."""
    present = [
        comparison
        for comparison in rules.comparisons
        if comparison.name in population.columns and _tells(population, comparison.name)
    ]
    groups: dict[str, list[int]] = {}
    for at, comparison in enumerate(present):
        groups.setdefault(comparison.joint or comparison.name, []).append(at)
    return tuple(
        Factor(name, members, tuple(len(comparison.m_prior) + 1 for comparison in members))
        for name, members in ((name, tuple(present[at] for at in places)) for name, places in groups.items())
    )


def _tells(population: Population, name: str) -> bool:
    codes = population.columns[name].codes
    held = codes[codes != ABSENT]
    # Among a few records equal values are no sign of an empty column.
    return len(held) > 0 and bool(len(held) < _FEW or (held != held[0]).any())


def _again(ready: Comparing, weights: Weighing, met: ScoredPairs, missing: NDArray[np.int64]) -> ScoredPairs:
    """Return `missing` weighed, taking the patterns of those that were compared on the way."""
    known = met.where(among(met.packed, missing))
    rest = missing[~among(missing, np.sort(known.packed))]
    return weights.weigh(ready, known).and_also(score(ready, weights, rest))


def _links(weighed: ScoredPairs, inside: ScoredPairs, review: float) -> tuple[ScoredPairs, NDArray[np.bool_]]:
    """Return every pair at or above the review threshold, in key order, and which of them share a block."""
    outside = weighed.where(~among(weighed.packed, np.sort(inside.packed)))
    every = outside.and_also(inside)
    worth = every.where(every.weights >= review)
    order = np.argsort(worth.packed)
    links = ScoredPairs(worth.left[order], worth.right[order], worth.patterns[order], worth.weights[order])
    return links, among(links.packed, np.sort(weighed.packed))
