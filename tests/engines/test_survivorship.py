"""The population engine says what the specification says, value by value and rule by rule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.engines.election import MEASURES as ENGINE_MEASURES
from identity.engines.survivorship import survive_population
from identity.model.golden import GoldenProfile
from identity.model.policy import AttributePolicy, SurvivorshipPolicy
from identity.model.record import RecordKey, SourceRecord
from identity.steps.survive import MEASURES, attributes_text, consents_text, fingerprint, survive
from matching_rules.survivorship import load_survivorship_policy

POLICY = replace(
    load_survivorship_policy(Path("matching_rules/customer.survivorship.yml")),
    trust={"erp": 90, "loyalty": 70, "ecom": 50, "pos": 50},
)
Member = tuple[str, SourceRecord]
CONNECTION = duckdb.connect(config={"threads": 1})

VALUES = {
    "given_name": [
        "José",
        "jose",
        "JOSE",
        "Jose\u0301",
        "J",
        "j.",
        "unknown",
        "Ñ",
        "o'neil",
        "Straße",
        "STRASSE",
        "x",
    ],
    "birth_date": [
        "1985-05-02",
        "1985-01-01",
        "1900-01-01",
        "1985-02-30",
        "2000-02-29",
        "1900-02-29",
        "02/05/1985",
    ],
    "email": ["a@b.com", "A@B.com", "test@test.com", "a@b", "á@b.com", "no-reply@shop.com", 'a"b\\@c.com'],
    "phone": ["+14155550100", "(415) 555-0100", "4155550199", "0000000000", "n/a", "-", "123"],
    "street_address": ["1 Main St", "1  MAIN ST", "Calle Peña 2", "unknown", " "],
    "city": ["Austin", "AUSTIN", "X", "León"],
    "country": ["US", "us", "N/A"],
    "tax_id": ["T1", "T2", "000000"],
    "shoe_size": ["41", "42", "n/a", "41\x01", "talla\n41"],
}
STATUSES = ["granted", "denied", "withdrawn", "objected", "unknown", "perhaps"]
MOMENTS = [
    None,
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2024, 1, 1, 12, 30, 5, 120000, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 7, tzinfo=UTC),
]


def attribute_values() -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
    )


@st.composite
def populations(draw: st.DrawFn) -> list[Member]:
    keys = st.builds(
        RecordKey, st.sampled_from(["erp", "loyalty", "ecom", "pos"]), st.sampled_from('abcdé9"')
    )
    members: list[Member] = []
    for key in draw(st.lists(keys, max_size=12, unique=True)):
        record = SourceRecord(
            key=key,
            attributes=draw(attribute_values()),
            observed_at=draw(st.sampled_from(MOMENTS)),
            consents=draw(
                st.dictionaries(
                    st.sampled_from(["marketing.email", "ads.web", "a/b~c.d"]), st.sampled_from(STATUSES)
                )
            ),
        )
        members.append((draw(st.sampled_from(["g1", "g2", "g3"])), record))
    return members


@st.composite
def policies(draw: st.DrawFn) -> SurvivorshipPolicy:
    criteria = st.lists(st.sampled_from(sorted(set(MEASURES) - {"real_value"})), min_size=1, unique=True).map(
        tuple
    )
    together = draw(st.sampled_from([(), ("street_address", "city", "country", "region")]))
    address = (
        [replace(_policy_of("street_address"), together=together, criteria=draw(criteria))]
        if together
        else []
    )
    names = ["given_name", "birth_date", "email", "phone", "tax_id"]
    single = [replace(_policy_of(name), criteria=draw(criteria)) for name in names]
    return SurvivorshipPolicy((*single, *address), draw(st.sampled_from([{}, POLICY.trust])), POLICY.default)


def _policy_of(attribute: str) -> AttributePolicy:
    return next(policy for policy in POLICY.attributes if attribute in policy.attributes)


def tables(members: Sequence[Member]) -> tuple[pa.Table, pa.Table]:
    rows = [_row(record) for _, record in members]
    columns = ["source", "source_record_id", "observed_at", "consents", *VALUES]
    records = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})
    keys = {name: records[name] for name in ("source", "source_record_id")}
    golden_ids = pa.array([golden_id for golden_id, _ in members], pa.string())
    return records, pa.table({**keys, "golden_id": golden_ids})


def _row(record: SourceRecord) -> dict[str, str | None]:
    consents = {
        name: {"status": status, "captured_at": "2024-01-01"} for name, status in record.consents.items()
    }
    return {
        **record.attributes,
        "source": record.key.source,
        "source_record_id": record.key.source_record_id,
        "observed_at": record.observed_at.isoformat() if record.observed_at else None,
        "consents": json.dumps(consents) if consents else None,
    }


def population_rows(
    members: Sequence[Member], policy: SurvivorshipPolicy, *, flat: bool = False
) -> list[dict[str, object]]:
    with CONNECTION.cursor() as connection:
        rows: list[dict[str, object]] = survive_population(
            connection, *tables(members), policy, flat=flat
        ).to_pylist()
    return rows


def specified_rows(members: Sequence[Member], policy: SurvivorshipPolicy) -> list[Mapping[str, object]]:
    by_golden_id = groupby(sorted(members, key=lambda member: member[0]), key=lambda member: member[0])
    return [
        _specified(survive(golden_id, [record for _, record in group], policy))
        for golden_id, group in by_golden_id
    ]


def _specified(profile: GoldenProfile) -> Mapping[str, object]:
    return {
        "golden_id": profile.golden_id,
        "attributes": attributes_text(profile),
        "consents": consents_text(profile),
        "record_count": len(profile.records),
        "fingerprint": fingerprint(profile),
    }


@settings(max_examples=80, deadline=None)
@given(populations(), policies() | st.just(POLICY))
def test_both_engines_choose_the_same_values_for_the_same_reasons(
    members: list[Member], policy: SurvivorshipPolicy
) -> None:
    assert population_rows(members, policy) == specified_rows(members, policy)


@settings(max_examples=15, deadline=None)
@given(populations(), st.randoms(use_true_random=False))
def test_a_population_does_not_depend_on_the_order_of_its_records(
    members: list[Member], chance: Random
) -> None:
    shuffled = sorted(members, key=lambda _: chance.random())
    assert population_rows(shuffled, POLICY) == population_rows(members, POLICY)


def test_both_engines_know_the_same_criteria() -> None:
    assert set(ENGINE_MEASURES) == set(MEASURES)


def test_flat_columns_repeat_the_golden_values() -> None:
    ana = SourceRecord(RecordKey("pos", "1"), {"given_name": "Ana", "shoe_size": "41"})
    [row] = population_rows([("g1", ana)], POLICY, flat=True)
    assert (row["given_name"], row["shoe_size"], row["email"]) == ("Ana", "41", None)
    assert list(row)[:5] == ["golden_id", "attributes", "consents", "record_count", "fingerprint"]


def test_a_connection_serves_one_population_after_the_other() -> None:
    ana = SourceRecord(RecordKey("pos", "1"), {"given_name": "Ana"})
    with CONNECTION.cursor() as connection:
        first, second = (survive_population(connection, *tables([("g1", ana)]), POLICY) for _ in range(2))
    assert first.equals(second)


def test_records_and_memberships_without_a_counterpart_are_left_out() -> None:
    ana, eva = (SourceRecord(RecordKey("pos", name), {"given_name": name}) for name in ("ana", "eva"))
    records, memberships = tables([("g1", ana), ("g2", eva)])
    with CONNECTION.cursor() as connection:
        assert survive_population(connection, records[:1], memberships, POLICY)["golden_id"].to_pylist() == [
            "g1"
        ]
        assert survive_population(connection, records, memberships[1:], POLICY)["golden_id"].to_pylist() == [
            "g2"
        ]


@pytest.mark.parametrize("columns", [["source", "source_record_id"], ["source", "source_record_id", "email"]])
def test_optional_columns_may_be_missing(columns: list[str]) -> None:
    ana = SourceRecord(RecordKey("pos", "1"), {"email": "ana@mail.com"}, consents={"ads.web": "granted"})
    records, memberships = tables([("g1", ana)])
    with CONNECTION.cursor() as connection:
        [row] = survive_population(connection, records.select(columns), memberships, POLICY).to_pylist()
    assert list(json.loads(row["attributes"])) == columns[2:]
    assert row["consents"] == "{}"
