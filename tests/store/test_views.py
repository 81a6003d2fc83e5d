"""What is asked of the store, and what it answers."""

from __future__ import annotations

from datetime import timedelta

from identity.model.cluster import GoldenId
from identity.model.golden import GoldenProfile, GoldenValue
from identity.model.record import RecordKey
from identity.steps.survive import attributes_text
from identity.store import Store

from .worlds import MONDAY, StandingClock, events, memberships, profiles, records, redirects

ANNA, ANA = RecordKey("pos", "anna"), RecordKey("pos", "ana")
EMAIL = GoldenValue("anna@shop.example", ANNA, "most_recent", MONDAY + timedelta(microseconds=5))
PHONE = GoldenValue("+39 011 555 0199", ANNA, "most_recent", MONDAY + timedelta(microseconds=5))
CITY = GoldenValue("Turin", ANA, "trusted_source")


def _one_person(store: Store, clock: StandingClock) -> None:
    told = GoldenProfile(GoldenId("g1"), {"email": EMAIL, "phone": PHONE, "city": CITY}, {}, (ANA, ANNA), 1)
    values = attributes_text(told)
    with store.begin(clock) as work:
        work.put_records(records("anna", "ana"))
        work.move(memberships(anna="g1", ana="g1"), "c1", work.at)
        work.put_profiles(
            profiles("g1", attributes=values, consents='{"news.email":"denied"}', record_count=2)
        )
        work.put_profiles(profiles("g0"))
        work.retire(redirects(g0="g1"), "c1", work.at)


def test_a_profile_tells_every_value_with_its_reason(store: Store, clock: StandingClock) -> None:
    _one_person(store, clock)
    found = store.views.profile(GoldenId("g1"))
    assert found is not None
    assert found.profile.values == {"email": EMAIL, "phone": PHONE, "city": CITY}
    assert found.profile.consents == {"news.email": "denied"}
    assert found.profile.records == (ANA, ANNA)
    assert (found.status, found.redirected_from, found.created_at) == ("live", None, MONDAY)


def test_a_retired_id_answers_with_the_survivor_and_says_so(store: Store, clock: StandingClock) -> None:
    _one_person(store, clock)
    found = store.views.profile(GoldenId("g0"))
    assert found is not None
    assert (found.profile.golden_id, found.redirected_from) == ("g1", "g0")


def test_the_unknown_is_none(store: Store) -> None:
    assert store.views.profile(GoldenId("g404")) is None
    assert store.views.golden_id_of(ANNA) is None
    assert store.views.record(ANNA) is None
    assert store.views.members(GoldenId("g404")) == ()
    assert store.views.links_of([ANNA]) == store.views.links_of([]) == ()


def test_a_deleted_record_is_not_told(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_records(records("anna", deleted_at=MONDAY))
    assert store.views.record(ANNA) is None


def test_an_event_is_read_as_it_was_written(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.append_events(events(("g1", 1), body='{"changed":["email"]}'))
    (event,) = store.views.events()
    assert (event.subject, event.version, event.time, event.body) == ("g1", 1, MONDAY, {"changed": ["email"]})


def test_counts_add_up(store: Store, clock: StandingClock) -> None:
    _one_person(store, clock)
    counts = store.views.counts()
    assert (counts.records, counts.memberships) == (2, 2)
    assert (counts.live_profiles, counts.merged_profiles, counts.erased_profiles) == (1, 1, 0)
