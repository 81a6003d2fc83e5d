"""What `identity model list|compare|promote|rollback` do, and `identity train` on the database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.commands.night import rematch_report
from identity.engines.stages import Stages
from identity.flows.models import compare_models
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.model.errors import LookupFailed
from identity.model.run import RunKind
from identity.ports import StoredModel
from matching_rules.model_file import model_to_json

__all__ = ["compare_report", "keep", "list_report", "promote", "rollback"]


def keep(service: Service, stages: Stages) -> dict[str, Any]:
    """Train on the live records, and keep the model as a candidate: it judges nothing before it is promoted."""
    records = service.live_records()
    if not records.num_rows:
        raise LookupFailed("E503", "There are no records to train on.", "Load some first.")
    model = service.batch_engine.resolve(service.workshop_columns(records), stages).model
    with service.store.begin(SystemClock()) as work:
        work.keep_model(StoredModel(model.version, model_to_json(model).decode()), work.at)
    return {"model": model.version, "records": records.num_rows, "status": "candidate"}


def list_report(service: Service) -> dict[str, Any]:
    """Return the models that the database knows, and when each came into force."""
    return {
        "models": [asdict(model) for model in service.store.views.models()],
        "history": [asdict(each) for each in service.store.views.activations()],
    }


def compare_report(service: Service, first: str, second: str, stages: Stages) -> dict[str, Any]:
    """Return how two stored models would part the live records."""
    found = compare_models(
        service.workshop, stages, service.stored_model(first), service.stored_model(second)
    )
    return {
        "first": asdict(found.first),
        "second": asdict(found.second),
        **{name: value for name, value in asdict(found.contrast).items() if name != "concerned"},
        "examples": [str(key) for key in found.examples],
        "stages": [asdict(stage) for stage in stages.passed],
    }


def promote(service: Service, version: str, options: Options, stages: Stages) -> dict[str, Any]:
    """Let a stored model take over: everybody is resolved by it, inside the limits of a re-match."""
    return rematch_report(service, stages, RunKind.FULL, options, By(model=service.stored_model(version)))


def rollback(service: Service, options: Options, stages: Stages) -> dict[str, Any]:
    """Let the model that was in force before take over again. LookupFailed E506 when there was none."""
    history = service.store.views.activations()
    active = next((model.version for model in service.store.views.models() if model.active), None)
    earlier = [each.version for each in history if each.version != active]
    if not earlier:
        raise LookupFailed("E506", "No other model was ever in force.", "`identity model list` shows them.")
    return promote(service, earlier[0], options, stages)
