"""Splink beside our own engine: the two-class baseline, and the format that models are exchanged in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator

from identity.comparators import Nicknames
from identity.engines.filing import Filings
from identity.engines.generic import demote_generic_values
from identity.engines.links import links_told
from identity.engines.population import Population, populate
from identity.engines.splink_columns import compared, frame_of, splink_frame
from identity.engines.splink_settings import from_splink_settings, settings_digest, to_splink_settings
from identity.engines.splink_usual import ASSUMED_RECALL, Plan, plan_for, usual_frame
from identity.model.errors import ModelError
from identity.model.match import MatchModel, MatchRules
from identity.ports import Resolution, StageTimer
from identity.steps.normalise import feature_makers
from identity.workbench import workbench

__all__ = ["SplinkEngine", "from_splink_settings", "splink_frame", "to_splink_settings"]

_MATCH, _POSSIBLE = 0.95, 0.5
_SEED = 1969
_RANDOM_PAIRS = 1e6
_UNKNOWN_PRIOR = 1e-4
_SLIM = {"retain_matching_columns": False, "retain_intermediate_calculation_columns": False}


@dataclass(frozen=True, slots=True)
class _Found:
    """Splink's answer by places: a label per record, its links with their probabilities, and the pairs it compared."""

    labels: np.ndarray[Any, np.dtype[np.int32]]
    links: pa.Table
    candidate_pairs: int


@dataclass(frozen=True, slots=True)
class SplinkEngine:
    """Splink as its guides set it up: two classes, library comparisons, connected components at 0.95.

    It sees the same features as our own engine, generic values demoted by `rules` alike; nothing else of the rules
    counts. A given model replaces Splink's settings and training; `nicknames` are for its given names.
    """

    rules: MatchRules
    nicknames: Nicknames
    threads: int = 2
    memory: str = "3GB"

    def resolve(
        self,
        records: pa.Table,
        stages: StageTimer,
        model: MatchModel | None = None,
        verdicts: pa.Table | None = None,
        *,
        adaptable: bool = False,
    ) -> Resolution:
        """Return the clusters of `records`. The same records give the same answer, in whatever order they come.

        An `adaptable` model that lacks columns or has half the records gives way to Splink's own training.
        Raises ModelError E601 or E602 as every engine does, E614 for a model that holds no comparisons, and E615 for
        people's verdicts: connected components have no room for them.
        """
        if verdicts is not None and verdicts.num_rows:
            raise ModelError(
                "E615", "The baseline engine cannot keep people's decisions.", "Use the engine duckdb."
            )
        with stages.stage("normalise"):
            raw, population, generic = self._population(records, model)
            if model and adaptable and not _fits(model, population):
                model = None
        with workbench(self.threads, self.memory) as connection:
            api = DuckDBAPI(connection=connection)
            if model:
                table = api.register(self._exported(population, model))
                settings = to_splink_settings(model) | _SLIM
            else:
                plan = self._plan(population)
                table = api.register(usual_frame(population))
                with stages.stage("train"):
                    settings = _trained(table, plan)
            found = _found(_linker(table, settings), len(population), stages)
        return Resolution(
            clusters=population.keys.append_column("cluster", pa.array(found.labels)),
            links=_told(population, found.links),
            model=model or _summary(settings, self.rules, len(population)),
            trained_now=model is None,
            candidate_pairs=found.candidate_pairs,
            generic=generic,
            file=partial(Filings, population, raw),
        )

    def _population(
        self, records: pa.Table, model: MatchModel | None
    ) -> tuple[Population, Population, Mapping[str, tuple[str, ...]]]:
        rules = model.rules if model else self.rules
        raw = populate(records, feature_makers(rules.custom))
        return raw, *demote_generic_values(raw, rules.generic_limits)

    def _exported(self, population: Population, model: MatchModel) -> pa.Table:
        if not model.factors:
            raise ModelError(
                "E614",
                f"Model {model.version} is a summary of a Splink run and cannot be applied.",
                "Leave --model out, or name a model that `identity train` wrote.",
            )
        return frame_of(population, model, self.nicknames)

    def _plan(self, population: Population) -> Plan:
        plan = plan_for(population)
        if plan is None:
            raise ModelError(
                "E602",
                "These records have no column with values that could tell one person from another.",
                "Name at least one of given_name, family_name, birth_date, email, phone.",
            )
        return plan


def _fits(model: MatchModel, population: Population) -> bool:
    known = {comparison.name for comparison in compared(model)}
    return bool(known) and known <= set(population.columns) and len(population) < 2 * model.records


def _linker(table: Any, settings: SettingsCreator | dict[str, Any]) -> Linker:
    return Linker(table, settings, log_level=logging.CRITICAL)


def _trained(table: Any, plan: Plan) -> dict[str, Any]:
    """Return the settings after Splink's own training: prior by certain rules, u by random pairs, m by EM."""
    linker = _linker(table, plan.settings)
    if plan.certain:
        linker.training.estimate_probability_two_random_records_match(
            list(plan.certain), recall=ASSUMED_RECALL
        )
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED)
    for rule in plan.training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    settings: dict[str, Any] = _rounded(linker.misc.save_model_to_json())
    prior = settings["probability_two_random_records_match"]
    return settings | {"probability_two_random_records_match": prior or _UNKNOWN_PRIOR}


def _rounded(told: Any) -> Any:
    """Return `told` with numbers of nine digits: threads add up in any order, and the last digits show it."""
    if isinstance(told, dict):
        return {key: _rounded(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_rounded(value) for value in told]
    return float(f"{told:.9g}") if isinstance(told, float) else told


def _found(linker: Linker, records: int, stages: StageTimer) -> _Found:
    with stages.stage("block"):
        blocked = linker.inference.compute_blocked_pairs_for_predict().as_duckdbpyrelation()
        candidates = int(_fetched(blocked.aggregate("count(*) as pairs"))["pairs"][0].as_py())
    with stages.stage("compare"):
        predicted = linker.inference.predict(threshold_match_probability=_POSSIBLE)
    with stages.stage("cluster"):
        clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predicted, threshold_match_probability=_MATCH
        )
        members = _fetched(
            clustered.as_duckdbpyrelation().project("unique_id, cluster_id").order("unique_id")
        )
        links = _fetched(
            predicted.as_duckdbpyrelation()
            .project("unique_id_l, unique_id_r, match_weight, match_probability")
            .order("unique_id_l, unique_id_r")
        )
    labels = np.unique(members["cluster_id"].to_numpy(), return_inverse=True)[1].astype(np.int32)
    assert len(labels) == records
    return _Found(labels, links, candidates)


def _fetched(relation: Any) -> pa.Table:
    return relation.to_arrow_table()


def _told(population: Population, links: pa.Table) -> pa.Table:
    sides = np.sort(np.stack([links[f"unique_id_{side}"].to_numpy() for side in "lr"]), axis=0)
    sure = links["match_probability"].to_numpy() >= _MATCH
    every = np.ones(links.num_rows, np.bool_)
    return links_told(population.keys, sides[0], sides[1], links["match_weight"], sure, every)


def _summary(settings: dict[str, Any], rules: MatchRules, records: int) -> MatchModel:
    """Return what is told of a model that lives in Splink's settings: its version and prior, no factors."""
    return MatchModel(
        version=settings_digest(settings),
        rules=rules,
        factors=(),
        probabilities=(),
        prior_match=float(settings["probability_two_random_records_match"]),
        prior_household=_UNKNOWN_PRIOR / max(records, 1),
        exact_chance={},
        frequencies={},
        rarest={},
        records=records,
    )
