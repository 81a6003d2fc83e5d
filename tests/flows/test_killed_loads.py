"""A load killed at any moment leaves a consistent database, and loading again ends where an undisturbed load does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from identity.sample import write_sample

from .interrupted import killed, load_telling_its_stages
from .world import FILES, contradictions, inside, links, load, partition, rows, service_at

_RANDOM = Random(20_261_123)
MOMENTS = [
    ("register", _RANDOM.uniform(0, 0.02)),
    ("train", _RANDOM.uniform(0, 0.3)),
    *(("persist", _RANDOM.uniform(0, 0.15)) for _ in range(3)),
]


@dataclass(frozen=True)
class Undisturbed:
    files: list[str]
    partition: dict[frozenset[str], str]
    links: set[tuple[object, ...]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    write_sample(80, 5, folder)
    files = [inside(folder, file) for file in FILES]
    load(service_at(folder / "identity.db"), *files)
    return Undisturbed(files, partition(folder / "identity.db"), links(folder / "identity.db"))


@pytest.mark.parametrize(("stage", "seconds"), MOMENTS)
def test_a_killed_load_is_consistent_and_can_be_run_again_with_the_same_end(
    undisturbed: Undisturbed, tmp_path: Path, stage: str, seconds: float
) -> None:
    database = tmp_path / "identity.db"
    service_at(database).store.close()
    killed(load_telling_its_stages, (database, undisturbed.files), stage, seconds)
    assert contradictions(database) == {}
    load(service_at(database), *undisturbed.files)
    assert contradictions(database) == {}
    assert partition(database) == undisturbed.partition
    assert links(database) == undisturbed.links
    assert {count for _, count in rows(database, "select subject, count(*) from event group by subject")} == {
        1
    }
