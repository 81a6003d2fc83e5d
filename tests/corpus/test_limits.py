# ruff: noqa: E501
"""Sizes beyond reason, and texts that nobody thought of: memory stays bounded, and everything is taken or has a number."""

from __future__ import annotations

import re
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.connectors.files import read_canonical_file
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.model.vocabulary import FEATURES
from identity.steps.normalise import normalise
from identity.steps.refuse import refuse

_GROWTH = 200 * 1024
"""Kilobytes."""
_GOOD = b"pos,9,Zoe,Oslo\n"
_CSV = b"source,source_record_id,given_name,city\n"
_LINE = b'{"source":"pos","source_record_id":"9"}\n'
_HUGE: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "a field": ("a.csv", lambda n: _CSV + b"pos,1," + b"x" * n + b",Ulm\n" + _GOOD),
    "a field in quotes": ("b.csv", lambda n: _CSV + b'pos,1,"' + b"x" * n + b'",Ulm\n' + _GOOD),
    "a field of quotes": ("c.csv", lambda n: _CSV + b'pos,1,"' + b'"' * n + b",Ulm\n" + _GOOD),
    "fields": ("d.csv", lambda n: _CSV + b"," * n + b"\n" + _GOOD),
    "a value": (
        "e.jsonl",
        lambda n: b'{"source":"pos","source_record_id":"1","city":"' + b"x" * n + b'"}\n' + _LINE,
    ),
    "lists in lists": ("f.jsonl", lambda n: b"[" * n + b"\n" + _LINE),
    "blanks": ("g.jsonl", lambda n: b"{" + b" " * n + b"}\n" + _LINE),
}


@pytest.mark.parametrize("what", _HUGE)
@pytest.mark.parametrize("size", [10_000_000, 64_000_000])
def test_what_is_huge_costs_its_own_row_and_little_memory(tmp_path: Path, what: str, size: int) -> None:
    name, content = _HUGE[what]
    (tmp_path / name).write_bytes(content(size))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    intake = read_canonical_file(tmp_path / name)
    assert intake.records["source_record_id"].to_pylist() == ["9"]
    assert (intake.rows, intake.accepted, intake.quarantined) == (2, 1, 1)
    assert all(len(issue.raw) <= 65_536 for issue in intake.issues)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < _GROWTH


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(CANONICAL_ATTRIBUTES), st.text(st.characters(), max_size=40), min_size=1)
)
def test_any_record_is_refused_by_number_or_read(attributes: dict[str, str]) -> None:
    record = SourceRecord(RecordKey("pos", "1"), attributes)
    if problem := refuse(record):
        assert re.fullmatch(r"E3\d\d", problem.code)
        return
    features = normalise(record).features
    assert set(features) <= set(FEATURES)
    assert all(features.values())
