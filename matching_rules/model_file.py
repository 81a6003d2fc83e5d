"""A trained model as JSON and back. It holds no personal data: values stand in it as 64-bit digests.

E605  not a model file                             E606  of a format this version does not read
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from identity.model.errors import FileError, ModelError
from identity.model.match import Comparison, Factor, FactorProbabilities, MatchModel, MatchRules
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["load_model", "model_from_json", "model_to_json", "save_model"]

_FORMAT = 1


def model_to_json(model: MatchModel) -> bytes:
    """Return the model as JSON with sorted keys: equal models are equal bytes."""
    content = {
        "format": _FORMAT,
        "version": model.version,
        "records": model.records,
        "prior_match": model.prior_match,
        "prior_household": model.prior_household,
        "factors": [
            {
                "name": factor.name,
                "comparisons": [
                    {**asdict(found), "neutral": sorted(found.neutral)} for found in factor.comparisons
                ],
                "sizes": factor.sizes,
                **asdict(table),
            }
            for factor, table in zip(model.factors, model.probabilities, strict=True)
        ],
        "shares": {
            name: {
                "chance": model.exact_chance[name],
                "rarest": model.rarest[name],
                "values": {f"{number:016x}": share for number, share in sorted(stored.items())},
            }
            for name, stored in model.frequencies.items()
        },
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def model_from_json(body: bytes | str, rules: MatchRules, *, named: str = "the model") -> MatchModel:
    """Return the model in `body`, under the caps, limits and thresholds of `rules`. ModelError E605, E606."""
    try:
        content = orjson.loads(body)
        if content["format"] != _FORMAT:
            raise ModelError(
                "E606", f"{named} has format {content['format']}.", "Train it again with this version."
            )
        model = _model(content, rules)
        _check(model)
        return model
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ModelError(
            "E605", f"{named} is not a match model.", "`identity train` writes one."
        ) from problem


def save_model(model: MatchModel, path: Path) -> None:
    """Write the model; a reader sees the old file or the new one, never half of one. FileError E220."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(model_to_json(model))
        fresh.replace(path)
    except OSError as problem:
        raise FileError(
            "E220", f"{path} cannot be written: {problem.strerror}.", "Name a place you may write to."
        ) from problem


def load_model(path: Path, rules: MatchRules) -> MatchModel:
    """Return the model in the file. ModelError E605, E606."""
    try:
        body = path.read_bytes()
    except OSError as problem:
        raise ModelError(
            "E605", f"{path} cannot be read.", "Name a file that `identity train` wrote."
        ) from problem
    return model_from_json(body, rules, named=str(path))


def _model(content: dict[str, Any], rules: MatchRules) -> MatchModel:
    shares = content["shares"]
    return MatchModel(
        version=str(content["version"]),
        rules=rules,
        factors=tuple(
            Factor(found["name"], tuple(map(_comparison, found["comparisons"])), tuple(found["sizes"]))
            for found in content["factors"]
        ),
        probabilities=tuple(
            FactorProbabilities(tuple(found["match"]), tuple(found["household"]), tuple(found["random"]))
            for found in content["factors"]
        ),
        prior_match=float(content["prior_match"]),
        prior_household=float(content["prior_household"]),
        exact_chance={name: float(found["chance"]) for name, found in shares.items()},
        frequencies={
            name: {int(number, 16): float(share) for number, share in found["values"].items()}
            for name, found in shares.items()
        },
        rarest={name: float(found["rarest"]) for name, found in shares.items()},
        records=int(content["records"]),
    )


def _check(model: MatchModel) -> None:
    """Raise ValueError where the model contradicts itself: it must not judge anybody."""
    if not (
        model.prior_match > 0 and model.prior_household > 0 and model.prior_match + model.prior_household < 1
    ):
        raise ValueError("priors")
    for factor, table in zip(model.factors, model.probabilities, strict=True):
        levels = [len(COMPARATOR_LEVELS[found.comparator]) + 1 for found in factor.comparisons]
        if list(factor.sizes) != levels:
            raise ValueError("sizes")
        for chances in (table.match, table.household, table.random):
            if len(chances) != factor.cells or not all(0 < chance <= 1 for chance in chances):
                raise ValueError("probabilities")
    counted = {found.name for factor in model.factors for found in factor.comparisons if found.term_frequency}
    if counted != set(model.frequencies) or not all(0 < share <= 1 for share in model.rarest.values()):
        raise ValueError("shares")


def _comparison(content: dict[str, Any]) -> Comparison:
    return Comparison(
        **{**content, "m_prior": tuple(content["m_prior"]), "neutral": frozenset(content["neutral"])}
    )
