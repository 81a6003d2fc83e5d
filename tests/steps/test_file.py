"""Where a record is filed: under numbers that say nothing, the same for the same values and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.comparators import Nicknames
from identity.features.digests import keyed_digest
from identity.model.match import BlockingKey, MatchRules
from identity.model.record import NormalisedRecord, RecordKey
from identity.steps.block import block, blocking_parts
from identity.steps.file import FACTORS, IDENTIFIERS, Cabinet, cabinet, file, hold, signed

KEYS = (
    BlockingKey("phone", ("phone",), 12),
    BlockingKey("names", ("given_name", "family_name"), 20),
    BlockingKey("names either way", ("given_name", "family_name"), 30, unordered=True),
)
ANA = {"given_name": "ana", "family_name": "li", "phone": "2125550142"}
SECRET = keyed_digest(b"a secret of the tests")


@pytest.fixture(scope="module")
def into() -> Cabinet:
    return cabinet(KEYS, blocking_parts(Nicknames.of([])), ["phone", "email"], SECRET)


def test_a_record_is_in_the_block_of_each_key_of_which_it_has_every_part(into: Cabinet) -> None:
    assert sorted(file(ANA, into).values()) == [12, 20, 30]
    assert list(file({"phone": ANA["phone"]}, into).values()) == [12]
    assert file({"given_name": "ana"}, into) == {}
    assert file({}, into) == {}
    assert file({**ANA, "family_name": ""}, into) == file({"phone": ANA["phone"]}, into)


def test_what_a_key_does_not_ask_for_does_not_matter(into: Cabinet) -> None:
    assert file({**ANA, "city": "boston", "gender": "f"}, into) == file(ANA, into)


FEATURES = st.fixed_dictionaries(
    {},
    optional={
        "given_name": st.sampled_from(["ana", "anna", "bob", "robert", "li", "ø"]),
        "family_name": st.sampled_from(["li", "lee", "lopez", "garcia lopez", "ana"]),
        "birth_date": st.sampled_from(["19850304", "19850403?", "19720611"]),
        "email": st.sampled_from(["ana@li.example", "ana@gmail.com", "bob@li.example"]),
        "phone": st.sampled_from(["2125550142", "3015550142"]),
        "address": st.sampled_from(["12|main st", "|main st"]),
        "postcode": st.sampled_from(["02134", "02135"]),
        "city": st.sampled_from(["boston", "bostn"]),
    },
)


@given(ours=FEATURES, theirs=FEATURES)
def test_two_records_share_the_blocks_of_the_keys_under_which_they_have_one_value(
    rules: MatchRules, nicknames: Nicknames, ours: dict[str, str], theirs: dict[str, str]
) -> None:
    parts = blocking_parts(nicknames)
    shipped = cabinet(rules.blocking, parts, rules.generic_limits, SECRET)
    one, other = (
        block(NormalisedRecord(RecordKey("pos", "1"), told), rules.blocking, parts) for told in (ours, theirs)
    )
    shared = {name for name, value in one.items() if other.get(name) == value}
    assert len(file(ours, shipped).keys() & file(theirs, shipped).keys()) == len(shared)


def test_names_the_wrong_way_round_share_the_block_that_has_no_order(into: Cabinet) -> None:
    turned = {"given_name": "li", "family_name": "ana"}
    shared = file(ANA, into).keys() & file(turned, into).keys()
    assert [file(turned, into)[block] for block in shared] == [30]


def test_two_keys_of_the_same_parts_are_two_blocks(into: Cabinet) -> None:
    twice = replace(into, keys=(into.keys[0], (into.keys[0][0], into.digest("block\x1fanother name"))))
    assert len(file({"phone": ANA["phone"]}, twice)) == 2


def test_equal_values_of_two_kinds_are_two_numbers(into: Cabinet) -> None:
    values, _ = hold({"tax_id": "abc123", "loyalty_id": "abc123"}, into)
    assert len(set(values.values())) == 2


def test_who_can_be_looked_up_holds_a_value_whether_it_is_limited_or_not(into: Cabinet) -> None:
    assert into.kinds.keys() == set(IDENTIFIERS)
    limited = cabinet(KEYS, blocking_parts(Nicknames.of([])), ["city"], SECRET)
    assert limited.kinds.keys() == {*IDENTIFIERS, "city"}


@pytest.mark.parametrize(
    ("features", "same_as_ana"),
    [
        ({"given_name": "anna", "family_name": "li"}, True),
        ({"given_name": "a", "family_name": "li"}, True),
        ({"given_name": "bo", "family_name": "li"}, False),
        ({"given_name": "ana", "family_name": "lin"}, False),
    ],
)
def test_a_value_is_held_under_family_name_and_initial(
    into: Cabinet, features: dict[str, str], same_as_ana: bool
) -> None:
    assert (hold(features, into)[1] == hold(ANA, into)[1]) is same_as_ana


def test_half_a_name_is_none(into: Cabinet) -> None:
    for features in (
        {"given_name": "ana"},
        {"family_name": "li"},
        {"given_name": "", "family_name": "li"},
        {},
    ):
        assert hold(features, into)[1] is None


def test_without_the_secret_nobody_can_try_values_out(into: Cabinet) -> None:
    others = cabinet(KEYS, blocking_parts(Nicknames.of([])), ["phone"], keyed_digest(b"another secret"))
    assert not file(ANA, into).keys() & file(ANA, others).keys()
    assert hold(ANA, into)[0]["phone"] != hold(ANA, others)[0]["phone"]
    assert hold(ANA, into)[1] != hold(ANA, others)[1]


@given(st.integers())
def test_a_number_is_held_as_databases_hold_it(number: int) -> None:
    held = signed(number)
    assert -(2**63) <= held < 2**63
    assert (held - number) % 2**64 == 0


def test_the_shipped_rules_have_a_factor_for_each_part_of_a_key(rules: MatchRules) -> None:
    assert max(len(key.parts) for key in rules.blocking) <= len(FACTORS)
    assert len(set(FACTORS)) == len(FACTORS)
    assert all(factor % 2 for factor in FACTORS)
