"""Accounts, sessions, and what was shown to whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from identity.model.errors import LookupFailed, StoreError
from identity.model.steward import Role, Steward
from identity.store import Store
from identity.store.stewards import Stewards

from .worlds import StandingClock

IDLE, LASTS = timedelta(minutes=30), timedelta(hours=12)


@pytest.fixture
def stewards(store: Store, clock: StandingClock) -> Stewards:
    return store.stewards(clock)


def test_an_account_is_known_by_its_name_or_by_its_issuer(stewards: Stewards) -> None:
    stewards.add(Steward("ana", Role.STEWARD, password="hash"))
    stewards.add(Steward("ben", Role.LEAD, issuer="https://id.example", subject="42"))
    ana = stewards.steward("ana")
    assert ana is not None
    assert (ana.role, ana.password, ana.active) == (Role.STEWARD, "hash", True)
    ben = stewards.known_as("https://id.example", "42")
    assert ben is not None
    assert ben.name == "ben"
    assert stewards.known_as("https://other.example", "42") is None
    assert [each.name for each in stewards.stewards()] == ["ana", "ben"]


def test_a_name_and_a_subject_are_taken_once(stewards: Stewards) -> None:
    stewards.add(Steward("ana", Role.STEWARD))
    stewards.add(Steward("eva", Role.STEWARD))
    stewards.add(Steward("ben", Role.LEAD, issuer="i", subject="42"))
    with pytest.raises(StoreError, match="E421"):
        stewards.add(Steward("ana", Role.LEAD))
    with pytest.raises(StoreError, match="E421"):
        stewards.add(Steward("bert", Role.LEAD, issuer="i", subject="42"))


def test_of_two_who_take_a_name_at_once_one_gets_it(stewards: Stewards) -> None:
    def take(role: Role) -> bool:
        try:
            stewards.add(Steward("ana", role))
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, [Role.STEWARD, Role.LEAD, Role.ADMIN, Role.AUDITOR])) == 1


def test_a_session_ends_when_nobody_used_it_and_when_its_time_is_over(
    stewards: Stewards, clock: StandingClock
) -> None:
    stewards.add(Steward("ana", Role.STEWARD))
    stewards.begin_session("d1", "ana", LASTS)
    for _ in range(20):
        clock.turn(0.4)
        found = stewards.session("d1", IDLE)
        assert found is not None
        assert found.name == "ana"
    clock.turn(0.51)
    assert stewards.session("d1", IDLE) is None
    stewards.begin_session("d2", "ana", timedelta(minutes=5))
    clock.turn(0.1)
    assert stewards.session("d2", IDLE) is None
    stewards.forget_sessions(IDLE)
    assert stewards.session("d2", timedelta(days=9)) is None


def test_closing_an_account_or_changing_its_password_ends_its_sessions(stewards: Stewards) -> None:
    stewards.add(Steward("ana", Role.STEWARD))
    stewards.begin_session("d1", "ana", LASTS)
    stewards.set_password("ana", "another")
    assert stewards.session("d1", IDLE) is None
    stewards.begin_session("d2", "ana", LASTS)
    stewards.set_active("ana", active=False)
    stewards.set_active("ana", active=True)
    assert stewards.session("d2", IDLE) is None
    stewards.begin_session("d3", "ana", LASTS)
    stewards.set_role("ana", Role.AUDITOR)
    found = stewards.session("d3", IDLE)
    assert found is not None
    assert found.role is Role.AUDITOR
    stewards.end_session("d3")
    assert stewards.session("d3", IDLE) is None


def test_what_is_changed_about_nobody_is_refused(stewards: Stewards) -> None:
    with pytest.raises(LookupFailed, match="E530"):
        stewards.set_role("nobody", Role.ADMIN)


def test_what_is_shown_is_shown_for_a_while_in_one_session_and_written_down(
    stewards: Stewards, clock: StandingClock
) -> None:
    stewards.disclose("ana", "d1", "r-task", timedelta(minutes=30))
    assert stewards.discloses("d1", "r-task")
    assert not stewards.discloses("d1", "r-other")
    assert not stewards.discloses("d2", "r-task")
    clock.turn(1)
    assert not stewards.discloses("d1", "r-task")
    (told,) = stewards.disclosures()
    assert (told.steward, told.subject, told.until - told.at) == ("ana", "r-task", timedelta(minutes=30))
