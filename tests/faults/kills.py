"""kill -9 at random moments of a load and of a re-match: no half state, and the same end (`make faults`).

Not collected by `make test`, which kills a few: each kill starts a process, looks at what is there, and resumes.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from identity.model.match import MatchModel
from identity.sample import write_sample
from tests.flows.conftest import Person, Ready
from tests.flows.interrupted import killed, load_telling_its_stages
from tests.flows.real_time import ingest_all
from tests.flows.test_killed_nights import killed_and_resumed
from tests.flows.test_night import another, put, some
from tests.flows.world import FILES, contradictions, inside, links, load, partition, service_at

KILLS = 60
_RANDOM = Random(20_261_125)
_LOADED = [
    ("register", 0.05),
    ("normalise", 0.1),
    ("train", 0.4),
    ("persist", 0.5),
    ("index", 0.15),
    ("review", 0.1),
]
_NIGHT = [
    ("read", 0.1),
    ("block", 0.2),
    ("cluster", 0.05),
    ("persist", 0.4),
    ("review", 0.1),
    ("decide again", 0.2),
]


def moments(stages: list[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(stage, round(_RANDOM.uniform(0, most), 4)) for stage, most in _RANDOM.choices(stages, k=KILLS)]


@pytest.mark.parametrize(("stage", "seconds"), moments(_LOADED))
def test_a_killed_load(tmp_path: Path, stage: str, seconds: float) -> None:
    write_sample(80, 5, tmp_path)
    files = [inside(tmp_path, file) for file in FILES]
    whole, database = tmp_path / "whole.db", tmp_path / "identity.db"
    load(service_at(whole), *files)
    service_at(database).store.close()
    killed(load_telling_its_stages, (database, files), stage, seconds)
    assert contradictions(database) == {}
    load(service_at(database), *files)
    assert contradictions(database) == {}
    assert partition(database) == partition(whole)
    assert links(database) == links(whole)


@pytest.mark.parametrize(("stage", "seconds"), moments(_NIGHT))
def test_a_killed_rematch(
    ready: Ready, url: str, sampled: list[Person], model: MatchModel, stage: str, seconds: float
) -> None:
    service = ready(url)
    ingest_all(service, some(sampled, 60))
    killed_and_resumed(service, put(service, another(model, 1e-6)), stage, seconds, "killed")
