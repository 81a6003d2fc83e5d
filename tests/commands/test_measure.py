"""Accuracy where the truth is known, and only there."""

from __future__ import annotations

import pyarrow as pa

from identity.commands.measure import accuracy_of

FOUND = pa.table(
    {
        "source": ["shop"] * 4,
        "source_record_id": ["1", "2", "3", "4"],
        "golden_id": ["a", "a", "b", "b"],
    }
)


def known(*people: str | None) -> pa.Table:
    return FOUND.select(["source", "source_record_id"]).append_column("person", pa.array(people, pa.string()))


def test_every_true_pair_counts() -> None:
    accuracy = accuracy_of(FOUND, "golden_id", known("x", "x", "x", "y"), "person")
    assert accuracy is not None
    assert (accuracy.true_pairs, accuracy.precision, accuracy.recall) == (3, 1 / 2, 1 / 3)


def test_a_record_whose_person_is_not_told_is_left_out() -> None:
    accuracy = accuracy_of(FOUND, "golden_id", known("x", "x", "y", None), "person")
    assert accuracy is not None
    assert (accuracy.true_pairs, accuracy.found_pairs, accuracy.f1) == (1, 1, 1.0)


def test_where_no_person_is_told_there_is_no_accuracy() -> None:
    assert accuracy_of(FOUND, "golden_id", known(None, None, None, None), "person") is None
