"""Blocking keys: records that may be one person are filed under one value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.comparators import Nicknames
from identity.model.match import BlockingKey, MatchRules
from identity.model.record import NormalisedRecord, RecordKey
from identity.model.vocabulary import BLOCKING_PARTS, FEATURES
from identity.steps.block import block, blocking_parts

Normalised = Callable[..., NormalisedRecord]


def keys(record: NormalisedRecord, rules: MatchRules, nicknames: Nicknames) -> dict[str, str]:
    return block(record, rules.blocking, blocking_parts(nicknames))


def test_the_vocabulary_names_exactly_the_parts_there_are(nicknames: Nicknames) -> None:
    parts = blocking_parts(nicknames)
    assert set(parts) == set(BLOCKING_PARTS)
    assert {feature for feature, _ in parts.values()} <= set(FEATURES)


def test_a_key_with_a_missing_part_is_absent(
    rules: MatchRules, nicknames: Nicknames, normalised: Normalised
) -> None:
    assert keys(normalised("pos:1"), rules, nicknames) == {}
    filed = keys(normalised("pos:1", given_name="maria"), rules, nicknames)
    assert filed.keys() >= {"given_name", "given_prefix"}
    assert "names" not in filed
    assert "family_name" not in filed


def test_a_nickname_is_filed_under_the_formal_name(
    rules: MatchRules, nicknames: Nicknames, normalised: Normalised
) -> None:
    bill, william = (
        keys(normalised("pos:1", given_name=name, family_name="ng"), rules, nicknames)
        for name in ("bill", "william")
    )
    assert bill["formal_names"] == william["formal_names"]
    assert bill["full_names"] != william["full_names"]


@pytest.mark.parametrize(
    ("feature", "one", "other", "shared"),
    [
        ("given_name", "john", "johann", "given_prefix"),
        ("family_name", "smith", "smyth", "family_sound"),
        ("family_name", "garcia lopez", "lopez", "family_sound"),
        ("family_name", "ivanova", "ivanov", "family_prefix"),
        ("birth_date", "19850304", "19850403?", "birth_digits"),
        ("birth_date", "19850304", "19850304?", "birth_date"),
        ("birth_date", "19850304", "19720304", "birth_day"),
        ("email", "jdoe@gmail.com", "jdoe@acme.example", "email_local"),
        ("phone", "2125550142", "5550142", "phone_end"),
        ("postcode", "02134", "02139", "postcode_area"),
    ],
)
def test_spellings_of_one_value_share_a_key(
    rules: MatchRules,
    nicknames: Nicknames,
    normalised: Normalised,
    feature: str,
    one: str,
    other: str,
    shared: str,
) -> None:
    ours, theirs = (keys(normalised("pos:1", **{feature: value}), rules, nicknames) for value in (one, other))
    assert ours[shared] == theirs[shared]


@pytest.mark.parametrize(("given_name", "family"), [("maria", "lopez"), ("anna", "smith"), ("李", "王")])
def test_the_order_of_the_names_does_not_matter(
    rules: MatchRules, nicknames: Nicknames, normalised: Normalised, given_name: str, family: str
) -> None:
    straight = keys(normalised("pos:1", given_name=given_name, family_name=family), rules, nicknames)
    swapped = keys(normalised("pos:2", given_name=family, family_name=given_name), rules, nicknames)
    assert straight["names"] == swapped["names"]


def test_only_unordered_keys_forget_which_part_is_which(nicknames: Nicknames, normalised: Normalised) -> None:
    parts = ("given_name", "family_name")
    rule = (
        BlockingKey("ordered", parts, 20),
        BlockingKey("either", parts, 20, unordered=True),
    )
    one = block(normalised("a:1", given_name="maria", family_name="lopez"), rule, blocking_parts(nicknames))
    other = block(normalised("a:2", given_name="lopez", family_name="maria"), rule, blocking_parts(nicknames))
    assert one["either"] == other["either"]
    assert one["ordered"] != other["ordered"]


def test_a_house_number_is_part_of_an_address_and_a_street_without_one_is_no_house(
    rules: MatchRules, nicknames: Nicknames, normalised: Normalised
) -> None:
    filed = keys(normalised("pos:1", address="|main st", street="main st"), rules, nicknames)
    assert "house" not in filed


@settings(max_examples=80, deadline=None)
@given(
    values=st.dictionaries(
        st.sampled_from(FEATURES), st.text("aé1|@李 ", max_size=6).map(str.strip).filter(bool)
    )
)
def test_any_record_can_be_filed_and_no_key_is_empty(
    values: dict[str, str], rules: MatchRules, nicknames: Nicknames
) -> None:
    filed = keys(NormalisedRecord(RecordKey("pos", "1"), values), rules, nicknames)
    assert all(filed.values())
    assert set(filed) <= {key.name for key in rules.blocking}
