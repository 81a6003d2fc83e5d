"""Writing a sample: the one place where files are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from identity.sample.exports import Exports, write_exports
from identity.sample.rates import SOURCES
from identity.sample.records import Records, draw_records
from identity.sample.tables import write_canonical, write_truth


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What a sample holds.

    `records` counts the records (each has a truth row) per source, `rows` the rows of each system's file with
    the planted ones, `planted` those per source and kind. The last two are empty without the systems' files.
    """

    people: int
    records: Mapping[str, int]
    rows: Mapping[str, int]
    planted: Mapping[str, Mapping[str, int]]
    files: tuple[Path, ...]


def write_sample(
    people: int, seed: int, out: Path, *, canonical: bool = False, systems: bool = True
) -> SampleReport:
    """Write the sample of `people` people into the folder `out`, which is made if it is not there."""
    if people < 1:
        raise ValueError(f"a sample needs at least one person, not {people}")
    rng = np.random.Generator(np.random.PCG64(seed))
    records = draw_records(rng, people)
    out.mkdir(parents=True, exist_ok=True)
    exports = write_exports(rng, records, people, out) if systems else Exports((), {}, {})
    tables = [write_truth(records, out / "truth.parquet")]
    if canonical:
        tables.append(write_canonical(records, out / "records.parquet"))
    return SampleReport(people, _counts(records), exports.rows, exports.planted, (*exports.files, *tables))


def _counts(records: Records) -> dict[str, int]:
    counted = np.bincount(records.entries.source, minlength=len(SOURCES)).tolist()
    return dict(zip(SOURCES, counted, strict=True))
