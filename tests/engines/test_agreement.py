"""Two crosswalks side by side, counted by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from identity.engines.agreement import agreement

KEYS = ["1", "2", "3", "4", "5", "6"]


def ours(*golden: str) -> pa.Table:
    rows = zip(KEYS, golden, strict=False)
    return pa.Table.from_pylist(
        [{"source": "pos", "source_record_id": k, "country": "US", "golden_id": g} for k, g in rows]
    )


def theirs(*master: str) -> pa.Table:
    rows = zip(KEYS, master, strict=False)
    return pa.Table.from_pylist([{"source": "pos", "source_record_id": k, "master_id": m} for k, m in rows])


def test_what_both_say_is_alike_and_nothing_differs() -> None:
    found, differing = agreement(ours(*"aabbc"), theirs(*"xxyyz"))
    assert (found.records, found.clusters_alike, found.joined, found.split) == (5, 3, 0, 0)
    assert (found.pairs_kept, found.pairs_backed, found.b_cubed) == (1, 1, 1)
    assert differing.num_rows == 0


def test_what_is_joined_split_or_known_to_one_alone_is_told() -> None:
    found, differing = agreement(ours(*"aaabcd"), theirs(*"xxyzz"))
    assert (found.records, found.ours_alone, found.theirs_alone) == (5, 1, 0)
    assert (found.pairs_together, found.pairs_ours_alone, found.pairs_theirs_alone) == (1, 2, 1)
    assert [found.pairs_kept, found.pairs_backed] == pytest.approx([1 / 2, 1 / 3])
    assert [row["golden_id"] for row in found.joined_sample] == ["a"]
    assert [row["master_id"] for row in found.split_sample] == ["z"]
    assert differing["difference"].to_pylist() == ["joined"] * 3 + ["split"] * 2
    assert found.by_source == [{"source": "pos", "records": 5, "alike": 0}]


def test_nothing_in_common_is_no_fault() -> None:
    found, _ = agreement(ours("a"), theirs("x").slice(0, 0))
    assert (found.records, found.ours_alone, found.b_cubed) == (0, 1, 1)
