"""What every unit of work promises, on every database."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pyarrow as pa
import pytest

from identity import ports
from identity.model.cluster import GoldenId
from identity.model.errors import StoreError
from identity.model.record import RecordKey
from identity.ports import Change, Load, LoadCounts, StoredModel
from identity.store import BulkWork, Store

from .worlds import (
    MONDAY,
    StandingClock,
    events,
    keys,
    link,
    links,
    memberships,
    profiles,
    records,
    redirects,
    rows,
)

ANNA, ANA = RecordKey("pos", "anna"), RecordKey("pos", "ana")
G1 = GoldenId("g1")


def _write_a_little_and_fail(work: BulkWork) -> None:
    work.put_records(records("anna", "ana"))
    work.move(memberships(anna="g1"), "c1", work.at)
    work.append_events(events(("g1", 1)))
    raise ZeroDivisionError


def test_an_exception_leaves_nothing_behind(store: Store, clock: StandingClock) -> None:
    work = store.begin(clock)
    with pytest.raises(ZeroDivisionError), work:
        _write_a_little_and_fail(work)
    counts = store.views.counts()
    assert (counts.records, counts.memberships, counts.events) == (0, 0, 0)


def test_a_unit_sees_its_own_writes_and_nobody_else_does(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_records(records("anna"))
        assert work.live_records().num_rows == 1
        assert store.views.counts().records == 0
    assert store.views.counts().records == 1


def test_a_unit_is_of_no_use_outside_its_block(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        pass
    with pytest.raises(RuntimeError):
        work.profiles()


@pytest.mark.parametrize("count", [3, 5_000])
def test_records_put_twice_are_there_once_as_told_last(
    store: Store, clock: StandingClock, count: int
) -> None:
    ids = [f"r{number:05}" for number in range(count)]
    for city in ("Turin", "Turin", "Milan"):
        with store.begin(clock) as work:
            work.put_records(records(*ids, city=city, observed_at=MONDAY + timedelta(microseconds=1)))
    with store.begin(clock) as work:
        live = work.live_records()
    assert live.schema.equals(ports.LIVE_RECORDS)
    assert sorted(live["source_record_id"].to_pylist()) == ids
    assert set(live["city"].to_pylist()) == {"Milan"}
    assert set(live["observed_at"].to_pylist()) == {MONDAY + timedelta(microseconds=1)}


def test_only_live_records_are_matched_but_every_hash_is_known(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_records(records("live"))
        work.put_records(records("shadow", mode="shadow"))
        work.put_records(records("gone", deleted_at=MONDAY))
        assert work.live_records()["source_record_id"].to_pylist() == ["live"]
        assert sorted(work.record_hashes()["source_record_id"].to_pylist()) == ["gone", "live", "shadow"]


def test_text_comes_back_as_it_was_told(store: Store, clock: StandingClock) -> None:
    odd = 'Zoë\'; DROP TABLE "link" -- \U0001f600\u202e\t\\'
    with store.begin(clock) as work:
        consents = '{"news.email":{"status":"granted","captured_at":"2024-05-01T10:00:00Z"}}'
        work.put_records(records("anna", full_name=odd, custom='{"shoe_size":"38"}', consents=consents))
    found = store.views.record(ANNA)
    assert found is not None
    assert found.attributes == {"full_name": odd, "shoe_size": "38"}
    assert found.consents == {"news.email": "granted"}


def test_a_record_is_under_one_golden_id_at_a_time(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.move(memberships(anna="g1", ana="g1"), "c1", work.at)
        work.move(memberships(anna="g2"), "c2", clock.turn(hours=1))
        assert work.memberships().sort_by("source_record_id")["golden_id"].to_pylist() == ["g1", "g2"]


def test_a_second_current_membership_is_refused(store: Store, clock: StandingClock) -> None:
    twice = pa.concat_tables([memberships(anna="g1"), memberships(anna="g2")])
    with pytest.raises(StoreError, match="E406"), store.begin(clock) as work:
        work.move(twice, "c1", work.at)
    assert store.views.golden_id_of(ANNA) is None


def test_history_answers_as_of_any_moment(store: Store, clock: StandingClock) -> None:
    nine, ten, eleven = MONDAY, MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)
    with store.begin(clock) as work:
        work.move(memberships(anna="g1", ana="g1"), "c1", nine)
        work.move(memberships(anna="g2", ana="g1"), "c2", ten)
        work.move(memberships(anna=None), "c3", eleven)
    asked = [nine - timedelta(seconds=1), nine, ten - timedelta(microseconds=1), ten, eleven, None]
    assert [store.views.golden_id_of(ANNA, moment) for moment in asked] == [
        None,
        "g1",
        "g1",
        "g2",
        None,
        None,
    ]
    assert store.views.members(G1, as_of=nine) == (ANA, ANNA)
    assert store.views.members(G1, as_of=ten) == store.views.members(G1) == (ANA,)


def test_a_record_that_stays_keeps_its_first_moment(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.move(memberships(anna="g1"), "c1", MONDAY)
        work.move(memberships(anna="g1"), "c2", clock.turn(hours=1))
    assert store.views.golden_id_of(ANNA, MONDAY) == "g1"
    assert store.views.counts().memberships == 1


def test_a_chain_of_fifty_merges_is_one_hop(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_profiles(profiles(*(f"g{number}" for number in range(51))))
    for number in range(50):
        with store.begin(clock) as work:
            work.retire(redirects(**{f"g{number}": f"g{number + 1}"}), "c", work.at)
    with store.begin(clock) as work:
        assert set(work.redirects()["survivor"].to_pylist()) == {"g50"}
        assert work.redirects().num_rows == 50


def test_a_chain_within_one_table_is_one_hop_too(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.retire(redirects(b="c"), "c0", work.at)
        work.retire(
            redirects(**{f"g{number}": f"g{number + 1}" for number in range(50)}, g50="b"), "c1", work.at
        )
        assert set(work.redirects()["survivor"].to_pylist()) == {"c"}


def test_redirects_in_a_circle_are_refused(store: Store, clock: StandingClock) -> None:
    with pytest.raises(StoreError, match="E408"), store.begin(clock) as work:
        work.retire(redirects(a="b", b="c", c="a"), "c1", work.at)


def test_a_retired_profile_is_merged_one_version_later_and_its_id_still_answers(
    store: Store, clock: StandingClock
) -> None:
    with store.begin(clock) as work:
        work.put_profiles(profiles("g1", "g2"))
        work.retire(redirects(g1="g2"), "c1", work.at)
        states = {row["golden_id"]: row for row in work.profiles().to_pylist()}
    assert (states["g1"]["status"], states["g1"]["version"]) == ("merged", 2)
    assert (states["g2"]["status"], states["g2"]["version"]) == ("live", 1)


def test_a_profile_put_again_keeps_its_birthday(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_profiles(profiles("g1"))
        work.put_profiles(profiles("g1", version=2, fingerprint="f2", created_at=clock.turn(hours=5)))
        (state,) = work.profiles().to_pylist()
    assert (state["version"], state["fingerprint"], state["created_at"]) == (2, "f2", MONDAY)


def test_an_id_that_lives_again_is_redirected_no_more(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_profiles(profiles("g1", "g2"))
        work.retire(redirects(g1="g2"), "c1", work.at)
        work.put_profiles(profiles("g1", version=3))
        assert work.redirects().num_rows == 0


def test_links_are_remade(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.replace_links(keys(), links(link("a", "b"), link("a", "c"), link("b", "d"), link("x", "y")))
        work.replace_links(
            keys("a", "d"), links(link("a", "b", match_weight=9.5), link("a", "e", match_weight=1.5))
        )
    found = {(link.left.source_record_id, link.right.source_record_id): link for link in store.views.links_of(
        [RecordKey("pos", name) for name in "abcdexy"]
    )}  # fmt: skip
    assert {pair: link.match_weight for pair, link in found.items()} == {
        ("a", "b"): 9.5,
        ("a", "e"): 1.5,
        ("x", "y"): None,
    }


def test_a_pair_has_one_spelling(store: Store, clock: StandingClock) -> None:
    with pytest.raises(StoreError, match="E406"), store.begin(clock) as work:
        work.replace_links(keys(), links(link("b", "a")))


def test_keys_sort_by_code_point_as_the_domain_sorts_them(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.replace_links(keys(), links(link("B", "a"), link("Z-1", "Z1"), link("z", "é")))
    assert (
        len(store.views.links_of([RecordKey("pos", "B"), RecordKey("pos", "Z1"), RecordKey("pos", "é")])) == 3
    )


def test_events_keep_the_order_of_their_table(store: Store, clock: StandingClock) -> None:
    facts = [(f"g{number * 7919 % 3001}", 1) for number in range(3000)]
    with store.begin(clock) as work:
        work.append_events(events(*facts[:10]))
    with store.begin(clock) as work:
        work.append_events(events(*facts[10:]))
    found = store.views.events(limit=3000)
    assert [event.subject for event in found] == [subject for subject, _ in facts]
    assert [event.position for event in found] == sorted(event.position for event in found)
    assert store.views.events(after=found[4].position, limit=2) == found[5:7]


def test_one_event_per_subject_and_version(store: Store, clock: StandingClock) -> None:
    twice = events(("g1", 1)).set_column(0, "event_id", pa.array(["another"]))
    with store.begin(clock) as work:
        work.append_events(events(("g1", 1), ("g1", 2)))
    with pytest.raises(StoreError, match="E406"), store.begin(clock) as work:
        work.append_events(twice)
    assert [event.version for event in store.views.events(subject="g1")] == [1, 2]


def test_a_constraint_says_its_name_and_no_personal_data(store: Store, clock: StandingClock) -> None:
    with pytest.raises(StoreError, match="content_hash") as refusal, store.begin(clock) as work:
        work.put_records(records("anna", email="anna@shop.example", content_hash=None))
    assert "anna" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_load_is_counted_and_its_bad_rows_are_kept(store: Store, clock: StandingClock) -> None:
    bad = {"load_id": "l1", "file": "a.csv", "row": 7, "column": "email", "code": "E301", "message": "no @"}
    with store.begin(clock) as work:
        work.start_load(Load("l1", "a.csv", "d1", "pos", work.at))
        work.put_quarantine(
            rows(
                ports.QUARANTINED, bad, source="pos", outcome="quarantined", status="open", created_at=MONDAY
            )
        )
        work.finish_load("l1", LoadCounts(rows=9, accepted=8, quarantined=1, rejected=0), clock.turn(hours=1))
    assert store.views.counts().open_quarantine == 1


def test_one_model_is_active_and_putting_it_again_changes_nothing(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        assert work.active_model() is None
        for model in (StoredModel("m1", '{"a":1}'), StoredModel("m2", "{}"), StoredModel("m1", '{"a":2}')):
            work.put_model(model, work.at)
        assert work.active_model() == StoredModel("m1", '{"a":1}')


def test_a_clock_set_back_does_not_rewrite_history(store: Store, clock: StandingClock) -> None:
    with store.begin(clock) as work:
        work.put_change(Change("c1", "load", "cli", work.at))
    clock.turn(hours=-3)
    with store.begin(clock) as work:
        assert work.at == MONDAY + timedelta(microseconds=1)


def test_a_second_writer_waits_and_then_succeeds(url: str, clock: StandingClock) -> None:
    first, second = Store(url), Store(url)
    done: list[str] = []

    def write_later() -> None:
        with second.begin(clock) as work:
            work.put_records(records("second"))
            done.append("second")

    waiting = threading.Thread(target=write_later)
    with first.begin(clock) as work:
        waiting.start()
        work.put_records(records("first"))
        time.sleep(0.3)
        done.append("first")
    waiting.join(timeout=10)
    assert done == ["first", "second"]
    assert first.views.counts().records == 2
    first.close()
    second.close()


def test_a_writer_that_waits_too_long_says_so(url: str, clock: StandingClock) -> None:
    first, hasty = Store(url), Store(url, patience=0.1)
    with first.begin(clock), pytest.raises(StoreError, match="E405"), hasty.begin(clock):
        pass
    first.close()
    hasty.close()


def test_the_store_is_what_a_flow_asks_for(store: Store, clock: StandingClock) -> None:
    transactions: ports.Transactions = store
    with transactions.begin(clock) as work:
        asked_for: ports.UnitOfWork = work
        assert asked_for.at == MONDAY
