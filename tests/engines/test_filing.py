"""A population's place in the index, column by column, is what the specification says of each of its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.bootstrap import Service, Settings
from identity.engines.filing import Filings
from identity.engines.generic import demote_generic_values
from identity.engines.population import populate
from identity.features.digests import keyed_digest
from identity.features.packing import SEPARATOR, pack_features, unpack_features
from identity.model.match import BlockingKey
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.model.vocabulary import BLOCKING_PARTS, FEATURES
from identity.steps.block import blocking_parts
from identity.steps.file import Cabinet, cabinet, file, hold
from identity.steps.normalise import feature_makers, normalise

SERVICE = Service(Settings())
CUSTOM = ("shoe_size",)
NAMES = (*FEATURES, *CUSTOM)
LIMITS = {"phone": 1, "email": 1, "tax_id": 1, "city": 2}
# A key of every part, alone and with others, in order and in any order.
KEYS = (
    *SERVICE.match_rules.blocking,
    *(BlockingKey(f"{part} alone", (part,), 5) for part in BLOCKING_PARTS),
    BlockingKey("either", ("given_name", "family_name"), 7, unordered=True),
    BlockingKey("in order", ("given_name", "family_name"), 7),
    BlockingKey("of three", ("given_sound", "family_sound", "city"), 9),
    BlockingKey("of four", ("birth_day", "postcode", "given_prefix", "family_suffix"), 9),
)
CABINET = cabinet(KEYS, blocking_parts(SERVICE.nicknames), LIMITS, keyed_digest(b"a secret of the tests"))

Told = Mapping[str, str | None]
FEW: dict[str, list[str]] = {
    "given_name": ["Ana", "Anna", "Bob", "Robert", "José", "\x1f", "Ø"],
    "family_name": ["Li", "López", "Lopez", "O'Brien", "van der Berg", "😀"],
    "full_name": ["Ana Li", "Li, Ana", "Dr Bob Lopez Jr", "x"],
    "birth_date": ["1985-03-04", "03/04/1985", "1985-02-31", "1900-01-01", "4 Mar 1985"],
    "email": ["a@li.example", "A@LI.example", "a+b@li.example", "info@x.example", "a\x1fb@x.example", "test@x.example"],
    "phone": ["2125550142", "(212) 555-0142", "+49 30 123456", "0000000"],
    "street_address": ["12 Main St", "Main Street 12", "Hauptstr. 12 a", "#4 12 Main", "PO Box 7"],
    "city": ["Boston", "boston ", "Saint Louis", "n/a"],
    "postcode": ["02134", "2134", "SW1A 1AA", "00000"],
    "country": ["US", "Germany", "GB"],
    "gender": ["f", "M", "x"],
    "tax_id": ["ABC-123", "abc123", "111"],
    "loyalty_id": ["L-700", "l700"],
    "shoe_size": ["44", "44 ", "forty-four"],
}  # fmt: skip
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUE = {name: st.one_of(st.none(), st.sampled_from(few), ANYTHING) for name, few in FEW.items()}
RECORD = st.fixed_dictionaries({}, optional=VALUE)


def population(told: Sequence[Told], columns: Sequence[str]) -> pa.Table:
    table = {"source": ["shop"] * len(told), "source_record_id": [f"{at:03}" for at in range(len(told))]}
    return pa.table(
        {name: pa.array(values, pa.string()) for name, values in table.items()}
        | {name: pa.array([record.get(name) for record in told], pa.string()) for name in columns}
    )


def filed_as_specified(told: Sequence[Told], columns: Sequence[str], into: Cabinet) -> None:
    raw = populate(population(told, columns), feature_makers(CUSTOM))
    kept, generic = demote_generic_values(raw, LIMITS)
    filings = Filings(kept, raw, into, NAMES)
    places = np.arange(len(told), dtype=np.int64)
    blocks, filed = (column.tolist() for column in filings.blocks(places))
    values, holders, names, named = (column.tolist() for column in filings.holdings(places))
    texts = filings.features().to_pylist()
    assert (blocks, values) == (sorted(blocks), sorted(values))
    known = {
        name: [(record.get(name) or "") if name in columns else "" for record in told]
        for name in (*CANONICAL_ATTRIBUTES, *CUSTOM)
    }
    numbers = set(filings.generic(generic))
    for place in range(len(told)):
        record = {name: column[place] for name, column in known.items() if column[place]}
        raw_features = normalise(SourceRecord(RecordKey("shop", str(place)), record), CUSTOM).features
        features = {n: v for n, v in raw_features.items() if v not in generic.get(n, ())}
        held, name = hold(raw_features, into)
        assert sorted(b for b, p in zip(blocks, filed, strict=True) if p == place) == sorted(
            file(features, into)
        )
        assert sorted(v for v, p in zip(values, holders, strict=True) if p == place) == sorted(held.values())
        assert {
            n if is_named else None
            for n, is_named, p in zip(names, named, holders, strict=True)
            if p == place
        } <= {name}
        assert {kind for kind, value in held.items() if value in numbers} == {
            kind for kind in generic if raw_features.get(kind) in generic[kind]
        }
        assert texts[place] == pack_features(features, NAMES)
        assert unpack_features(texts[place], NAMES) == features


@settings(max_examples=80, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=8))
def test_any_population_is_filed_as_the_specification_says_of_each_record(told: list[Told]) -> None:
    filed_as_specified(told, list(FEW), CABINET)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(RECORD, min_size=1, max_size=5),
    st.sets(st.sampled_from(sorted(FEW)), max_size=6),
)
def test_so_it_is_where_columns_are_missing(told: list[Told], columns: set[str]) -> None:
    filed_as_specified(told, sorted(columns), CABINET)


def test_few_values_meet_in_blocks_and_are_generic_often_enough_to_be_tested() -> None:
    told = [{name: few[at % len(few)] for name, few in FEW.items()} for at in range(40)]
    raw = populate(population(told, list(FEW)), feature_makers(CUSTOM))
    kept, generic = demote_generic_values(raw, LIMITS)
    assert set(generic) == set(LIMITS)
    blocks, _ = Filings(kept, raw, CABINET, NAMES).blocks(np.arange(40, dtype=np.int64))
    assert len(np.unique(blocks)) < len(blocks) / 2
    filed_as_specified(told, list(FEW), CABINET)


def test_only_the_places_asked_for_are_told_and_by_their_numbers() -> None:
    told = [{name: few[at % len(few)] for name, few in FEW.items()} for at in range(20)]
    raw = populate(population(told, list(FEW)), feature_makers(CUSTOM))
    filings = Filings(demote_generic_values(raw, LIMITS)[0], raw, CABINET, NAMES)
    everybody, some = np.arange(20, dtype=np.int64), np.array([3, 7, 19], np.int64)
    for answer in (Filings.blocks, Filings.holdings):
        whole = zip(*(column.tolist() for column in answer(filings, everybody)), strict=True)
        part = zip(*(column.tolist() for column in answer(filings, some)), strict=True)
        assert sorted(part) == sorted(row for row in whole if row[1] in (3, 7, 19))


def test_another_secret_files_under_other_numbers() -> None:
    other = cabinet(KEYS, blocking_parts(SERVICE.nicknames), LIMITS, keyed_digest(b"another secret"))
    features = {"given_name": "ana", "family_name": "li", "phone": "2125550142"}
    assert file(features, CABINET)
    assert not file(features, CABINET).keys() & file(features, other).keys()
    assert not set(hold(features, CABINET)[0].values()) & set(hold(features, other)[0].values())


def test_a_feature_that_holds_the_separator_is_refused() -> None:
    with pytest.raises(ValueError, match="separator"):
        pack_features({"city": f"a{SEPARATOR}b"}, NAMES)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, ANYTHING)))
def test_packed_features_come_back(features: dict[str, str]) -> None:
    kept = {name: value.replace(SEPARATOR, "") for name, value in features.items()}
    assert unpack_features(pack_features(kept, NAMES), NAMES) == {n: v for n, v in kept.items() if v}
