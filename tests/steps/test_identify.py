"""Golden ids go on from what records had: the largest part keeps the id, and no id is given out twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from identity.model.cluster import GoldenId, mint_golden_id
from identity.model.record import RecordKey
from identity.steps.identify import count_inherited, identify

OLD, YOUNG, TWIN = GoldenId("g-old"), GoldenId("g-young"), GoldenId("g-twin")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CREATED = {OLD: MONDAY, YOUNG: MONDAY + timedelta(days=1), TWIN: MONDAY + timedelta(days=1)}
A, B, C = (RecordKey("pos", name) for name in "abc")


def test_the_largest_part_keeps_the_id_and_the_rest_gets_a_new_one() -> None:
    named = identify([A, B], {(OLD, 0): 1, (OLD, 1): 2}, CREATED, CREATED)
    assert named == [mint_golden_id(A), OLD]


def test_of_equal_parts_the_older_id_lives_on() -> None:
    assert identify([A], {(YOUNG, 0): 2, (OLD, 0): 2}, CREATED, CREATED) == [OLD]


def test_of_equal_parts_of_one_age_the_smaller_id_lives_on() -> None:
    assert identify([A], {(YOUNG, 0): 2, (TWIN, 0): 2}, CREATED, CREATED) == [TWIN]


def test_more_records_outrank_more_age() -> None:
    assert identify([A], {(OLD, 0): 1, (YOUNG, 0): 2}, CREATED, CREATED) == [YOUNG]


def test_an_id_that_lost_its_first_choice_may_live_on_elsewhere() -> None:
    inherited = {(OLD, 0): 5, (YOUNG, 0): 4, (YOUNG, 1): 3}
    assert identify([A, B], inherited, CREATED, CREATED) == [OLD, YOUNG]


def test_an_issued_id_is_never_minted_again() -> None:
    first, second = mint_golden_id(A), mint_golden_id(A, 1)
    assert identify([A], {}, {}, []) == [first]
    assert identify([A], {}, {}, [first]) == [second]
    assert identify([A], {}, {}, [first, second]) == [mint_golden_id(A, 2)]


def test_minted_ids_are_repeatable_and_say_nothing_of_the_record() -> None:
    golden_id = mint_golden_id(RecordKey("pos", "anna.smith@example.com"))
    assert golden_id == mint_golden_id(RecordKey("pos", "anna.smith@example.com"))
    assert re.fullmatch("g[0-9a-hjkmnp-tv-z]{16}", golden_id)
    assert mint_golden_id(RecordKey("po", "s1")) != mint_golden_id(RecordKey("pos", "1"))


def test_records_that_had_no_id_inherit_nothing() -> None:
    assert count_inherited([OLD, None, OLD, YOUNG], [0, 0, 1, 1]) == {(OLD, 0): 1, (OLD, 1): 1, (YOUNG, 1): 1}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([None, OLD, YOUNG, TWIN]), st.integers(0, 4)), min_size=1, max_size=15)
)
def test_every_cluster_has_an_id_of_its_own(records: list[tuple[GoldenId | None, int]]) -> None:
    clusters = sorted({cluster for _, cluster in records})
    labels = [clusters.index(cluster) for _, cluster in records]
    firsts = [RecordKey("pos", f"{cluster:02}") for cluster in clusters]
    inherited = count_inherited([before for before, _ in records], labels)
    named = identify(firsts, inherited, CREATED, CREATED)
    assert len(set(named)) == len(clusters)
    for golden_id in CREATED:
        parts = {cluster: count for (before, cluster), count in inherited.items() if before == golden_id}
        kept = named.index(golden_id) if golden_id in named else None
        assert kept is None or kept in parts
    assert named == identify(firsts, dict(reversed(inherited.items())), CREATED, CREATED)
