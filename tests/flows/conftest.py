"""A model to judge by, made once, and a database on every server that has it and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.engines.stages import Stages
from identity.flows.resolve import resolve
from identity.model.match import MatchModel
from identity.ports import StoredModel
from identity.sample import write_sample
from matching_rules.loader import rules_directory
from matching_rules.model_file import model_to_json

Person = dict[str, str]
Ready = Callable[..., Service]


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> list[Person]:
    """Records of 2,000 made-up people in canonical columns, with `person_id`."""
    folder = tmp_path_factory.mktemp("sampled")
    write_sample(2_000, 5, folder, canonical=True, systems=False)
    rows: list[Person] = pq.read_table(folder / "records.parquet").to_pylist()
    return rows


@pytest.fixture(scope="session")
def tight_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules under which a crowd is four: blocks overflow, values turn generic and components are cut all the time."""
    folder = tmp_path_factory.mktemp("tight") / "rules"
    shutil.copytree(rules_directory(), folder)
    file = folder / "customer.match.yml"
    text = file.read_text(encoding="utf-8")
    for shipped, tight in (
        ("  cap: 20\n", "  cap: 3\n"),
        ("cap: 200}", "cap: 5}"),
        ("cap: 60}", "cap: 4}"),
        ("{phone: 12, email: 8, tax_id: 6, loyalty_id: 6}", "{phone: 3, email: 3, tax_id: 2, loyalty_id: 2}"),
        ("largest_component: 1500", "largest_component: 6"),
        ("{tax_id: 4, loyalty_id: 6}", "{tax_id: 1, loyalty_id: 2}"),
    ):
        assert shipped in text
        text = text.replace(shipped, tight)
    file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def model(sampled: list[Person]) -> MatchModel:
    """What 2,000 people teach."""
    import pyarrow as pa

    service = Service(Settings())
    records = service.workshop_columns(pa.Table.from_pylist(sampled))
    return resolve(records, service.engine(), service.survivor, Stages()).resolution.model


@pytest.fixture
def ready(model: MatchModel) -> Iterator[Ready]:
    """Opens a database at head, puts the model in force and an empty index beside it."""
    opened: list[Service] = []

    def open_at(url: str, rules: Path | None = None, **more: Any) -> Service:
        told = {"index_secret": "a secret of the tests", **more}
        service = Service(Settings(url, rules or rules_directory(), **told))
        body = model_to_json(replace(model, rules=service.match_rules)).decode()
        with service.store.begin(SystemClock()) as work:
            work.put_model(StoredModel(model.version, body), work.at)
            work.close_index(service.index.version)
        opened.append(service)
        return service

    yield open_at
    for service in opened:
        service.store.close()
