"""References to golden profiles on the accounts of a real Tryton: one on each, whoever writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from erp import Erp
from identity.connectors.erp import Tryton
from identity.connectors.remote import Refused
from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy, PartyMerge
from identity.ports.erp import ErpAccounts
from tests.erp.shop import Clerk, numbers, session, tryton

ONE, OTHER = GoldenId("g1111111111111111"), GoldenId("g2222222222222222")


def test_a_reference_is_written_once_replaced_and_cleared(accounts: ErpAccounts, someone: Clerk) -> None:
    number = someone.open()
    assert accounts.reference_of(number) is None
    assert accounts.write_reference(number, ONE)
    assert not accounts.write_reference(number, ONE)
    assert someone.identifiers(number) == [f"golden:{ONE}"]
    assert accounts.write_reference(number, OTHER)
    assert (accounts.reference_of(number), someone.identifiers(number)) == (OTHER, [f"golden:{OTHER}"])
    assert accounts.clear_reference(number)
    assert not accounts.clear_reference(number)
    assert someone.identifiers(number) == []


def test_several_accounts_may_be_one_persons(accounts: ErpAccounts, someone: Clerk) -> None:
    one, other = someone.open(), someone.open()
    assert all(accounts.write_reference(number, ONE) for number in (one, other))
    assert [accounts.reference_of(number) for number in (one, other)] == [ONE, ONE]


def test_identifiers_of_others_are_left_alone(accounts: ErpAccounts, someone: Clerk) -> None:
    number = someone.open(identifiers=[["create", [{"code": "GOLD-1"}, {"code": "goldenhair:7"}]]])
    accounts.write_reference(number, ONE)
    accounts.write_reference(number, OTHER)
    assert someone.identifiers(number) == ["GOLD-1", f"golden:{OTHER}", "goldenhair:7"]
    accounts.clear_reference(number)
    assert someone.identifiers(number) == ["GOLD-1", "goldenhair:7"]


@pytest.mark.parametrize("codes", [(ONE, OTHER), (ONE, ONE), (OTHER, OTHER), (OTHER, ONE, ONE)])
def test_what_the_erp_does_not_enforce_is_repaired(
    accounts: ErpAccounts, someone: Clerk, codes: tuple[str, ...]
) -> None:
    number = someone.open()
    for code in codes:
        someone.add_identifier(number, f"golden:{code}")
    assert accounts.reference_of(number) is None
    assert accounts.account(number).references == codes
    assert accounts.write_reference(number, ONE)
    assert someone.identifiers(number) == [f"golden:{ONE}"]


def test_of_writers_at_once_one_reference_is_left(erp: Erp, someone: Clerk) -> None:
    number, start = someone.open(), Barrier(6)
    wished = [GoldenId(f"g{each:016}") for each in range(6)]

    def write(golden_id: GoldenId) -> None:
        with tryton(erp) as accounts:
            accounts.account(number)
            start.wait()
            accounts.write_reference(number, golden_id)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, wished))
    (left,) = someone.identifiers(number)
    assert left.removeprefix("golden:") in wished


def test_what_cannot_be_written_is_refused_by_a_word(accounts: ErpAccounts, someone: Clerk) -> None:
    number = someone.open()
    someone.change(number, active=False)
    with pytest.raises(Refused, match="INACTIVE_ACCOUNT"):
        accounts.write_reference(number, ONE)
    assert not accounts.clear_reference(number)
    with pytest.raises(Refused, match="UNKNOWN_ACCOUNT"):
        accounts.write_reference("nobody's", ONE)


def test_a_refusal_says_nothing_that_the_erp_says(erp: Erp, someone: Clerk) -> None:
    taken = [{"name": "Ines Ortega", "code": someone.open("Ines Ortega")}]
    with session(erp) as calls, pytest.raises(Refused, match="USER_ERROR") as refusal:
        calls.call("model.party.party.create", taken, {})
    assert "unique" not in str(refusal.value)
    assert refusal.value.details == {}


def test_approved_attributes_stand_beside_the_erps_own(accounts: ErpAccounts, someone: Clerk) -> None:
    own = [{"type": "email", "value": "ines@work.example"}, {"type": "mobile", "value": "212 555 0177"}]
    number = someone.open(contact_mechanisms=[["create", own]])
    told = {"email": "ines@home.example", "phone": "+12125550143"}
    assert accounts.write_attributes(number, told)
    assert not accounts.write_attributes(number, told)
    kept = [(each["value"], "") for each in own]
    assert sorted(each for each in someone.contacts(number) if not each[1]) == sorted(kept)
    account = accounts.account(number)
    assert account.attributes == {
        "full_name": "Ines Ortega",
        **{each: own[at]["value"] for at, each in enumerate(told)},
    }
    assert account.told["email"] == "ines@home.example"
    assert accounts.write_attributes(number, {"email": "INES@work.example", "phone": "+1 (212) 555-0177"})
    assert accounts.account(number).told == {}
    assert sorted(someone.contacts(number)) == sorted(kept)


def test_what_is_not_approved_is_not_written(erp: Erp, accounts: ErpAccounts, someone: Clerk) -> None:
    number = someone.open("Ines Ortega")
    with pytest.raises(Refused, match="NOT_APPROVED"):
        accounts.write_attributes(number, {"full_name": "Inés Ortega"})
    with tryton(erp, ErpPolicy(attributes=("full_name",))) as approved:
        assert approved.write_attributes(number, {"full_name": "Inés Ortega"})
        assert not approved.write_attributes(number, {"full_name": "Inés Ortega"})
    assert someone.party(number)["name"] == "Inés Ortega"


def test_accounts_are_merged_only_where_that_is_allowed(
    erp: Erp, accounts: ErpAccounts, someone: Clerk
) -> None:
    source, destination = someone.open("Ines Ortega"), someone.open("I. Ortega-Ruiz")
    for number, golden_id in ((source, ONE), (destination, OTHER)):
        accounts.write_reference(number, golden_id)
    with pytest.raises(Refused, match="MERGE_NOT_ALLOWED"):
        accounts.merge_parties(source, destination)
    assert someone.party(source)["active"]
    with tryton(erp, ErpPolicy(party_merge=PartyMerge.ALLOWED)) as allowed:
        assert allowed.merge_parties(source, destination)
        assert not allowed.merge_parties(source, destination)
        with pytest.raises(Refused, match="SAME_ACCOUNT"):
            allowed.merge_parties(destination, destination)
        with pytest.raises(Refused, match="INACTIVE_ACCOUNT"):
            allowed.merge_parties(destination, source)
        assert allowed.account(source).replaced_by == destination
        # What the source bore has come along, out of use: the reference is still one.
        assert allowed.reference_of(destination) == OTHER
        allowed.write_reference(destination, OTHER)
    assert someone.identifiers(destination) == [f"golden:{OTHER}"]


def test_accounts_come_in_pages_from_behind_one(
    accounts: Tryton, someone: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("identity.connectors.erp.client._PAGE", 2)
    opened = [someone.open(number=number) for number in reversed(numbers(5))]
    found = [account.number for account in accounts.accounts(after=opened[0])]
    assert found == opened[1:]
    assert opened[0] in {account.number for account in accounts.accounts()}
    assert list(accounts.accounts(after=opened[-1])) == []


def test_a_change_of_anything_about_an_account_is_a_change_of_it(accounts: Tryton, someone: Clerk) -> None:
    quiet, number = someone.open(), someone.open()
    before = accounts.account(number)
    identifier = {"party": someone.party(number)["id"], "type": "email", "value": "ines@work.example"}
    someone.call("model.party.contact_mechanism.create", [identifier], {})
    after = accounts.account(number)
    assert after.changed_at > before.changed_at
    changed = {account.number for account in accounts.accounts(since=after.changed_at)}
    assert number in changed
    assert quiet not in changed
