"""The benchmark says what it found in tables, and says so where an engine gave up."""

from __future__ import annotations

from copy import deepcopy
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from bench.__main__ import main
from bench.machine import machine
from bench.processes import run
from bench.tables import tables

ACCURACY = {
    "precision": 0.98,
    "recall": 0.97,
    "f1": 0.975,
    "b_cubed_f1": 0.99,
    "true_pairs": 120,
    "largest_cluster": 9,
    "largest_person": 8,
}
STAGES = [{"name": "block", "seconds": 1.25, "peak_megabytes": 300.0}]
RUN = {
    "engine": "identity",
    "records": 100,
    "candidate_pairs": 1234,
    "matches_per_record": 1.19,
    "accuracy": ACCURACY,
    "stages": STAGES,
    "matching_seconds": 1.25,
    "stage_seconds": 1.5,
    "seconds": 2.5,
    "peak_megabytes": 512.0,
    "failure": "",
}
LOAD = {
    "stages": STAGES,
    "stage_seconds": 3.0,
    "seconds": 4.0,
    "peak_megabytes": 600.0,
    "microseconds_per_record": 30_000.0,
    "times_splink": 1.43,
    "failure": "",
}
RESULTS: dict[str, Any] = {
    "machine": {
        "processor": "EPYC",
        "cores": 2,
        "memory_gigabytes": 23.5,
        "busy_before": 0.3,
        "system": "Linux",
        "python": "3.11",
        "packages": {"splink": "5.0.0"},
    },
    "populations": [
        {
            "name": "100k",
            "records": 100,
            "people": 40,
            "runs": [RUN, {**RUN, "engine": "splink"}],
            "load": LOAD,
        }
    ],
    "labelled": [{"name": "febrl3", "runs": [RUN]}],
}


def printed(results: dict[str, Any]) -> str:
    console = Console(file=StringIO(), width=180)
    for table in tables(results):
        console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text)


def test_every_measure_is_in_the_tables() -> None:
    text = printed(RESULTS)
    for figure in (
        "0.9750",
        "9 (8)",
        "1.190 (1.200)",
        "1,234",
        "512",
        "1.43",
        "EPYC",
        "splink 5.0.0",
        "febrl3",
    ):
        assert figure in text


def test_an_engine_that_gave_up_is_named_with_its_reason() -> None:
    results = deepcopy(RESULTS)
    gone = {"engine": "splink", "stages": [], "failure": "stopped after 5 s"}
    results["populations"][0]["runs"][1] = gone
    assert "Splink 5 (stopped after 5 s)" in printed(results)


def test_without_labelled_sets_there_is_still_a_report() -> None:
    assert "febrl3" not in printed({**RESULTS, "labelled": []})


def test_a_population_that_could_not_be_made_is_told() -> None:
    lost = {"name": "1m", "failure": "exit code 1: no room", "runs": []}
    assert "no room" in printed({**RESULTS, "populations": [lost]})


def test_the_machine_is_told() -> None:
    assert machine()["cores"]
    assert machine()["packages"]["splink"]


def test_a_child_that_takes_too_long_is_stopped() -> None:
    outcome = run("timeit", "-n", "1", "-r", "1", "import time; time.sleep(30)", at_most=0.3)
    assert outcome.failure.startswith("stopped")
    assert outcome.seconds < 10


def test_a_child_that_fails_says_why() -> None:
    outcome = run("bench.no_such_module", at_most=20)
    assert "no_such_module" in outcome.failure


def test_a_size_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--sizes", "7"])
    assert "name some of" in capsys.readouterr().err
