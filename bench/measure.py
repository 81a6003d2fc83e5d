"""What is measured: each engine on each population, and our way from a file to stored profiles."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from bench.processes import ROOT, Outcome, run

__all__ = ["LABELLED", "SIZES", "Told", "labelled_sets", "measured_labelled", "measured_population"]

SIZES = {"5k": 2_000, "20k": 8_000, "100k": 40_000, "1m": 400_000}
"""Sizes by name: how many made-up people. One has about two and a half records."""
LABELLED = ROOT.parent / "shared" / "data"

_PATIENCE = 1800.0
_MATCHING = ("normalise", "block", "compare", "train", "weigh", "decide", "cluster")

Told = Callable[[str], None]


def measured_population(size: str, told: Told) -> dict[str, Any]:
    """Return what both engines make of `size` made-up records, and the time to store them as profiles."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told(f"{size}: making up customers")
        made = run("bench.children", "sample", str(SIZES[size]), str(folder), at_most=_PATIENCE)
        if made.failure:
            return {"name": size, "failure": made.failure, "runs": []}
        runs = list(_runs(size, folder / "labelled.parquet", told))
        told(f"{size}: from file to stored profiles")
        database = {"IDENTITY_DATABASE_URL": f"sqlite:///{folder / 'identity.db'}"}
        loaded = run(
            "identity.cli", "load", str(folder / "records.parquet"), "--json",
            at_most=_PATIENCE, environment=database,
        )  # fmt: skip
        return {
            "name": size,
            **made.answer,
            "runs": runs,
            "load": _load(loaded, made.answer["records"], runs),
        }


def labelled_sets() -> list[Path]:
    """Return the labelled sets beside the project; none is no fault."""
    return sorted(LABELLED.glob("*.parquet")) if LABELLED.is_dir() else []


def measured_labelled(file: Path, told: Told) -> dict[str, Any]:
    """Return what both engines make of a labelled set."""
    return {"name": file.stem, "runs": list(_runs(file.stem, file, told))}


def _runs(name: str, file: Path, told: Told) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as out:
        told(f"{name}: identity")
        ours = run(
            "identity.cli",
            "resolve",
            str(file),
            "--out",
            out,
            "--truth",
            "person_id",
            "--json",
            at_most=_PATIENCE,
        )
        yield _run("identity", ours)
        told(f"{name}: splink")
        yield _run("splink", run("bench.children", "splink", str(file), at_most=_PATIENCE))


def _run(engine: str, outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    kept = ("records", "profiles", "candidate_pairs", "matches_per_record", "accuracy", "stages")
    return {
        "engine": engine,
        **{name: answer[name] for name in kept if name in answer},
        "matching_seconds": _seconds(answer, _MATCHING),
        "stage_seconds": _seconds(answer),
        "seconds": outcome.seconds,
        "peak_megabytes": outcome.peak_megabytes,
        "failure": outcome.failure,
    }


def _load(outcome: Outcome, records: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return our load with its ratio to Splink, which reads the same records and stores nothing.

    The ratio is of time spent in stages: starting Python and measuring accuracy are nobody's work.
    """
    spent = _seconds(outcome.answer)
    splink = next((each["stage_seconds"] for each in runs if each["engine"] == "splink"), 0.0)
    kept = ("rows", "accepted", "quarantined", "rejected", "profiles", "merged", "stages")
    return {
        **{name: outcome.answer[name] for name in kept if name in outcome.answer},
        "stage_seconds": spent,
        "seconds": outcome.seconds,
        "peak_megabytes": outcome.peak_megabytes,
        "microseconds_per_record": spent / records * 1e6,
        "times_splink": spent / splink if spent and splink else None,
        "failure": outcome.failure,
    }


def _seconds(answer: dict[str, Any], names: Collection[str] = ()) -> float:
    """Return the time in the stages of these names, or in all."""
    return float(
        sum(stage["seconds"] for stage in answer.get("stages", ()) if not names or stage["name"] in names)
    )
