"""A sample of two hundred people, and a database it was loaded into; made once, only ever read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from identity.sample import write_sample

from .terminal import identity

FILES = ("pos=pos.csv", "erp=erp.csv", "ecommerce=ecommerce.jsonl", "loyalty=loyalty.csv")


@dataclass(frozen=True)
class Shop:
    """`folder` holds the sample, `database` what was loaded, `model` a trained model, `out` a resolved folder."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "identity.db"

    @property
    def records(self) -> Path:
        return self.folder / "records.parquet"

    @property
    def model(self) -> Path:
        return self.folder / "model.json"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def sources(self) -> list[str]:
        parts = (file.partition("=") for file in FILES)
        return [f"{name}={self.folder / path}" for name, _, path in parts]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    found = Shop(tmp_path_factory.mktemp("shop"))
    write_sample(200, 7, found.folder, canonical=True)
    assert identity("load", *found.sources, database=found.database).code == 0
    assert identity("train", found.records, "--out", found.model).code == 0
    arguments = ("--out", found.out, "--model", found.model, "--truth", "person_id")
    assert identity("resolve", found.records, *arguments).code in (0, 3)
    return found
