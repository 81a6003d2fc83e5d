"""What a unit of work of real time promises about records and the index they are found by, on every database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from identity import ports
from identity.model.record import CANONICAL_ATTRIBUTES, SourceRecord
from identity.ports import Arrival, Change, Holding, StoredModel
from identity.store import Store

from .worlds import MONDAY, StandingClock, arrival, key, records

LEAST, MOST = -(2**63), 2**63 - 1
ODD = 'Zoë\'; DROP TABLE "link" -- {rows} :at $1 %s \U0001f600\u202e\t\\'


def _put(store: Store, clock: StandingClock, *ids: str) -> list[int]:
    with store.online(clock) as work:
        numbers = work.put([arrival(record) for record in ids])
    return [numbers[key(record)] for record in ids]


def test_the_store_is_what_the_flows_of_real_time_ask_for(store: Store, clock: StandingClock) -> None:
    transactions: ports.OnlineTransactions = store
    with transactions.online(clock) as work:
        asked_for: ports.OnlineWork = work
        assert asked_for.at == MONDAY


def test_an_exception_leaves_nothing_behind(store: Store, clock: StandingClock) -> None:
    def write_a_little_and_fail() -> None:
        with store.online(clock) as work:
            (number,) = work.put([arrival("anna")]).values()
            work.file({number: {"city": "turin"}}, [(1, number)], [])
            work.put_change(Change("c1", "write", "machine", work.at))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_a_little_and_fail()
    with store.online(clock) as work:
        assert work.stored([key("anna")]) == {}
        assert work.members({1: 9}) == {}
    assert store.views.counts().records == 0


def test_a_unit_is_of_no_use_outside_its_block(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        pass
    with pytest.raises(RuntimeError):
        work.stored([key("anna")])


def test_asking_for_nothing_answers_nothing(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        assert (work.stored([]), work.filed([]), work.members({}), work.put([])) == ({}, {}, {}, {})
        assert (work.names([]), work.holders([]), work.links([])) == ({}, {}, [])
        assert work.generic([]) == frozenset()
        assert work.around([]) == ([], {}, [])
        assert (work.memberships([]), work.members_of([]), work.profiles([])) == ({}, {}, {})
        work.file({}, [], [])
        work.hold([], [])
        work.put_generic([], [])
        work.replace_links([], [], "m1")
        work.move({}, "c1")
        work.put_profiles([])
        work.retire([], "c1")
        work.append_events([])
        work.put_redo([])
        assert work.claim([]) is False
        assert work.take_redo(0) == []


def test_an_empty_store_has_nothing_in_force(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        assert (work.index_version(), work.model_version(), work.active_model()) == (None, None, None)


def test_what_is_in_force_is_told(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as bulk:
        bulk.put_model(StoredModel("m1", "{}"), bulk.at)
        bulk.put_model(StoredModel("m2", '{"a":1}'), bulk.at)
        bulk.close_index("i1")
    with store.online(clock) as work:
        assert (work.index_version(), work.model_version()) == ("i1", "m2")
        assert work.active_model() == StoredModel("m2", '{"a":1}')


def test_a_clock_set_back_does_not_rewrite_history(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_change(Change("c1", "write", "machine", work.at, "because", "corr", "m1"))
    clock.turn(hours=-3)
    with store.online(clock) as work:
        assert work.at == MONDAY + timedelta(microseconds=1)


def test_a_record_comes_back_as_it_was_told(store: Store, clock: StandingClock) -> None:
    told = SourceRecord(
        key("anna"),
        {**{name: f"{name} {ODD}" for name in CANONICAL_ATTRIBUTES}, "shoe_size": ODD},
        MONDAY - timedelta(days=1, microseconds=1),
        {"news.email": "granted"},
    )
    with store.online(clock) as work:
        numbers = work.put([Arrival(told, "h1", mode="shadow", load_id="l1", original=ODD)])
        (found,) = work.stored([key("anna"), key("anna", "erp"), key("ana")]).values()
    assert (found.record, found.number) == (told, numbers[key("anna")])
    assert (found.mode, found.content_hash, found.deleted_at, found.features) == ("shadow", "h1", None, {})
    assert store.views.record(key("anna")) == told


def test_a_record_put_again_keeps_its_number_and_what_it_is_filed_by(
    store: Store, clock: StandingClock
) -> None:
    with store.online(clock) as work:
        first = work.put([arrival("anna", given_name="Ana"), arrival("ben")])
        work.file({first[key("anna")]: {"given_name": "ana"}}, [], [])
    with store.online(clock) as work:
        assert work.put([arrival("anna", "h2", given_name="Anna")]) == {key("anna"): first[key("anna")]}
        (found,) = work.stored([key("anna")]).values()
    assert (found.record.attributes, found.content_hash) == ({"given_name": "Anna"}, "h2")
    assert found.features == {"given_name": "ana"}


def test_a_number_is_given_once(store: Store, clock: StandingClock) -> None:
    numbers = _put(store, clock, "a", "b")
    with store.begin(clock) as bulk:
        bulk.put_records(records("b", "c", "d"))
        stored = {row["source_record_id"]: row["number"] for row in bulk.record_numbers().to_pylist()}
    assert [stored["a"], stored["b"]] == numbers
    assert len(set(stored.values())) == 4


def test_of_one_record_told_twice_at_once_the_last_is_kept(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put([arrival("anna", city="Turin"), arrival("anna", city="Milan")])
        assert work.stored([key("anna")])[key("anna")].record.attributes == {"city": "Milan"}


def test_a_deleted_record_keeps_what_was_last_told(store: Store, clock: StandingClock) -> None:
    _put(store, clock, "gone")
    at = clock.turn(hours=1)
    with store.online(clock) as work:
        work.put([arrival("anna", city="Turin")])
        work.put(
            [Arrival(SourceRecord(key(name), {}), "h2", deleted=True) for name in ("anna", "gone", "unknown")]
        )
        found = work.stored([key("anna"), key("unknown")])
    assert found[key("anna")].record.attributes == {"city": "Turin"}
    assert {record.deleted_at for record in found.values()} == {at}
    assert not any(record.live for record in found.values())
    with store.online(clock) as work:
        work.put([arrival("anna", city="Milan")])
        (back,) = work.stored([key("anna")]).values()
    assert (back.live, back.record.attributes) == (True, {"city": "Milan"})


def test_only_filed_records_are_found_by_number_be_it_by_no_feature(
    store: Store, clock: StandingClock
) -> None:
    a, b, c, d = _put(store, clock, "a", "b", "c", "d")
    features = {"given_name": "ana", "loyalty_id": ODD.replace("\t", " ")}
    with store.online(clock) as work:
        work.file({a: features, b: {"city": "turin"}, c: {}, d: None}, [], [])
        work.file({b: None}, [], [])
        found = work.filed([a, b, c, d, MOST])
    assert {number: (record.key, record.features) for number, record in found.items()} == {
        a: (key("a"), features),
        c: (key("c"), {}),
    }


def test_features_are_kept_in_the_order_the_store_was_told(url: str, clock: StandingClock) -> None:
    names = ("email", "shoe_size")
    narrow, wide = Store(url, features=names), Store(url, features=(*names, "hat_size"))
    (a,) = _put(narrow, clock, "a")
    features = {"email": "a@b.example", "shoe_size": "38"}
    with narrow.online(clock) as work:
        work.file({a: features}, [], [])
        with pytest.raises(ValueError, match="not told of"):
            work.file({a: {"hat_size": "57"}}, [], [])
        with pytest.raises(ValueError, match="separator"):
            work.file({a: {"email": "a\x1fb"}}, [], [])
    with wide.online(clock) as work:
        assert work.filed([a])[a].features == features
    narrow.close()
    wide.close()


def test_a_block_tells_its_first_members_in_order(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.file({}, [(LEAST, 5), (LEAST, 3), (LEAST, 4), (MOST, MOST), (MOST, LEAST)], [])
        assert work.members({LEAST: 2, MOST: 2, 0: 2}) == {LEAST: (3, 4), MOST: (LEAST, MOST)}
        assert work.members({LEAST: 99, MOST: 1, 0: 1}) == {LEAST: (3, 4, 5), MOST: (LEAST,)}


def test_a_record_is_in_a_block_once_until_it_is_taken_out(store: Store, clock: StandingClock) -> None:
    for _ in range(2):
        with store.online(clock) as work:
            work.file({}, [(1, 7), (1, 8), (2, 7)], [])
    with store.online(clock) as work:
        work.file({}, [], [(1, 7), (9, 9)])
        assert work.members({1: 9, 2: 9}) == {1: (8,), 2: (7,)}


def test_a_large_block_costs_no_more_than_what_is_asked_of_it(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.file({}, [(1, number) for number in range(3_000)], [])
        assert work.members({1: 51}) == {1: tuple(range(51))}


def test_holders_and_their_different_names_are_counted(store: Store, clock: StandingClock) -> None:
    held = [Holding(LEAST, 3, MOST), Holding(LEAST, 1, MOST), Holding(LEAST, 2, 5), Holding(LEAST, 4, None)]
    with store.online(clock) as work:
        work.hold([*held, Holding(MOST, 1, None)], [])
        assert work.holders([LEAST, MOST, 0]) == {LEAST: (1, 2, 3, 4), MOST: (1,)}
        assert work.names([LEAST, MOST, 0]) == {LEAST: 2, MOST: 0}
        work.hold([Holding(LEAST, 2, MOST)], [held[0], Holding(7, 7, 7)])
        assert work.holders([LEAST]) == {LEAST: (1, 2, 4)}
        assert work.names([LEAST]) == {LEAST: 1}


def test_a_value_is_generic_from_one_moment_until_another(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as work:
        work.put_generic([LEAST, 7], [])
        work.put_generic([7, MOST], [LEAST, 0])
        assert work.generic([LEAST, 0, 7, MOST]) == {7, MOST}


@pytest.mark.parametrize(
    "moment", [datetime.max.replace(tzinfo=MONDAY.tzinfo), MONDAY.replace(microsecond=1)]
)
def test_a_moment_is_kept_to_the_microsecond(store: Store, clock: StandingClock, moment: datetime) -> None:
    with store.online(clock) as work:
        work.put([Arrival(SourceRecord(key("anna"), {}, moment), "h1")])
        assert work.stored([key("anna")])[key("anna")].record.observed_at == moment
