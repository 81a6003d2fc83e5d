"""A re-match killed at any moment leaves all of the old or all of the new; run again, it ends where it would have."""

from __future__ import annotations

from random import Random

import pytest

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.night import full
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.flows.redo import drain
from identity.model.match import MatchModel
from identity.model.run import RunStatus

from .conftest import Person, Ready
from .interrupted import killed, rematch_telling_its_stages
from .real_time import contradictions, ingest_all, rebuilt, rows, state
from .test_any_life import BROKEN
from .test_night import ANYTHING, another, night, put, some

_RANDOM = Random(20_261_125)
MOMENTS = [("block", 0.02), ("persist", 0.0), *(("persist", _RANDOM.uniform(0, 0.25)) for _ in range(3))]
MOMENTS += [("decide again", _RANDOM.uniform(0, 0.05))]


def killed_and_resumed(service: Service, model: MatchModel, stage: str, seconds: float, run_id: str) -> None:
    """Kill a re-match by another model, look at what is there, and let the same run go on to its end."""
    url = service.settings.database_url
    killed(rematch_telling_its_stages, (url, model.version, run_id), stage, seconds)
    assert contradictions(url) == {}
    assert rows(url, BROKEN) == []
    found = rows(url, "select version from match_model where active")
    assert len(found) == 1
    resumed = full(night(service, ANYTHING), Stages(), Options(run_id=run_id), By(model=model))
    assert resumed.status is RunStatus.APPLIED
    drain(service.desk)
    assert service.active_model().version == model.version
    assert contradictions(url) == {}
    assert state(url).differences(rebuilt(service)) == {}


@pytest.mark.parametrize(("stage", "seconds"), MOMENTS)
def test_a_killed_rematch_is_all_or_nothing_and_goes_on_under_its_run(
    ready: Ready, url: str, sampled: list[Person], model: MatchModel, stage: str, seconds: float
) -> None:
    service = ready(url)
    ingest_all(service, some(sampled, 60))
    killed_and_resumed(service, put(service, another(model, 1e-6)), stage, seconds, "killed")
