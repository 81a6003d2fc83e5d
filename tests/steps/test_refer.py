"""What is to be written to the ERP, and where it differs from what is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.model.cluster import GoldenId
from identity.model.erp import AccountDrift, DriftKind, ErpAccount
from identity.steps.refer import Wish, Writing, drifts, refer

ONE, OTHER = GoldenId("g1"), GoldenId("g2")
APPROVED = ("email", "phone")
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def account(number: str = "A1", *references: GoldenId, **told: Any) -> ErpAccount:
    return ErpAccount(number, told.pop("active", True), references, DAY, **told)


def written(wish: Wish, found: ErpAccount) -> tuple[Writing, ...]:
    return refer([wish], {found.number: found}, APPROVED)


@pytest.mark.parametrize("references", [(), (OTHER,), (ONE, OTHER), (ONE, ONE)])
def test_a_reference_that_is_not_the_one_is_written(references: tuple[GoldenId, ...]) -> None:
    assert written(Wish("A1", ONE), account("A1", *references)) == (Writing("A1", ONE),)


def test_what_is_as_it_should_be_is_left_alone() -> None:
    told = {"email": "ines@home.example", "phone": "+1 212 555 0143"}
    wish = Wish("A1", ONE, {"email": "Ines@Home.example", "phone": "(212) 555-0143", "tax_id": "1"})
    assert written(wish, account("A1", ONE, told=told)) == ()
    assert written(wish, account("A1", ONE, attributes=told)) == ()


def test_nobodys_account_loses_what_it_was_told() -> None:
    told = {"email": "ines@home.example"}
    assert written(Wish("A1", None), account("A1", ONE)) == (Writing("A1", clear=True),)
    assert written(Wish("A1", None), account("A1", told=told)) == (Writing("A1", attributes={}),)
    assert written(Wish("A1", None), account("A1")) == ()


def test_an_account_out_of_use_only_loses_its_reference() -> None:
    wish = Wish("A1", ONE, {"email": "ines@home.example"})
    assert written(wish, account("A1", OTHER, active=False)) == (Writing("A1", clear=True),)
    assert written(wish, account("A1", active=False)) == ()
    assert refer([wish], {}, APPROVED) == ()


def test_only_approved_attributes_are_told_and_only_where_the_erp_does_not_know_them() -> None:
    wish = Wish("A1", ONE, {"email": "ines@home.example", "full_name": "Ines Ortega", "phone": ""})
    own = {"email": "ines@work.example", "full_name": "I. Ortega"}
    assert written(wish, account("A1", ONE, attributes=own)) == (
        Writing("A1", attributes={"email": "ines@home.example"}),
    )
    assert refer([wish], {"A1": account("A1", ONE, attributes=own)}, ()) == ()
    (named,) = refer([wish], {"A1": account("A1", ONE, attributes=own)}, ("full_name",))
    assert named.attributes == {"full_name": "Ines Ortega"}


def test_what_an_account_was_told_and_is_so_no_more_is_taken_back() -> None:
    found = account("A1", ONE, told={"email": "ines@old.example"})
    assert written(Wish("A1", ONE), found) == (Writing("A1", attributes={}),)


IDS = st.sampled_from([GoldenId(f"g{each}") for each in range(4)])
VALUES = st.dictionaries(st.sampled_from(APPROVED), st.sampled_from(["a@b.example", "+12125550143", "x"]))
ACCOUNTS = st.builds(
    ErpAccount,
    number=st.sampled_from(["A1", "A2", "A3"]),
    active=st.booleans(),
    references=st.lists(IDS, max_size=3).map(tuple),
    changed_at=st.just(DAY),
    attributes=VALUES,
    told=VALUES,
)
WISHES = st.builds(Wish, st.sampled_from(["A1", "A2", "A3", "A4"]), st.none() | IDS, VALUES)


def carried_out(found: ErpAccount, writing: Writing) -> ErpAccount:
    """The account after a writing, as the ERP keeps it: what it knows itself it is not told again."""
    references = () if writing.clear else found.references
    if writing.golden_id is not None:
        references = (writing.golden_id,)
    told: Mapping[str, str] = found.told
    if writing.attributes is not None:
        told = {
            name: value for name, value in writing.attributes.items() if found.attributes.get(name) != value
        }
    return replace(found, references=references, told=told)


@given(st.lists(WISHES, unique_by=lambda wish: wish.number), st.lists(ACCOUNTS, unique_by=lambda a: a.number))
def test_once_everything_is_written_nothing_is_to_be_written(
    wishes: list[Wish], accounts: list[ErpAccount]
) -> None:
    held = {each.number: each for each in accounts}
    writings = refer(wishes, held, APPROVED)
    after = held | {each.number: carried_out(held[each.number], each) for each in writings}
    assert refer(wishes, after, APPROVED) == ()
    known = {wish.number: wish for wish in wishes}
    assert writings == refer(reversed(wishes), held, APPROVED)
    left = {drift.kind for drift in drifts(known, [after[n] for n in known if n in after], {}, APPROVED)}
    assert left <= {DriftKind.NO_ACCOUNT, DriftKind.INACTIVE_ACCOUNT}


@given(st.lists(WISHES, unique_by=lambda wish: wish.number), st.lists(ACCOUNTS, unique_by=lambda a: a.number))
def test_what_is_to_be_written_to_an_account_in_use_is_drift_and_the_other_way_round(
    wishes: list[Wish], accounts: list[ErpAccount]
) -> None:
    known = {wish.number: wish for wish in wishes}
    in_use = {each.number: each for each in accounts if each.active and each.number in known}
    found = {drift.number for drift in drifts(known, in_use.values(), {}, APPROVED)} & in_use.keys()
    assert found == {writing.number for writing in refer(wishes, in_use, APPROVED)}


def test_drift_says_what_is_wrong_and_names_no_values() -> None:
    wishes = {
        number: Wish(number, ONE, {"email": "ines@home.example"})
        for number in ("none", "several", "retired", "other", "told", "away", "gone", "replaced")
    }
    good = {"email": "ines@home.example"}
    accounts = [
        account("none", attributes=good),
        account("several", ONE, OTHER, attributes=good),
        account("retired", GoldenId("g3"), attributes=good),
        account("other", OTHER, attributes=good),
        account("told", ONE, told={"email": "x@home.example"}),
        account("gone", active=False),
        account("replaced", active=False, replaced_by="told"),
        account("stray", ONE),
        account("fine"),
    ]
    assert list(drifts(wishes, accounts, {GoldenId("g3"): ONE}, APPROVED)) == [
        AccountDrift("none", DriftKind.NO_REFERENCE, ONE),
        AccountDrift("several", DriftKind.SEVERAL_REFERENCES, ONE, (ONE, OTHER)),
        AccountDrift("retired", DriftKind.RETIRED_REFERENCE, ONE, (GoldenId("g3"),)),
        AccountDrift("other", DriftKind.OTHER_REFERENCE, ONE, (OTHER,)),
        AccountDrift("told", DriftKind.ATTRIBUTES, ONE, (ONE,), ("email",)),
        AccountDrift("gone", DriftKind.INACTIVE_ACCOUNT, ONE),
        AccountDrift("stray", DriftKind.STRAY_REFERENCE, None, (ONE,)),
        AccountDrift("away", DriftKind.NO_ACCOUNT, ONE),
    ]
