"""The batch engine agrees with the specification, pair by pair, and takes any population as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from identity.bootstrap import Service, Settings
from identity.engines.blocking import key_codes
from identity.engines.duckdb import DuckDBEngine
from identity.engines.population import populate
from identity.engines.stages import Stages
from identity.model.errors import ModelError
from identity.model.match import MatchModel
from identity.model.record import CANONICAL_ATTRIBUTES, NormalisedRecord, RecordKey, SourceRecord
from identity.ports import BatchEngine, Resolution
from identity.sample import write_sample
from identity.steps.block import block, blocking_parts
from identity.steps.compare import compare
from identity.steps.decide import decide
from identity.steps.normalise import feature_makers, normalise
from matching_rules.model_file import load_model, save_model

SERVICE = Service(Settings(threads=2))
Rows = list[dict[str, str | None]]
Resolve = Callable[..., Resolution]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(600, 3, folder, canonical=True, systems=False)
    table = pq.read_table(folder / "records.parquet")
    kept = {"source", "source_record_id", *CANONICAL_ATTRIBUTES}
    return table.select([name for name in table.column_names if name in kept])


@pytest.fixture(scope="module")
def resolution(records: pa.Table) -> Resolution:
    return resolve(records)


def resolve(
    records: pa.Table, model: MatchModel | None = None, engine: BatchEngine | None = None
) -> Resolution:
    return (engine or SERVICE.engine()).resolve(records, Stages(), model)


def normalised(records: pa.Table) -> dict[tuple[str, str], NormalisedRecord]:
    found = {}
    for row in records.to_pylist():
        key = RecordKey(row.pop("source"), row.pop("source_record_id"))
        told = {name: value for name, value in row.items() if value is not None}
        found[key.source, key.source_record_id] = normalise(SourceRecord(key, told))
    return found


def table(rows: Iterable[Mapping[str, str | None]]) -> pa.Table:
    """Records named shop:0, shop:1, … with the attributes that any of `rows` has."""
    written = list(rows)
    names = sorted({name for row in written for name in row})
    numbers = [f"{at:03}" for at in range(len(written))]
    columns: dict[str, list[str | None]] = {"source": ["shop"] * len(written), "source_record_id": [*numbers]}
    columns |= {name: [row.get(name) for row in written] for name in names}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def groups(found: Resolution) -> set[frozenset[str]]:
    members = defaultdict(set)
    for row in found.clusters.to_pylist():
        members[row["cluster"]].add(row["source"] + ":" + row["source_record_id"])
    return {frozenset(names) for names in members.values()}


def assert_weighed_as_specified(found: Resolution, records: pa.Table) -> None:
    by_key = normalised(records)
    for link in found.links.to_pylist():
        left = by_key[link["left_source"], link["left_id"]]
        right = by_key[link["right_source"], link["right_id"]]
        scored = compare(left, right, found.model, SERVICE.comparators)
        assert (scored.pair.left, scored.pair.right) == (left.key, right.key)
        assert link["match_weight"] == pytest.approx(scored.match_weight, abs=1e-9)
        assert link["judgement"] == decide(scored.match_weight, SERVICE.match_rules.thresholds)


def crowd(size: int, seed: int = 1) -> Rows:
    """People who have nothing in common but a common name here and there, each with two records."""
    random = Random(seed)
    given = ["maria", "peter", "aisha", "jan", "wei", "olga", "sven", "ines"]
    family = ["lopez", "smith", "khan", "novak", "chen", "berg", "rossi", "meyer", "silva", "kim"]
    people: Rows = []
    for number in range(size):
        person: dict[str, str | None] = {
            "given_name": random.choice(given),
            "family_name": random.choice(family),
            "birth_date": f"{random.randint(1940, 2005)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            "phone": f"212{random.randint(2_000_000, 9_999_999)}",
            "email": f"{random.choice(family)}{number * 7919 % 9973}@acme{number % 13}.example",
        }
        people += [person, dict(person)]
    return people


def test_every_reported_weight_is_what_the_specification_says(
    records: pa.Table, resolution: Resolution
) -> None:
    assert resolution.links.num_rows > 500
    assert_weighed_as_specified(resolution, records)


def test_links_come_once_a_pair_in_key_order_and_from_the_review_threshold_up(resolution: Resolution) -> None:
    pairs = [
        (link["left_source"], link["left_id"], link["right_source"], link["right_id"])
        for link in resolution.links.to_pylist()
    ]
    assert pairs == sorted(set(pairs))
    assert all(pair[:2] < pair[2:] for pair in pairs)
    assert min(resolution.links["match_weight"].to_pylist()) >= SERVICE.match_rules.thresholds.review


def test_every_record_is_in_one_cluster_and_rows_are_in_key_order(
    records: pa.Table, resolution: Resolution
) -> None:
    keys = [(row["source"], row["source_record_id"]) for row in resolution.clusters.to_pylist()]
    assert keys == sorted(
        zip(records["source"].to_pylist(), records["source_record_id"].to_pylist(), strict=True)
    )


def test_a_population_and_a_single_record_are_filed_alike(records: pa.Table) -> None:
    rules, parts = SERVICE.match_rules.blocking, blocking_parts(SERVICE.nicknames)
    population = populate(records, feature_makers())
    codes = key_codes(population, rules, parts)
    by_key = normalised(records)
    filed = [
        block(by_key[row["source"], row["source_record_id"]], rules, parts)
        for row in population.keys.to_pylist()
    ]
    for key in rules:
        texts = [record.get(key.name) for record in filed]
        numbers = [None if code < 0 else int(code) for code in codes[key.name].tolist()]
        assert [number is None for number in numbers] == [text is None for text in texts]
        shared = set(zip(numbers, texts, strict=True))
        assert len(shared) == len({number for number, _ in shared}) == len({text for _, text in shared})


def test_the_order_of_the_rows_does_not_matter(records: pa.Table, resolution: Resolution) -> None:
    order = list(range(records.num_rows))
    Random(5).shuffle(order)
    shuffled = resolve(records.take(order))
    assert shuffled.clusters.equals(resolution.clusters)
    assert shuffled.links.equals(resolution.links)
    assert shuffled.model.version == resolution.model.version


def test_the_number_of_threads_does_not_matter(records: pa.Table, resolution: Resolution) -> None:
    alone = resolve(records, engine=Service(Settings(threads=1)).engine())
    assert alone.clusters.equals(resolution.clusters)
    assert alone.links.equals(resolution.links)


def test_a_model_saved_and_read_again_judges_as_it_did_when_trained(
    records: pa.Table, resolution: Resolution, tmp_path: Path
) -> None:
    save_model(resolution.model, tmp_path / "model.json")
    reloaded = resolve(records, load_model(tmp_path / "model.json", SERVICE.match_rules))
    assert not reloaded.trained_now
    assert reloaded.clusters.equals(resolution.clusters)
    assert reloaded.links.equals(resolution.links)


def test_a_column_that_is_absent_empty_or_constant_drops_out() -> None:
    people = crowd(60)
    for person in people:
        person |= {"city": "Boston", "gender": None, "tax_id": "n/a"}
    found = resolve(table(people))
    compared = {comparison.name for factor in found.model.factors for comparison in factor.comparisons}
    assert compared == {"given_name", "family_name", "birth_date", "email", "phone"}
    without = resolve(table([{name: person[name] for name in sorted(compared)} for person in people]))
    assert groups(without) == groups(found)


def test_records_of_one_person_are_found_and_strangers_are_not_joined() -> None:
    found = resolve(table(crowd(60)))
    assert groups(found) == {frozenset({f"shop:{at:03}", f"shop:{at + 1:03}"}) for at in range(0, 120, 2)}


@pytest.mark.parametrize(
    "people",
    [
        [{"region": "MA"}, {"region": "NY"}],
        [{"given_name": None}, {"given_name": ""}],
        [{"email": "test@test.com"}, {"phone": "0000000000"}],
        [{}, {}],
    ],
)
def test_records_without_anything_to_compare_are_refused_by_number(people: Rows) -> None:
    with pytest.raises(ModelError) as caught:
        resolve(table(people))
    assert caught.value.code == "E602"
    assert "given_name" in caught.value.remedy


def test_a_model_that_wants_what_the_records_lack_is_refused_by_number(resolution: Resolution) -> None:
    with pytest.raises(ModelError) as caught:
        resolve(table([{"email": "a@acme.example"}, {"email": "b@acme.example"}]), resolution.model)
    assert caught.value.code == "E601"
    assert "given_name" in caught.value.message


ANNA: dict[str, str | None] = {
    "given_name": "Anna",
    "family_name": "Zywicka",
    "email": "anna@zywicka.example",
    "birth_date": "1985-03-04",
}


def test_a_single_record_is_a_cluster_of_its_own() -> None:
    found = resolve(table([ANNA]))
    assert groups(found) == {frozenset({"shop:000"})}
    assert found.links.num_rows == 0


def test_two_identical_records_are_a_population_too() -> None:
    found = resolve(table([ANNA, ANNA]))
    assert found.clusters.num_rows == 2


def test_a_few_records_are_a_population_too() -> None:
    other: dict[str, str | None] = {"given_name": "Wei", "family_name": "Chen", "email": "wei@chen.example"}
    found = resolve(table([ANNA, ANNA, other]))
    assert frozenset({"shop:002"}) in groups(found)


def test_a_model_judges_a_single_record_and_two_identical_ones(
    records: pa.Table, resolution: Resolution
) -> None:
    one = records.slice(0, 1)
    twin = one.set_column(1, "source_record_id", pa.array(["twin"], pa.string()))
    assert resolve(one, resolution.model).clusters.num_rows == 1
    assert len(groups(resolve(pa.concat_tables([one, twin]), resolution.model))) == 1


def test_an_empty_table_with_a_model_has_no_clusters_and_without_one_is_refused_by_number(
    records: pa.Table, resolution: Resolution
) -> None:
    empty = records.slice(0, 0)
    assert resolve(empty, resolution.model).clusters.num_rows == 0
    with pytest.raises(ModelError):
        resolve(empty)


def test_a_phone_of_forty_differently_named_people_is_nobodys() -> None:
    people = crowd(40)
    for at, person in enumerate(people):
        person |= {
            "phone": "212-555-0142",
            "family_name": f"Family{'abcdefghij'[at // 2 % 10]}{'klmn'[at // 20]}",
        }
        if at % 2:
            person["email"] = None
    found = resolve(table(people))
    assert found.generic == {"phone": ("2125550142",)}
    assert "phone" not in {factor.name for factor in found.model.factors}
    numbers = {
        name: at // 2 for at, name in enumerate(sorted(name for group in groups(found) for name in group))
    }
    assert all(len({numbers[name] for name in group}) == 1 for group in groups(found))


def test_a_phone_of_one_family_stays_evidence() -> None:
    people = crowd(40)
    for person in people[:6]:
        person |= {"phone": "212-555-0142", "family_name": "Zywicka"}
    assert resolve(table(people)).generic == {}


@pytest.mark.parametrize(
    "trouble",
    [
        {"birth_date": "١٩٨٥-٠٣-٠٤"},
        {"birth_date": "1 Jan 0985"},
        {"birth_date": "0000-00-00"},
        {"email": "@"},
        {"phone": "٢١٢٥٥٥٠١٤٢"},
        {"given_name": "\u200b", "family_name": "'"},
        {"street_address": "#", "city": "-", "postcode": "-"},
        {"family_name": "x" * 5000},
        {"given_name": "\U0001f600", "family_name": "𝐀𝐧𝐧𝐚"},
    ],
)
def test_one_strange_value_spoils_nothing_for_the_others(trouble: dict[str, str | None]) -> None:
    people = crowd(40)
    for person in people[1::2]:
        person["birth_date"] = f"{person['birth_date']}"[:-1] + "0"
    strange = {**people[0], **trouble}
    records = table([strange, dict(strange), *people])
    found = resolve(records)
    assert groups(found) >= {frozenset({f"shop:{at:03}", f"shop:{at + 1:03}"}) for at in range(4, 82, 2)}
    assert_weighed_as_specified(found, records)


def test_rules_with_a_neutral_exact_level_weigh_the_same_in_both_engines(records: pa.Table) -> None:
    rules = SERVICE.match_rules
    neutral = tuple(
        replace(comparison, neutral=frozenset({1})) if comparison.name == "email" else comparison
        for comparison in rules.comparisons
    )
    engine = DuckDBEngine(replace(rules, comparisons=neutral), SERVICE.nicknames)
    sample = records.slice(0, 300)
    assert_weighed_as_specified(resolve(sample, engine=engine), sample)
