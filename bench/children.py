"""What the benchmark runs in processes of their own, so that each has its own memory: JSON on standard output.

python -m bench.children sample PEOPLE FOLDER      records.parquet, and labelled.parquet with person_id
python -m bench.children split FOLDER PLAN         records.parquet into what is loaded, written and asked about
python -m bench.children splink FILE               Splink's answer for FILE, against its person_id
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.online.records import write_split
from identity.bootstrap import Service, Settings
from identity.commands.measure import accuracy_of
from identity.engines.stages import Stages
from identity.sample import write_sample

__all__ = ["CHILDREN", "main"]

_KEYS = ["source", "source_record_id"]
_TRUTH = "person_id"
_SEED = 7


def sample(people: str, folder: str) -> dict[str, Any]:
    """Write the made-up customers, once as a file to load and once with the truth beside each record."""
    out = Path(folder)
    write_sample(int(people), _SEED, out, canonical=True, systems=False)
    records = pq.read_table(out / "records.parquet")
    if _TRUTH not in records.column_names:
        records = records.join(pq.read_table(out / "truth.parquet").select([*_KEYS, _TRUTH]), _KEYS)
    pq.write_table(records, out / "labelled.parquet")
    return {"records": records.num_rows, "people": int(people)}


def splink(file: str) -> dict[str, Any]:
    """Resolve `file` with Splink as its guides set it up, on the features that we make."""
    from identity.engines.splink import SplinkEngine

    service = Service(Settings(threads=os.cpu_count() or 2))
    stages = Stages()
    with stages.stage("read"):
        records = pq.read_table(file)
    engine = SplinkEngine(service.match_rules, service.nicknames, service.settings.threads)
    resolution = engine.resolve(records.drop_columns([_TRUTH]), stages)
    accuracy = accuracy_of(resolution.clusters, "cluster", records, _TRUTH)
    return {
        "records": records.num_rows,
        "profiles": len(pc.unique(resolution.clusters["cluster"])),
        "candidate_pairs": resolution.candidate_pairs,
        "matches_per_record": resolution.model.prior_match * (records.num_rows - 1) / 2,
        "accuracy": asdict(accuracy) if accuracy else None,
        "stages": [asdict(stage) for stage in stages.passed],
    }


CHILDREN: Mapping[str, Callable[..., dict[str, Any]]] = {
    "sample": sample,
    "splink": splink,
    "split": write_split,
}


def main(name: str, *arguments: str) -> None:
    """Run a child by name."""
    sys.stdout.buffer.write(orjson.dumps(CHILDREN[name](*arguments)))


if __name__ == "__main__":
    main(*sys.argv[1:])
