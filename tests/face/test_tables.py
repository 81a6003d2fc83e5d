"""Tables in, tables out: the same answer as the commands give, whatever holds the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from identity import (
    ReviewKind,
    Sample,
    Wish,
    blocking,
    compare,
    crosswalk,
    draw_pairs,
    estimate_stored,
    events,
    ingest,
    label,
    load,
    matches_per_record,
    measure,
    mistakes,
    open_service,
    parameters,
    profile,
    rarity,
    record,
    records_of,
    rematch,
    resolve,
    reviews,
    sample_records,
    starter_model,
    waterfall,
)
from identity.model.cluster import GoldenId


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_records(people=150, seed=3)


FORMS: dict[str, Callable[[pa.Table], Any]] = {
    "a DuckDB relation": duckdb.from_arrow,
    "a data frame": lambda table: table.to_pandas(),
    "mappings": lambda table: table.to_pylist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_who_is_who_does_not_depend_on_what_holds_the_rows(sample: Sample, form: str) -> None:
    found, other = resolve(sample.records), resolve(FORMS[form](sample.records))
    assert other.crosswalk.equals(found.crosswalk)
    assert other.links.equals(found.links)
    assert found.rows == found.accepted == sample.records.num_rows


def test_a_file_is_read_as_the_command_reads_it(sample: Sample, tmp_path: Any) -> None:
    pq.write_table(sample.records, tmp_path / "customers.parquet")
    assert resolve(tmp_path / "customers.parquet").crosswalk.equals(resolve(sample.records).crosswalk)


def test_rows_that_cannot_be_taken_are_told() -> None:
    rows = [{"source_record_id": "1", "email": "ines@one.example"}, {"email": "who@one.example"}]
    found = resolve(rows, source="shop", model=starter_model_of_emails())
    assert (found.rows, found.accepted, found.set_aside["code"].to_pylist()) == (2, 1, ["E311"])


def starter_model_of_emails() -> Any:
    return resolve(
        [{"source_record_id": str(at), "email": f"{at}@one.example"} for at in range(5)], source="a"
    ).model


def test_what_has_no_rows_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="int holds no rows"):
        resolve(7)


def test_wrong_pairs_are_those_that_precision_and_recall_count(sample: Sample) -> None:
    found = resolve(sample.records)
    told = measure(found.crosswalk, sample.truth)
    wrong = mistakes(found.crosswalk, sample.truth)["mistake"].to_pylist()
    right = round(told.precision * told.found_pairs)
    assert wrong.count("merged") == told.found_pairs - right
    assert wrong.count("missed") == told.true_pairs - right


def test_blocking_proposes_what_resolving_compares(sample: Sample) -> None:
    found, resolved = blocking(sample.records, truth=sample.truth), resolve(sample.records)
    assert found.pairs == resolved.candidate_pairs
    assert found.recall is not None
    assert 0.95 < found.recall <= 1.0
    assert max(found.keys["pairs"].to_pylist()) < found.pairs <= sum(found.keys["pairs"].to_pylist())
    assert 0 < found.pairs_per_record < 30 < 100 * found.reduction < 100


def test_a_pair_weighs_the_same_alone_as_in_the_crowd(sample: Sample) -> None:
    resolved = resolve(sample.records)
    records = {str(told.key): told for told in records_of(sample.records)}
    row = resolved.links.slice(0, 1).to_pylist()[0]
    one, other = (records[f"{row[f'{side}_source']}:{row[f'{side}_id']}"] for side in ("left", "right"))
    scored = compare(one, other, resolved.model)
    assert scored.match_weight == pytest.approx(row["match_weight"], abs=1e-9)
    bars = waterfall(scored)
    assert (bars[0].name, bars[0].before) == ("prior", 0.0)
    assert bars[-1].after == pytest.approx(scored.match_weight, abs=1e-9)


def test_what_a_model_has_learnt_adds_up(sample: Sample) -> None:
    model = resolve(sample.records).model
    rows = parameters(model).to_pylist()
    for comparison in {row["comparison"] for row in rows}:
        for column in ("m_probability", "h_probability", "u_probability"):
            told = [row[column] for row in rows if row["comparison"] == comparison]
            assert sum(told) == pytest.approx(1, abs=0.01), (comparison, column)
    assert 0.5 < matches_per_record(model) < 3
    assert rarity(starter_model(), "family_name", "never-heard-of") > rarity(
        starter_model(), "family_name", "smith"
    )


def test_a_record_is_named_by_its_source_and_id() -> None:
    assert str(record("pos:7:8", email="").key) == "pos:7:8"
    with pytest.raises(ValueError, match="source:source_record_id"):
        record("pos")


def test_a_database_keeps_all_it_keeps_in_its_folder(sample: Sample, tmp_path: Any) -> None:
    service = open_service(tmp_path / "customers")
    report = load(service, sample.records)
    assert report["accepted"] + report["quarantined"] + report["rejected"] == report["rows"]
    before = crosswalk(service)
    assert before.num_rows == sample.records.num_rows
    assert rematch(service).report["impact"]["records_moved"] == 0
    told = ingest(service, [record("pos:new", given_name="Ines", email="ines@new.example")])
    assert told[0].golden_id
    one, other = sorted(set(before["golden_id"].to_pylist()))[:2]
    decided = service.decisions.merge([GoldenId(one), GoldenId(other)], Wish("ana", "same card"))
    merged = profile(service, one)
    assert profile(service, other) == merged
    service.decisions.undo(decided.operation.operation_id, Wish("ana", "another card"))
    assert profile(service, one) != profile(service, other)
    assert next(each.type for each in events(service, subject=other)) == "customer.created"


def test_labels_tell_how_right_the_links_are(sample: Sample, tmp_path: Any) -> None:
    service = open_service(tmp_path)
    load(service, sample.records)
    drawn = draw_pairs(service, 12)
    asked = reviews(service, ReviewKind.SAMPLE)
    assert len(drawn) == len(asked) == 12
    for task in asked:
        label(service, task.task_id, same=True, actor="ana")
    found = estimate_stored(service)
    assert sum(stratum.labelled for stratum in found.strata) == 12
    assert found.estimates.precision.upper == 1.0
