"""What a population agreed to, where the strictest status of its records is not the answer.

It is, of nearly everybody: only where facts are known of a person, or where one record says yes and another no, does
`identity/steps/agree.py` have to be asked, person by person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from identity.engines.election import Numbers, Population
from identity.features.moments import moment
from identity.features.reach import identifier_value
from identity.model.consent_fact import ConsentFact
from identity.model.consent_policy import ConsentPolicy
from identity.model.record import RecordKey, SourceRecord
from identity.steps.agree import Book, agree
from identity.steps.keep import keep
from identity.steps.survive import json_text

__all__ = ["refusals_left", "settled"]

_TOLD = ("source", "source_record_id", "email", "phone", "country", "observed_at", "consents")
_TAIL = 4


def settled(
    texts: pa.Array, people: Population, row: Numbers, records: pa.Table, contested: Numbers, book: Book
) -> pa.Array:
    """Return the consents of every cluster as JSON text, those of the `contested` and of whom facts are known anew.

    `row` tells of each seat, cluster by cluster, which row of `records` sits there.
    """
    seats = np.full(records.num_rows, -1)
    seats[row] = people.cluster
    told = _of_whom_facts_tell(records, book)
    clusters = np.unique(np.concatenate([contested, seats[told]]).astype(np.int64))
    clusters = clusters[clusters >= 0]
    if not len(clusters):
        return texts
    keys = _keys(records, told)
    fresh = dict(_anew(clusters, people, row, records, replace(book, live=book.by_record.keys() & keys)))
    every: list[Any] = texts.to_pylist()
    for cluster, text in fresh.items():
        every[cluster] = text
    return pa.array(every, texts.type)


def refusals_left(
    stored: pa.Table, arrivals: pa.Table, policy: ConsentPolicy, at: datetime
) -> list[ConsentFact]:
    """Return the refusals that stored records state and that `arrivals` (RECORDS), in their place, do not."""
    told = stored.filter(pc.not_equal(stored["consents"], "{}"))
    if not told.num_rows or not arrivals.num_rows:
        return []
    keys = ["source", "source_record_id"]
    now = arrivals.filter(pc.or_(pc.equal(arrivals["mode"], "live"), pc.is_valid(arrivals["deleted_at"])))
    now = now.select([*keys, "consents", "deleted_at", "observed_at"]).rename_columns(
        [*keys, "says", "gone", "seen"]
    )
    both = told.select(list(_TOLD)).join(now, keys, join_type="inner")
    changed = both.filter(pc.or_(pc.not_equal(both["consents"], both["says"]), pc.is_valid(both["gone"])))
    facts: list[ConsentFact] = []
    for row in changed.to_pylist():
        says = None if row["gone"] else _record({**row, "consents": row["says"], "observed_at": row["seen"]})
        facts += keep(_record(row), says, policy, at)
    return facts


def _anew(
    clusters: Numbers, people: Population, row: Numbers, records: pa.Table, book: Book
) -> Iterable[tuple[int, str]]:
    ends = np.append(people.first[1:], len(row))
    rows = [row[people.first[cluster] : ends[cluster]] for cluster in clusters]
    columns = [name for name in _TOLD if name in records.column_names]
    told = records.select(columns).take(np.concatenate(rows)).to_pylist()
    start = 0
    for cluster, members in zip(clusters.tolist(), rows, strict=True):
        group = [_record(each) for each in told[start : start + len(members)]]
        start += len(members)
        found = agree(group, book)
        yield cluster, json_text({consent: found[consent].held.status for consent in sorted(found)})


def _record(told: dict[str, Any]) -> SourceRecord:
    consents = orjson.loads(told.get("consents") or "{}")
    captured = {name: moment(said.get("captured_at")) for name, said in consents.items()}
    return SourceRecord(
        RecordKey(told["source"], told["source_record_id"]),
        {name: told[name] for name in ("email", "phone", "country") if told.get(name)},
        moment(told.get("observed_at")),
        {name: said["status"] for name, said in consents.items() if said.get("status") is not None},
        {name: moment for name, moment in captured.items() if moment},
    )


def _of_whom_facts_tell(records: pa.Table, book: Book) -> Numbers:
    """Return the rows of the records that facts are about, or that hold an identifier which they are for."""
    rows = [_about(records, book)] if book.by_record else []
    wanted = {kind: {value for of, value in book.by_identifier if of == kind} for kind in ("email", "phone")}
    for kind, values in wanted.items():
        if values and kind in records.column_names:
            rows.append(_holding(records, kind, values))
    return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)


def _about(records: pa.Table, book: Book) -> Numbers:
    named = pa.array(sorted({key.source_record_id for key in book.by_record}), pa.string())
    rows = _where(pc.is_in(records["source_record_id"], value_set=named))
    return np.array(
        [
            row
            for row, key in zip(rows.tolist(), _keys_at(records, rows), strict=True)
            if key in book.by_record
        ],
        np.int64,
    )


def _holding(records: pa.Table, kind: str, values: set[str]) -> Numbers:
    """Return the rows that hold one of these values. Only what can be spelled like one is read."""
    spelled = pc.unique(records[kind]).drop_null().to_pylist()
    if kind == "email":
        like = [text for text in spelled if identifier_value(kind, text) in values]
        return _where(pc.is_in(records[kind], value_set=pa.array(like, pa.string())))
    tails = {value[-_TAIL:] for value in values}
    like = [text for text in spelled if _digits(text)[-_TAIL:] in tails or not _plain(text)]
    rows = _where(pc.is_in(records[kind], value_set=pa.array(like, pa.string())))
    columns = [name for name in (kind, "country") if name in records.column_names]
    told = records.select(columns).take(rows).to_pylist()
    found = [identifier_value(kind, each[kind], each.get("country") or "") in values for each in told]
    kept: Numbers = rows[np.array(found, bool)]
    return kept


def _plain(text: str) -> bool:
    """Say whether the digits of a text are those of its number: no extension, no other script."""
    return text.isascii() and not any(letter.isalpha() for letter in text)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _where(mask: pa.ChunkedArray) -> Numbers:
    rows: Numbers = np.flatnonzero(mask.to_numpy(zero_copy_only=False)).astype(np.int64)
    return rows


def _keys(records: pa.Table, rows: Numbers) -> set[RecordKey]:
    return set(_keys_at(records, rows))


def _keys_at(records: pa.Table, rows: Numbers) -> Sequence[RecordKey]:
    told = records.select(["source", "source_record_id"]).take(pa.array(rows)).to_pydict()
    return [RecordKey(*pair) for pair in zip(told["source"], told["source_record_id"], strict=True)]
