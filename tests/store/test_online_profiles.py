"""What a unit of work of real time promises about links, memberships, profiles and the log, on every database."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise

import pytest

from identity.model.cluster import GoldenId, Redirect
from identity.model.errors import StoreError
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, verdict
from identity.store import Store

from .worlds import MONDAY, StandingClock, event, key, profile, stored_link

G1, G2, G3 = GoldenId("g1"), GoldenId("g2"), GoldenId("g3")
A, B, C = key("a"), key("b"), key("c")


def test_a_link_comes_back_as_it_was_stored(store: Store, clock: StandingClock) -> None:
    sure = stored_link("a", "b", match_weight=MatchWeight(math.pi * 1e-3), blocked=False)
    unsure = stored_link("a", "é", judgement=Judgement.POSSIBLE_MATCH, match_weight=MatchWeight(0.1 + 0.2))
    with store.online(clock) as work:
        work.replace_links([], [unsure, sure, stored_link("x", "y")], "m1")
        assert work.links([A]) == [sure, unsure]
        assert work.links([A, B]) == [sure, unsure]
        assert work.links([B, key("z")]) == [sure]


def test_links_come_in_the_order_of_their_pairs_each_once(store: Store, clock: StandingClock) -> None:
    names = ["B", "Z-1", "Z1", "a", "z", "é"]
    pairs = [stored_link(one, other) for one in names for other in names if one < other]
    with store.online(clock) as work:
        work.replace_links([], pairs[::-1], "m1")
        assert work.links([key(name) for name in names]) == pairs


def test_a_link_is_forgotten_and_another_takes_its_place(store: Store, clock: StandingClock) -> None:
    before = stored_link("a", "b", match_weight=MatchWeight(3.0))
    after = stored_link("a", "b", match_weight=MatchWeight(9.0), blocked=False)
    with store.online(clock) as work:
        work.replace_links([], [before, stored_link("a", "c")], "m1")
        work.replace_links([before, stored_link("a", "c")], [after], "m2")
        assert work.links([A]) == [after]
        work.replace_links([after, stored_link("b", "c")], [], "m2")
        assert work.links([A]) == []


def test_a_pair_in_the_wrong_order_is_refused(store: Store, clock: StandingClock) -> None:
    with pytest.raises(StoreError, match="E406"), store.online(clock) as work:
        work.replace_links([], [stored_link("b", "a")], "m1")


def test_records_move_and_the_history_stays(store: Store, clock: StandingClock) -> None:
    nine = MONDAY
    with store.online(clock) as work:
        work.move({A: G1, B: G1}, "c1")
    ten = clock.turn(hours=1)
    with store.online(clock) as work:
        work.move({A: G2, B: G1, C: G2}, "c2")
        assert work.memberships([A, B, C, key("d")]) == {A: G2, B: G1, C: G2}
        assert work.members_of([G1, G2, G3]) == {G1: (B,), G2: (A, C)}
    eleven = clock.turn(hours=1)
    with store.online(clock) as work:
        work.move({A: None}, "c3")
        assert work.memberships([A]) == {}
        assert work.members_of([G2]) == {G2: (C,)}
    moments = [nine, ten - timedelta(microseconds=1), ten, eleven, None]
    assert [store.views.golden_id_of(A, at) for at in moments] == ["g1", "g1", "g2", None, None]
    assert store.views.golden_id_of(B, nine) == store.views.golden_id_of(B) == "g1"


def test_members_come_in_the_order_in_which_the_domain_sorts_keys(store: Store, clock: StandingClock) -> None:
    members = [key(name, source) for source in ("Z", "a") for name in ("B", "Z-1", "Z1", "a", "é")]
    with store.online(clock) as work:
        work.move(dict.fromkeys(reversed(members), G1), "c1")
        assert work.members_of([G1]) == {G1: tuple(members)}


def test_around_records_are_their_links_and_everybody_under_their_golden_ids(
    store: Store, clock: StandingClock
) -> None:
    near, far = stored_link("a", "b"), stored_link("b", "c")
    with store.online(clock) as work:
        work.move({A: G1, B: G2, C: G1, key("d"): G3}, "c1")
        work.replace_links([], [near, far], "m1")
        work.put_verdicts([said := verdict(B, A, Judgement.NO_MATCH, "o1")])
        assert work.around([A, C, key("e")]) == ([near, far], {G1: (A, C)}, [said])
        work.move({C: G2, A: None}, "c2")
        assert work.around([C, A]) == ([near, far], {G2: (B, C)}, [said])
        assert work.around([key("e")]) == ([], {}, [])


def test_a_profile_put_again_keeps_its_birthday(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_profiles([profile("g1"), profile("g2")])
        later = clock.turn(hours=5)
        work.put_profiles([profile("g1", version=2, fingerprint="f2", created_at=later)])
        states = work.profiles([G1, G3])
    assert states.keys() == {G1}
    state = states[G1]
    assert (state.version, state.status, state.fingerprint, state.created_at) == (2, "live", "f2", MONDAY)


def test_a_profile_whose_records_were_all_taken_out_is_empty(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_profiles([profile("g1")])
        work.put_profiles([profile("g1", version=2, status="empty", record_count=0)])
        assert work.profiles([G1])[G1].status == "empty"
    found = store.views.profile(G1)
    assert found is not None
    assert (found.status, found.profile.records) == ("empty", ())
    assert store.views.counts().live_profiles == 0


def test_a_retired_profile_is_merged_one_version_later_and_answers_in_one_hop(
    store: Store, clock: StandingClock
) -> None:
    ids = [GoldenId(f"g{number}") for number in range(12)]
    with store.online(clock) as work:
        work.put_profiles([profile(golden_id) for golden_id in ids])
    for retired, survivor in pairwise(ids[:6]):
        with store.online(clock) as work:
            work.retire([Redirect(retired, survivor)], "c1")
    with store.online(clock) as work:
        work.retire([Redirect(retired, survivor) for retired, survivor in pairwise(ids[5:])], "c2")
        states = work.profiles(ids)
    assert {(state.status, state.version) for state in states.values()} == {("merged", 2), ("live", 1)}
    for golden_id in ids[:-1]:
        found = store.views.profile(golden_id)
        assert found is not None
        assert found.profile.golden_id == ids[-1]


def test_an_id_that_lives_again_is_redirected_no_more_an_empty_one_still_is(
    store: Store, clock: StandingClock
) -> None:
    with store.online(clock) as work:
        work.put_profiles([profile("g1"), profile("g2"), profile("g3")])
        work.retire([Redirect(G1, G3), Redirect(G2, G3)], "c1")
        work.put_profiles([profile("g1", version=3), profile("g2", version=3, status="empty")])
    answers = [store.views.profile(golden_id) for golden_id in (G1, G2)]
    assert [found and found.profile.golden_id for found in answers] == [G1, G3]


@pytest.mark.parametrize(
    "redirects", [[Redirect(G1, G2), Redirect(G2, G1)], [Redirect(G2, G1)], [Redirect(G3, G3)]]
)
def test_redirects_in_a_circle_are_refused(
    store: Store, clock: StandingClock, redirects: list[Redirect]
) -> None:
    with store.online(clock) as work:
        work.retire([Redirect(G1, G2)], "c0")
    with pytest.raises(StoreError, match="E408"), store.online(clock) as work:
        work.retire(redirects, "c1")


def test_events_are_appended_in_their_order(store: Store, clock: StandingClock) -> None:
    facts = [(f"g{number * 7 % 31}", 1) for number in range(31)]
    with store.online(clock) as work:
        work.append_events([event(*fact) for fact in facts[:9]])
        work.append_events([event(*fact) for fact in facts[9:]])
    found = store.views.events()
    assert [(told.subject, told.version) for told in found] == facts
    assert [told.event_id for told in found] == [f"{subject}.{version}" for subject, version in facts]
    assert {told.time for told in found} == {MONDAY}
