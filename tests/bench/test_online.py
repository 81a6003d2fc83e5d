"""The real-time part holds records back, writes each once, and tells every figure that it promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from bench.__main__ import main
from bench.children import CHILDREN
from bench.online import clients, kept, measure
from bench.online.abreast import abreast
from bench.online.clients import CLIENTS
from bench.online.databases import DATABASES
from bench.online.measure import STEPS, growth, measured_online
from bench.online.peer import peer
from bench.online.plan import Plan, plan_for, rounds
from bench.online.records import Split, split
from bench.online.server import NoServer
from bench.online.tables import online_tables
from bench.online.timing import summary
from bench.processes import Outcome
from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.engines.stages import Stages
from identity.sample import write_sample

PLAN = Plan(
    people=160, held_back=70, singles=6, batched=24, at_once=6, writers=(1, 2), warm=2, lookups=6, batches=2,
    matches=6, peer=2,
)  # fmt: skip
WAITING = "tests.bench.waiting"

Key = tuple[str, str]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("sampled")
    write_sample(PLAN.people, 7, folder, canonical=True, systems=False)
    return pq.read_table(folder / "records.parquet")


@pytest.fixture(scope="module")
def parts(records: pa.Table) -> Split:
    return split(records, PLAN)


def by_key(table: pa.Table) -> dict[Key, dict[str, Any]]:
    return {(row["source"], row["source_record_id"]): row for row in table.to_pylist()}


def test_what_is_held_back_is_not_loaded(records: pa.Table, parts: Split) -> None:
    stored, known = by_key(parts.loaded), by_key(records)
    held = by_key(parts.written).keys() | by_key(parts.unseen).keys()
    assert not by_key(parts.unseen).keys() & by_key(parts.written).keys()
    assert not by_key(parts.unseen).keys() & stored.keys()
    assert stored.keys() | held == known.keys()
    assert len(held - stored.keys()) == PLAN.held_back
    assert by_key(parts.known).keys() <= stored.keys()


def test_what_is_written_are_new_records_and_stored_ones_that_tell_something_else(
    records: pa.Table, parts: Split
) -> None:
    stored, known = by_key(parts.loaded), by_key(records)
    written = by_key(parts.written)
    again = written.keys() & stored.keys()
    assert len(again) == round(PLAN.altered * PLAN.written)
    assert all(written[key] == known[key] for key in written.keys() - again)
    for key in again:
        differs = {name for name, value in written[key].items() if value != stored[key][name]}
        assert differs <= {"observed_at", "phone", "family_name", "given_name", "city"}
        assert written[key]["observed_at"] >= stored[key]["observed_at"]
    assert any(written[key]["phone"] != stored[key]["phone"] for key in again)
    assert any(written[key]["family_name"] != stored[key]["family_name"] for key in again)


def test_the_same_records_are_split_in_the_same_way(records: pa.Table, parts: Split) -> None:
    again = split(records, PLAN)
    assert again.written.equals(parts.written)
    assert again.loaded.equals(parts.loaded)


def test_too_few_records_are_refused(records: pa.Table) -> None:
    with pytest.raises(ValueError, match="too few"):
        split(records, replace(PLAN, held_back=10_000))


@pytest.mark.parametrize("plan", [PLAN, plan_for("5k"), plan_for("100k"), plan_for("1m")])
def test_no_record_is_written_twice(plan: Plan) -> None:
    places = [
        place for each in rounds(plan) for share in each.shares for place in range(share.first, share.stop)
    ]
    assert sorted(places) == list(range(plan.written))
    assert plan.held_back >= plan.written * (1 - plan.altered) + plan.matches
    assert Plan.of(plan.text()) == plan


def in_this_process(module: str, arguments: Sequence[Sequence[str]], at_most: float) -> list[Outcome]:  # noqa: ARG001
    """Do what the processes would do, one after the other: starting a dozen of them takes longer than all they do."""
    if module == measure.PEER:
        return [Outcome(peer(*each), 0.0, 0.0) for each in arguments]
    return [Outcome(CLIENTS[name](*each), 0.0, 0.0) for name, *each in arguments]


def run_here(module: str, name: str, *arguments: str, at_most: float, environment: Any = None) -> Outcome:  # noqa: ARG001
    if module == "bench.children":
        return Outcome(CHILDREN[name](*arguments), 0.0, 0.0)
    service = Service(Settings(environment["IDENTITY_DATABASE_URL"]))
    loaded = load_files(service, arguments[:1], None, Stages())
    service.store.close()
    return Outcome(loaded, 0.0, 0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "abreast", in_this_process)
        patch.setattr(kept, "abreast", in_this_process)
        patch.setattr(kept, "run", run_here)
        patch.setattr(clients, "ready", lambda: None)
        yield


@pytest.fixture(scope="module")
def measured(folder: Path, here: None) -> dict[str, Any]:  # noqa: ARG001
    (found,) = measured_online(
        ["tiny"],
        ["sqlite"],
        lambda _: None,
        folder,
        lambda _: PLAN,
        [step for step in STEPS if step != "http"],
    )
    return found


def test_every_promised_figure_of_writing_is_told(measured: Mapping[str, Any]) -> None:
    (database,) = measured["databases"]
    assert not database["failure"]
    assert [(each["at_once"], each["writers"], each["records"]) for each in database["writes"]] == [
        (1, 1, PLAN.singles), (6, 1, PLAN.batched), (6, 2, PLAN.batched)
    ]  # fmt: skip
    for each in database["writes"]:
        assert each["p50_ms"] <= each["p95_ms"] <= each["p99_ms"]
        assert each["per_second"] > 0
        assert each["met"]["accepted"] == each["records"]
        assert each["met"]["judged match"] > 0
        assert each["left"] == 0
        assert {"queued", "redone", "overtaken", "units"} <= each.keys()


def test_every_promised_figure_of_asking_is_told(measured: Mapping[str, Any]) -> None:
    (database,) = measured["databases"]
    (match,) = database["match"]
    assert match["calls"] == PLAN.matches
    assert match["met"].get("match", 0) > 0
    kinds = ("e-mail", "phone", "record", "golden id", "mixed")
    told = {(each["what"], each["at_once"], each["processes"]): each for each in database["lookups"]}
    assert told.keys() == {(kind, many, n) for kind in kinds for many in (1, 6) for n in (1, 2)}
    for (what, many, processes), each in told.items():
        calls = (PLAN.lookups if many == 1 else PLAN.batches) * processes
        assert each["calls"] == calls
        assert sum(each["met"].values()) == calls * many
        assert set(each["met"]) <= {"live", "shared"}, what


def test_every_table_is_weighed(measured: Mapping[str, Any]) -> None:
    storage = measured["databases"][0]["storage"]
    tables = {each["table"]: each for each in storage["tables"]}
    assert tables["source_record"]["rows"] == measured["records"]
    assert storage["bytes"] >= sum(each["content"] + each["indexes"] for each in tables.values()) > 0
    assert storage["bytes_per_record"] == storage["bytes"] / measured["records"]


def test_splink_is_asked_about_the_same_records(measured: Mapping[str, Any]) -> None:
    found, single, several = measured["peer"]["phases"]
    assert found["what"] == "predict_between"
    assert found["calls"] == PLAN.peer
    assert found["met"].get("somebody", 0) > 0
    assert (single["what"], several["what"]) == ("compare_records, one to 1", "compare_records, one to 50")


def test_a_database_that_is_kept_is_not_loaded_again(
    measured: Mapping[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measured["databases"][0]["load_seconds"] > 0

    def forbidden(*_: object, **__: object) -> Outcome:
        raise AssertionError("neither made nor loaded again")

    monkeypatch.setattr(kept, "run", forbidden)
    made = kept.records_for("tiny", PLAN, folder / "tiny", lambda _: None)
    with DATABASES["sqlite"](folder / "sqlite") as place:
        marker = folder / "sqlite-tiny.json"
        with kept.filled(place, "tiny", folder / "tiny", made, marker, lambda _: None) as database:
            assert database.load_seconds is None
            rows = {each.table: each.rows for each in place.stored(database.name)[1]}
    assert rows["source_record"] == measured["records"], "what was written was written to a copy"


def test_a_database_that_no_longer_fits_is_loaded_again(measured: Mapping[str, Any], folder: Path) -> None:
    marker = folder / "sqlite-tiny.json"
    marker.write_text(marker.read_text().replace('"index": "', '"index": "another '))
    made = kept.records_for("tiny", PLAN, folder / "tiny", lambda _: None)
    with (
        DATABASES["sqlite"](folder / "sqlite") as place,
        kept.filled(place, "tiny", folder / "tiny", made, marker, lambda _: None) as database,
    ):
        assert database.load_seconds
        assert database.records == measured["records"]


@pytest.mark.usefixtures("measured")
def test_a_server_that_is_not_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Path) -> Any:
        raise NoServer("there is no such server")

    monkeypatch.setitem(DATABASES, "sqlite", missing)
    monkeypatch.setattr(measure, "abreast", lambda *_, **__: [Outcome({}, 0.0, 0.0, "left out")])
    (found,) = measured_online(["tiny"], ["sqlite"], lambda _: None, folder, lambda _: PLAN)
    text = printed([found])
    assert "there is no such server" in text
    assert "left out" in text


def printed(sizes: Sequence[Mapping[str, Any]]) -> str:
    console = Console(file=StringIO(), width=200)
    for table in online_tables(sizes, growth(sizes)):
        console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text)


def test_the_tables_tell_all_of_it(measured: dict[str, Any]) -> None:
    larger = deepcopy(measured) | {"name": "larger"}
    larger["databases"][0]["writes"][0]["p50_ms"] = 3 * measured["databases"][0]["writes"][0]["p50_ms"]
    larger["databases"][0]["writes"][1] |= {"failure": "stopped after 5 s", "calls": 0}
    text = printed([measured, larger])
    for said in ("SQLite", "predict_between", "golden_profile", "everything", "e-mail", "stopped after 5 s"):
        assert said in text
    times = {(each["database"], each["what"]): each["times"] for each in growth([measured, larger])}
    assert times["sqlite", "write, 1 at once"] == pytest.approx(3)
    assert times["sqlite", "match, 1 at once"] == pytest.approx(1)
    assert times["Splink", "predict_between"] == pytest.approx(1)
    assert ("sqlite", "write, 6 at once") not in times
    assert growth([measured]) == []


def test_percentiles_are_of_all_processes_and_speed_is_of_the_clock() -> None:
    one = {"began": 10.0, "ended": 12.0, "seconds": [0.001] * 98}
    other = {"began": 11.0, "ended": 14.0, "seconds": [0.002, 0.1]}
    found = summary([one, other], 200)
    assert (found["calls"], found["p50_ms"], found["p99_ms"]) == (100, 1.0, 2.0)
    assert found["per_second"] == 50
    assert summary([one | {"seconds": []}], 0) == {"calls": 0}


def test_processes_side_by_side_begin_each_phase_together() -> None:
    quick, slow = abreast(WAITING, [("0",), ("0.3",)], at_most=30)
    assert not quick.failure + slow.failure
    for one, other in zip(quick.answer["began"], slow.answer["began"], strict=True):
        assert abs(one - other) < 0.2


def test_one_that_fails_does_not_keep_the_others_waiting() -> None:
    failed, waiting = abreast(WAITING, [("no number",), ("0",)], at_most=30)
    assert "no number" in failed.failure
    assert waiting.failure.startswith("exit code")
    assert waiting.seconds < 20


def test_one_that_takes_too_long_is_stopped() -> None:
    (outcome,) = abreast(WAITING, [("60",)], at_most=0.5)
    assert outcome.failure.startswith("stopped")


@pytest.mark.parametrize("option", ["--part", "--databases"])
def test_what_nobody_knows_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([option, "nothing"])
    assert "name some of" in capsys.readouterr().err
