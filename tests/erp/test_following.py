"""Accounts in a real ERP follow the profiles: whatever happens to these, each bears the golden id of whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import pytest

from erp import Erp
from identity.bootstrap import Service, Settings
from identity.commands.privacy import erase_now, known_request
from identity.connectors.erp import Tryton
from identity.consumers.erp.reconcile import reconcile
from identity.consumers.following import Following, follow
from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy, PartyMerge
from identity.model.errors import DecisionRefused
from identity.model.following import PropagationStatus
from tests.commands.terminal import identity
from tests.erp.master import POLICY, People, following
from tests.erp.shop import Clerk, tryton


@pytest.fixture
def people(url: str, someone: Clerk) -> Iterator[People]:
    service = Service(Settings(url, index_secret="a secret of the tests"))
    yield People(service, someone)
    service.store.close()


@pytest.fixture
def room(people: People, erp: Erp) -> Iterator[Following]:
    with following(people, erp) as room:
        yield room


def test_every_account_bears_the_golden_id_of_whose_it_is(people: People, room: Following) -> None:
    numbers = [people.open("Ines Ortega"), people.open("Bert Sommer")]
    worked = follow(room)
    assert (worked.acted, worked.held, worked.dead) == (2, 0, 0)
    assert people.borne(*numbers) == people.as_here(*numbers)
    people.tell(numbers[0], full_name="Ines Ortega")
    assert follow(room).acted == 0


def test_references_follow_a_merge_a_split_and_an_undo(people: People, room: Following) -> None:
    one, other = people.open("Ines Ortega"), people.open("Bert Sommer")
    follow(room)
    apart = people.borne(one, other)
    operation = people.merge(one, other)
    assert follow(room).acted >= 1
    assert people.home(one) == people.home(other)
    assert people.borne(one, other) == people.as_here(one, other)
    (reached,) = room.consumers.propagation(operation)
    assert (reached.consumer, reached.status) == ("erp", PropagationStatus.ACKNOWLEDGED)
    people.undo(operation)
    follow(room)
    assert people.borne(one, other) == apart == people.as_here(one, other)
    third = people.open("Dora Lind")
    people.merge(one, third)
    people.split(third)
    follow(room)
    assert people.borne(one, third) == people.as_here(one, third)
    assert people.home(one) != people.home(third)


def test_only_what_is_approved_is_told_and_taken_back(people: People, erp: Erp, room: Following) -> None:
    number = people.open("Ines Ortega", email="ines@example.com", phone="+12125550142", tax_id="123")
    follow(room)
    told = people.clerk.contacts(number)
    assert sorted(value for value, _ in told)[1] == "ines@example.com"
    assert [name for _, name in told] == ["golden", "golden"]
    people.tell(number, full_name="Ines Ortega", email="ines@example.com")
    follow(room)
    assert people.clerk.contacts(number) == [("ines@example.com", "golden")]
    other = people.open("Dora Lind", email="dora@example.com")
    with following(people, erp, ErpPolicy()) as silent:
        follow(silent)
    assert people.clerk.contacts(other) == []
    assert people.borne(other) == people.as_here(other)


def test_an_account_whose_record_is_gone_loses_its_reference(people: People, room: Following) -> None:
    number = people.open("Ines Ortega", email="ines@example.com")
    follow(room)
    people.forget(number)
    follow(room)
    assert people.borne(number) == [[]]
    assert people.clerk.contacts(number) == []


def test_an_account_that_the_erp_does_not_have_stops_nobody(people: People, room: Following) -> None:
    people.tell("never-opened", full_name="Nobody There")
    closed, number = people.open("Dora Lind"), people.open("Ines Ortega")
    people.clerk.change(closed, active=False)
    worked = follow(room)
    assert (worked.held, worked.dead) == (0, 0)
    assert people.borne(number) == people.as_here(number)


def test_accounts_are_made_one_only_where_that_is_allowed_and_a_person_has_said_so(
    people: People, erp: Erp, room: Following
) -> None:
    one, other = people.open("Ines Ortega"), people.open("Ines Ortega-Ruiz")
    people.merge(one, other)
    follow(room)
    assert people.clerk.party(other)["active"]
    third = people.open("Dora Lind")
    with following(people, erp, ErpPolicy(party_merge=PartyMerge.ALLOWED)) as allowed:
        people.merge(one, third)
        follow(allowed)
        assert not people.clerk.party(third)["active"]
        assert people.borne(one) == people.as_here(one)
        assert people.clerk.party(one)["active"]


def test_what_was_done_behind_our_back_is_found_and_mended(people: People, erp: Erp, room: Following) -> None:
    one, other, third = (people.open(name) for name in ("Ines Ortega", "Bert Sommer", "Dora Lind"))
    stranger = people.clerk.open("Somebody Else")
    follow(room)
    people.clerk.add_identifier(one, "golden:g9999999999999999")
    people.clerk.add_identifier(stranger, f"golden:{people.home(other)}")
    with tryton(erp, POLICY) as accounts:
        accounts.clear_reference(third)
        found = _drift(people, accounts, one, other, third, stranger)
        assert found == {
            one: "SEVERAL_REFERENCES",
            third: "NO_REFERENCE",
            stranger: "STRAY_REFERENCE",
        }
        room.consumers.again("erp", [people.home(number) for number in (one, other, third)], "RECONCILED")
        follow(room)
        assert _drift(people, accounts, one, other, third, stranger) == {}
        assert accounts.bearers(people.home(other)) == (other,)
    assert people.borne(one, other, third) == people.as_here(one, other, third)
    assert people.borne(stranger) == [[]]


def _drift(people: People, accounts: Tryton, *numbers: str) -> dict[str, str]:
    found = reconcile(accounts, people.service.store.erp_book, POLICY)
    return {drift.accounts[0]: drift.kind for drift in found.drift if drift.accounts[0] in numbers}


def test_whatever_happens_to_profiles_accounts_follow(people: People, room: Following) -> None:
    random = Random(7)
    numbers = [people.open(name) for name in ("Ines Ortega", "Bert Sommer", "Dora Lind", "Emil Voss")]
    operations: list[str] = []
    for _ in range(12):
        one, other = random.sample(numbers, 2)
        with suppress(DecisionRefused):  # one that contradicts another in force
            if operations and random.random() < 0.4:
                people.undo(operations.pop())
            elif people.home(one) != people.home(other):
                operations.append(people.merge(one, other))
            else:
                operations.append(people.split(other))
        if random.random() < 0.4:
            follow(room)
    follow(room)
    assert people.borne(*numbers) == people.as_here(*numbers)
    room.consumers.rewind("erp")
    assert follow(room).acted == 0
    assert people.borne(*numbers) == people.as_here(*numbers)


def test_the_commands_follow_and_compare(
    erp: Erp, someone: Clerk, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(Service(Settings(sqlite_url, index_secret="a secret of the tests")), someone)
    told = (("URL", erp.url), ("USER", erp.user), ("PASSWORD", erp.password))
    for name, value in told:
        monkeypatch.setenv(f"IDENTITY_ERP_{name}", value)
    monkeypatch.setenv("IDENTITY_INDEX_SECRET", "a secret of the tests")
    number = people.open("Ines Ortega")
    (followed,) = identity("consume", "--once", "--json", database=sqlite_url).report["followed"]
    assert (followed["name"], followed["acted"], followed["why"]) == ("erp", 1, "done")
    people.clerk.add_identifier(number, "golden:g9999999999999999")
    assert identity("reconcile", "erp", database=sqlite_url).code == 1
    repaired = identity("reconcile", "erp", "--repair", "--json", database=sqlite_url)
    assert number not in repaired.out
    assert people.borne(number) == people.as_here(number)
    assert GoldenId(people.borne(number)[0][0].removeprefix("golden:")) == people.home(number)


def test_accounts_of_somebody_erased_lose_what_is_ours_and_keep_the_rest(
    people: People, room: Following
) -> None:
    number = people.open("Zora Kanari", email="zora@example.com")
    other = people.open("Bert Sommer")
    follow(room)
    assert people.clerk.contacts(number) != []
    request = erase_now(people.service, people.home(number), "officer", "by letter")
    assert [(each.consumer, each.status) for each in request.receipts] == [("erp", "told")]
    worked = follow(room)
    assert (worked.acted, worked.held, worked.dead) == (1, 0, 0)
    assert people.borne(number, other) == [[], *people.as_here(other)]
    assert people.clerk.contacts(number) == []
    found = known_request(people.service, request.request_id)
    assert [(each.consumer, each.status) for each in found.receipts] == [("erp", "done")]
    room.consumers.rewind("erp")
    assert follow(room).dead == 0
    assert people.borne(number) == [[]]


def test_a_reference_that_nobody_here_remembers_goes_with_an_erasure(
    people: People, room: Following, accounts: Tryton
) -> None:
    number, stray = people.open("Zora Kanari"), people.clerk.open("Z. Kanari")
    follow(room)
    accounts.write_reference(stray, people.home(number))
    erase_now(people.service, people.home(number), "officer", "by letter")
    follow(room)
    assert people.borne(number, stray) == [[], []]
