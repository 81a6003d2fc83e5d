"""What a model has learnt, in tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from identity.bootstrap import STARTER, Service, Settings
from identity.engines.stages import Stages
from identity.face.tables import Records, settings_of, taken
from identity.features.digests import digest
from identity.model.match import Factor, MatchModel
from identity.model.vocabulary import COMPARATOR_LEVELS
from identity.steps.train import pair_space
from matching_rules.model_file import load_model as _load_model
from matching_rules.model_file import save_model

__all__ = [
    "load_model",
    "matches_per_record",
    "parameters",
    "rarity",
    "save_model",
    "starter_model",
    "train",
]


def train(records: Records, *, source: str | None = None, rules: Path | None = None) -> MatchModel:
    """Return a model learnt from `records` alone, without labels; the same records give the same model."""
    service = Service(settings_of(rules))
    intake = taken(service, records, source)
    return service.batch_engine.resolve(service.workshop_columns(intake.records), Stages()).model


def load_model(file: Path | str, rules: Path | None = None) -> MatchModel:
    """Return the model that `save_model` or `identity train` wrote. FileError, ModelError by number."""
    return _load_model(Path(file), Service(settings_of(rules)).match_rules)


def starter_model() -> MatchModel:
    """Return the model that an empty database begins with, trained on made-up people."""
    return load_model(Settings().rules / STARTER)


def matches_per_record(model: MatchModel) -> float:
    """Return how many matches training estimates, by record."""
    return model.prior_match * pair_space(model.records) / max(model.records, 1)


def parameters(model: MatchModel) -> pa.Table:
    """Return what the model has learnt, a row per level of a comparison.

    comparison, level, m_probability (of pairs of one person), h_probability (of housemates), u_probability (of
    strangers), match_weight (log2 m/u: bits that the level alone tells against strangers). Of comparisons that are
    weighed together, each row is the level's own share, where the others are missing. Levels that the rules call
    neutral are no evidence, and not among them.
    """
    return pa.Table.from_pylist([row for at in range(len(model.factors)) for row in _rows(model, at)])


def rarity(model: MatchModel, comparison: str, feature: str) -> float:
    """Return the bits by which agreeing on this value tells more (+) or less (−) than agreeing on any.

    `feature` is the value as normalised. KeyError for a comparison without frequencies.
    """
    share = model.frequencies[comparison].get(digest(feature), model.rarest[comparison])
    return math.log2(model.exact_chance[comparison]) - math.log2(share)


def _rows(model: MatchModel, at: int) -> Iterator[dict[str, Any]]:
    factor, table = model.factors[at], model.probabilities[at]
    for axis, comparison in enumerate(factor.comparisons):
        chances = [_alone(factor, axis, by) for by in (table.match, table.household, table.random)]
        levels = COMPARATOR_LEVELS[comparison.comparator]
        told = [number for number in range(1, factor.sizes[axis]) if number not in comparison.neutral]
        for number, level in ((number, levels[number - 1]) for number in told):
            m, h, u = (float(chance[number]) for chance in chances)
            yield {
                "comparison": comparison.name,
                "level": level,
                "m_probability": m,
                "h_probability": h,
                "u_probability": u,
                "match_weight": math.log2(m / u),
            }


def _alone(factor: Factor, axis: int, told: tuple[float, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a comparison's chances where all others of its factor are missing."""
    cells = np.array(told, np.float64).reshape(factor.sizes)
    return cells[tuple(slice(None) if other == axis else 0 for other in range(len(factor.sizes)))]
