"""A look at a few records that writes nothing, on every database."""

from __future__ import annotations

import pytest

from identity import ports
from identity.model.cluster import GoldenId, Redirect
from identity.ports import Holding, StoredModel
from identity.store import Store

from .worlds import StandingClock, arrival, key, profile

G1, G2, G3 = GoldenId("g1"), GoldenId("g2"), GoldenId("g3")
LEAST, MOST = -(2**63), 2**63 - 1


def test_the_store_gives_the_look_that_flows_ask_for(store: Store) -> None:
    with store.look() as look:
        asked_for: ports.Look = look
        assert (asked_for.index_version(), asked_for.model_version(), asked_for.active_model()) == (
            None,
            None,
            None,
        )
    with pytest.raises(RuntimeError):
        look.stored([key("anna")])


def test_a_look_sees_what_units_have_stored_and_waits_for_none(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as bulk:
        bulk.put_model(StoredModel("m1", "{}"), bulk.at)
        bulk.close_index("i1")
    with store.online(clock) as work:
        (number,) = work.put([arrival("anna", city="Turin")]).values()
        work.file({number: {"city": "turin"}}, [(LEAST, number)], [])
        work.put_generic([MOST], [])
        work.move({key("anna"): G1}, "c1")
    with store.online(clock) as work, store.look() as look:
        work.put([arrival("anna", city="Milan"), arrival("ben")])
        assert (look.index_version(), look.model_version()) == ("i1", "m1")
        assert look.active_model() == StoredModel("m1", "{}")
        (found,) = look.stored([key("anna"), key("ben")]).values()
        assert (found.record.attributes, found.features) == ({"city": "Turin"}, {"city": "turin"})
        assert look.filed([number, 99])[number].features == {"city": "turin"}
        assert look.members({LEAST: 9, 0: 9}) == {LEAST: (number,)}
        assert look.generic([LEAST, MOST]) == {MOST}
        assert look.memberships([key("anna"), key("ben")]) == {key("anna"): G1}


def test_a_value_tells_whose_it_is_unless_it_is_nobodys(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        numbers = work.put([arrival(name) for name in ("a", "b", "c", "d")])
        a, b, c, d = (numbers[key(name)] for name in ("a", "b", "c", "d"))
        work.hold([Holding(LEAST, number, None) for number in (d, c, b, a)], [])
        work.hold([Holding(MOST, a, 5), Holding(7, d, 5)], [])
        work.move({key("a"): G2, key("b"): G1, key("c"): G2}, "c1")
        work.put_generic([MOST], [])
    with store.look() as look:
        assert look.homes([LEAST, MOST, 7, 0]) == {LEAST: (G1, G2)}


def test_an_id_tells_who_answers_for_it(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_profiles([profile("g1"), profile("g2"), profile("g3", status="empty", record_count=0)])
        work.retire([Redirect(G1, G2)], "c1")
    with store.look() as look:
        assert look.answering([G1, G2, G3, GoldenId("g4")]) == {
            G1: (G2, "live"),
            G2: (G2, "live"),
            G3: (G3, "empty"),
        }
        assert (look.answering([]), look.homes([]), look.stored([]), look.memberships([])) == ({}, {}, {}, {})


def test_a_steady_look_sees_one_moment_throughout(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put([arrival("anna", city="Turin")])
    with store.look(steady=True) as look:
        before = look.stored([key("anna"), key("ben")])
        with store.online(clock) as work:
            work.put([arrival("anna", city="Milan"), arrival("ben")])
        assert look.stored([key("anna"), key("ben")]) == before
    with store.look(steady=True) as look:
        assert look.stored([key("anna"), key("ben")]).keys() == {key("anna"), key("ben")}
