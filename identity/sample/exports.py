"""The four systems' own files. Each format is a module that says how a record looks there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from identity.sample import export_ecommerce, export_erp, export_loyalty, export_pos
from identity.sample.columns import Generator
from identity.sample.faults import KINDS, planted_count
from identity.sample.rates import SOURCES
from identity.sample.records import Records

FORMATS: Final = {
    "pos": export_pos,
    "ecommerce": export_ecommerce,
    "loyalty": export_loyalty,
    "erp": export_erp,
}


@dataclass(frozen=True, slots=True)
class Exports:
    """What was written: the files, their rows without the header, the planted rows per kind in each file."""

    files: tuple[Path, ...]
    rows: Mapping[str, int]
    planted: Mapping[str, Mapping[str, int]]


def write_exports(rng: Generator, records: Records, people: int, out: Path) -> Exports:
    rows, planted, written = {}, {}, []
    for number, source in enumerate(SOURCES):
        here = records.only(records.entries.source == number)
        count = planted_count(len(here.email), people)
        path = out / FORMATS[source].FILE
        rows[source] = FORMATS[source].write(rng, here, count, path)
        planted[source] = dict.fromkeys(KINDS, count)
        written.append(path)
    return Exports(tuple(written), rows, planted)
