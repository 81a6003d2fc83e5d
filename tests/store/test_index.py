"""The index of real time, built for everybody at once, on every database."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest

from identity import ports
from identity.ports import Change, Holding, Redo, RedoKind
from identity.store import BulkWork, Store

from .worlds import MONDAY, StandingClock, arrival, key, records, rows

NO_FILED, NO_HELD = ports.FILED.empty_table(), ports.HELD.empty_table()


def _filed(*pairs: tuple[int, int]) -> pa.Table:
    return rows(ports.FILED, *({"block": block, "record": record} for block, record in pairs))


def _held(*given: tuple[int, int, int | None]) -> pa.Table:
    return rows(ports.HELD, *({"value": v, "record": r, "name": n} for v, r, n in given))


def _generic(*values: int) -> pa.Table:
    return rows(ports.GENERIC_VALUES, *({"value": value} for value in values))


def _features(given: Iterable[tuple[int, str | None]]) -> pa.Table:
    return rows(ports.FEATURE_TEXTS, *({"number": number, "features": text} for number, text in given))


def _numbers(work: BulkWork) -> dict[str, int]:
    return {row["source_record_id"]: row["number"] for row in work.record_numbers().to_pylist()}


def _stored_features(work: BulkWork) -> dict[str, str | None]:
    return {row["source_record_id"]: row["features"] for row in work.live_records().to_pylist()}


def test_the_version_is_told_while_the_index_is_whole(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        assert work.index_version() is None
        work.close_index("i1")
        work.close_index("i2")
        assert work.index_version() == "i2"
    assert store.views.index_version() == "i2"
    with store.begin(clock) as work:
        work.open_index()
        assert work.index_version() is None
    assert store.views.index_version() is None


def test_changes_are_counted(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        assert work.count_changes() == 0
        work.put_change(Change("c1", "load", "cli", work.at))
    with store.online(clock) as online:
        online.put_change(Change("c2", "write", "machine", online.at))
    with store.begin(clock) as work:
        assert work.count_changes() == 2


def test_live_records_have_their_numbers(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as online:
        told = online.put([arrival("anna"), arrival("ben")])
    with store.begin(clock) as work:
        work.put_records(records("shadow", mode="shadow"))
        work.put_records(records("gone", deleted_at=MONDAY))
        assert work.record_numbers().schema.equals(ports.RECORD_NUMBERS)
        assert _numbers(work) == {"anna": told[key("anna")], "ben": told[key("ben")]}


def test_a_record_put_again_keeps_its_number_and_its_features(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_records(records("anna", "ben"))
        numbers = _numbers(work)
        work.put_features(_features([(numbers["anna"], "ana\x1flopez")]))
        work.put_records(records("anna", city="Turin", content_hash="h2"))
        assert _numbers(work) == numbers
        assert _stored_features(work) == {"anna": "ana\x1flopez", "ben": None}


@pytest.mark.parametrize("count", [3, 4_000])
def test_an_index_built_for_everybody_is_the_one_that_real_time_reads(
    store: Store, clock: StandingClock, count: int
) -> None:
    with store.begin(clock) as work:
        work.put_records(records(*(f"r{number:05}" for number in range(count))))
        numbers = np.sort(work.record_numbers()["number"].to_numpy())
    first, second, last = (int(number) for number in (*numbers[:2], numbers[-1]))
    with store.begin(clock) as work:
        work.clear_index()
        work.put_features(_features((int(number), f"ana{number}") for number in numbers))
        work.file(pa.table({"block": np.full(count, -(2**63)), "record": numbers}, ports.FILED), NO_FILED)
        names = pa.array(np.arange(count), mask=np.arange(count) == 0)
        everybody = {"value": np.full(count, 2**63 - 1), "record": numbers[::-1], "name": names}
        work.hold(pa.table(everybody, ports.HELD), NO_HELD)
        work.put_generic(_generic(2**63 - 1))
        work.close_index("i1")
    with store.online(clock) as online:
        assert online.index_version() == "i1"
        assert online.filed([last])[last].features == {"given_name": f"ana{last}"}
        assert online.members({-(2**63): 2}) == {-(2**63): (first, second)}
        assert online.names([2**63 - 1]) == {2**63 - 1: count - 1}
        assert len(online.holders([2**63 - 1])[2**63 - 1]) == count
        assert online.generic([2**63 - 1, 0]) == {2**63 - 1}


def test_the_index_is_changed_in_part(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.file(_filed((1, 1), (1, 2), (2, 1)), NO_FILED)
        work.hold(_held((7, 1, 5), (7, 2, None)), NO_HELD)
        work.put_generic(_generic(7, 8))
    clock.turn(hours=1)
    with store.begin(clock) as work:
        work.file(_filed((1, 2), (3, 3)), _filed((1, 1), (9, 9)))
        work.hold(_held((7, 2, 6), (8, 1, None)), _held((7, 1, 5)))
        work.put_generic(_generic(8, 9))
    with store.online(clock) as online:
        assert online.members({1: 9, 2: 9, 3: 9}) == {1: (2,), 2: (1,), 3: (3,)}
        assert online.holders([7, 8]) == {7: (2,), 8: (1,)}
        assert online.names([7]) == {7: 1}
        assert online.generic([7, 8, 9]) == {8, 9}


def test_clearing_empties_the_index_and_nothing_else(store: Store, clock: StandingClock) -> None:
    with store.online(clock) as online:
        (number,) = online.put([arrival("anna")]).values()
        online.file({number: {"city": "turin"}}, [(1, number)], [])
        online.hold([Holding(7, number, None)], [])
        online.put_generic([7], [])
        online.put_redo([Redo(RedoKind.RECORD, number)])
    with store.begin(clock) as work:
        work.clear_index()
        assert _stored_features(work) == {"anna": None}
    with store.online(clock) as online:
        assert (online.filed([number]), online.members({1: 9}), online.holders([7])) == ({}, {}, {})
        assert online.generic([7]) == frozenset()
        assert online.take_redo(9) == []
        assert online.stored([key("anna")])[key("anna")].number == number


def test_features_are_cleared_also_when_none_are_put_after(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_records(records("anna", "ben", "cleo", "dora"))
        numbers = _numbers(work)
        work.put_features(_features((number, name) for name, number in numbers.items()))
    with store.begin(clock) as work:
        work.clear_index()
        kept = [(numbers["anna"], "anna"), (numbers["ben"], ""), (numbers["cleo"], None)]
        work.put_features(_features(kept))
    with store.begin(clock) as work:
        assert _stored_features(work) == {"anna": "anna", "ben": "", "cleo": None, "dora": None}
        work.clear_index()
    with store.begin(clock) as work:
        assert set(_stored_features(work).values()) == {None}


def test_an_index_that_was_not_finished_is_the_one_before(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_records(records("anna"))
        (number,) = _numbers(work).values()
        work.put_features(_features([(number, "ana")]))
        work.file(_filed((1, number)), NO_FILED)
        work.close_index("i1")

    def build_and_fail() -> None:
        with store.begin(clock) as work:
            work.clear_index()
            work.file(_filed((2, number), (3, number)), NO_FILED)
            work.close_index("i2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build_and_fail()
    with store.online(clock) as online:
        assert online.index_version() == "i1"
        assert online.members({1: 9, 2: 9, 3: 9}) == {1: (number,)}
        assert online.filed([number])[number].features == {"given_name": "ana"}
        online.file({}, [(1, number)], [])  # the key is there still
        assert online.members({1: 9}) == {1: (number,)}
