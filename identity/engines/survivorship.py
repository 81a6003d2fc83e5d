"""Survivorship of a whole population: the values and reasons of `identity/steps/survive.py`, set by set.

DuckDB joins records to clusters and sorts them once, by golden id and record key. From there on a cluster is
a run of rows, a value is its number in the dictionary of its column, and an election (`election.py`) is a
few passes over integers. A cluster of one record is settled before the first pass, and so is a value nobody
contests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.engines.agreeing import settled
from identity.engines.election import NONE, Column, Elected, Numbers, Population, elect
from identity.model.consent import RESTRICTIVENESS
from identity.model.policy import SurvivorshipPolicy
from identity.steps.agree import Book
from identity.steps.survive import DEFAULT_TRUST, attribute_order, digest, json_text, units

__all__ = ["survive_population"]

_NOT_ATTRIBUTES = frozenset({"source", "source_record_id", "observed_at", "consents"})
# Clusters written at a time: enough to keep the loops in native code, few enough to keep the texts small.
_BATCH = 10_000
_THREADS = 2


def survive_population(
    connection: duckdb.DuckDBPyConnection,
    records: pa.Table,
    memberships: pa.Table,
    policy: SurvivorshipPolicy,
    *,
    flat: bool = False,
    book: Book | None = None,
) -> pa.Table:
    """Return one row per golden id, in golden id order.

    `records` has source, source_record_id and, both optional, observed_at (ISO 8601; UTC unless it names an
    offset) and consents (JSON text: consent → {"status": …}); every other column is an attribute. All are
    strings, and "" counts as absent. `memberships` has source, source_record_id, golden_id; a record without
    one is left out. `book` is what `steps/agree.py` reads; without one the strictest that records state holds.

    Columns: golden_id, attributes (JSON text), consents (JSON text), record_count (int64), fingerprint; with
    `flat` also a string column per attribute. The texts are those of `attributes_text`, `consents_text` and
    `fingerprint`.
    """
    with connection.cursor() as work, ThreadPoolExecutor(_THREADS) as pool:
        people, consents = _gather(work, pool, records, memberships, policy.trust, book)
        names = tuple(people.columns)
        elections = units(policy, names)
        elected: dict[str, Elected] = {}
        for unit, outcome in zip(elections, pool.map(partial(elect, people), elections), strict=True):
            elected |= dict.fromkeys(unit.attributes, outcome)
        return _profiles(pool, people, {name: elected[name] for name in names}, consents, flat)


# --- the records, sorted and numbered ----------------------------------------------------------------------


def _gather(
    work: duckdb.DuckDBPyConnection,
    pool: ThreadPoolExecutor,
    records: pa.Table,
    memberships: pa.Table,
    trust: Mapping[str, int],
    book: Book | None,
) -> tuple[Population, pa.Array]:
    """Return the population and, by cluster, its merged consents as JSON text."""
    names = _attributes(records)
    seats = _seats(work, records, memberships)
    runs = pc.run_end_encode(_whole(seats["golden_id"]), run_end_type=pa.int64())
    sizes = np.diff(runs.run_ends.to_numpy(), prepend=0)
    row = seats["row"].to_numpy()
    # Columns are sorted first, so that neighbours in a cluster are neighbours in the dictionary.
    encoded = pool.map(lambda name: _encode(records[name].take(seats["row"])), names)
    sources = _encode(seats["source"])
    ranks = np.array([trust.get(source, DEFAULT_TRUST) for source in sources.values.to_pylist()], np.int64)
    people = Population(
        golden_ids=runs.values,
        first=np.cumsum(sizes) - sizes,
        cluster=np.repeat(np.arange(len(sizes)), sizes),
        sources=sources,
        record_ids=_whole(seats["source_record_id"]),
        seen=seats["seen"].to_numpy(),
        tails=_whole(seats["tail"]),
        trust=ranks[sources.codes],
        columns=dict(zip(names, encoded, strict=True)),
    )
    consents, contested = _merged_consents(work, people, _optional(records, "consents"), row)
    return people, settled(consents, people, row, records, contested, book) if book else consents


def _attributes(records: pa.Table) -> tuple[str, ...]:
    return attribute_order(name for name in records.column_names if name not in _NOT_ATTRIBUTES)


def _seats(work: duckdb.DuckDBPyConnection, records: pa.Table, memberships: pa.Table) -> pa.Table:
    """Return golden_id, source, source_record_id, row of `records`, seen, tail, sorted by the first three."""
    rows = pa.array(np.arange(records.num_rows))
    keys = records.select(["source", "source_record_id"]).append_column("row", rows)
    work.register("incoming_record", keys.append_column("observed_at", _optional(records, "observed_at")))
    work.register("incoming_membership", memberships)
    return work.sql("""
        SELECT * EXCLUDE moment, coalesce(epoch_us(moment), epoch_us(TIMESTAMP '0001-01-01')) AS seen,
               '",' || coalesce('"' || replace(moment::VARCHAR, ' ', 'T') || 'Z"', 'null') || ']' AS tail
        FROM (SELECT golden_id, source, source_record_id, row, try_cast(observed_at AS TIMESTAMP) AS moment
              FROM incoming_membership JOIN incoming_record USING (source, source_record_id))
        ORDER BY golden_id, source, source_record_id""").to_arrow_table()


def _optional(records: pa.Table, name: str) -> pa.ChunkedArray:
    column = records[name] if name in records.column_names else pa.nulls(records.num_rows)
    return column.cast(pa.string())


def _encode(column: pa.ChunkedArray) -> Column:
    encoded = pc.dictionary_encode(_whole(column.cast(pa.large_string())))
    codes = encoded.indices.cast(pa.int64()).fill_null(NONE).to_numpy(zero_copy_only=False)
    empty = pc.index(encoded.dictionary, "").as_py()
    return Column(codes if empty < 0 else np.where(codes == empty, NONE, codes), encoded.dictionary)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return the column in one piece: one dictionary is built much faster than several are unified."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


# --- consents ----------------------------------------------------------------------------------------------


def _merged_consents(
    work: duckdb.DuckDBPyConnection, people: Population, consents: pa.ChunkedArray, row: Numbers
) -> tuple[pa.Array, Numbers]:
    """Return by cluster the most restrictive status of every consent, as JSON text with sorted keys; and the clusters
    in which one record says yes and another no."""
    cluster = np.full(len(consents), NONE)
    cluster[row] = people.cluster
    work.register("consent", pa.table({"cluster": cluster, "consents": consents}))
    told = f"FROM consent WHERE consents IS NOT NULL AND cluster <> {NONE}"
    asked = work.execute(f"SELECT DISTINCT unnest(json_keys(consents)) {told}").fetchall()
    merged = work.sql(_consents_sql(sorted(name for (name,) in asked), told)).to_arrow_table()
    place = np.full(len(people.first), NONE)
    place[merged["cluster"].to_numpy()] = np.arange(merged.num_rows)
    contested = merged["cluster"].to_numpy()[merged["contested"].to_numpy(zero_copy_only=False)]
    return _taken(_whole(merged["consents"]), place).fill_null("{}"), contested


def _consents_sql(names: Sequence[str], told: str) -> str:
    words = ", ".join(f"'{status}'" for status in RESTRICTIVENESS)
    ranks = "".join(
        f", max({_rank_sql(name)}) AS rank_{n}, coalesce(bool_or({_rank_sql(name)} = 1), false) AS yes_{n}"
        for n, name in enumerate(names)
    )
    contested = "".join(f" OR (coalesce(rank_{n}, 0) > 1 AND yes_{n})" for n in range(len(names)))
    pieces = "".join(
        f""", {_quoted(json_text(name) + ':"')} || [{words}][rank_{n} + 1] || '"'"""
        for n, name in enumerate(names)
    )
    return f"""
        SELECT cluster, '{{' || concat_ws(',', NULL{pieces}) || '}}' AS consents,
               false{contested} AS contested
        FROM (SELECT cluster {ranks} {told} GROUP BY cluster)"""


def _rank_sql(name: str) -> str:
    """SQL for how restrictive one consent of a record is: NULL where not told, 0 for a word not known."""
    pointer = "/" + name.replace("~", "~0").replace("/", "~1") + "/status"
    status = f"json_extract_string(consents, {_quoted(pointer)})"
    ranks = "".join(f" WHEN '{word}' THEN {rank}" for rank, word in enumerate(RESTRICTIVENESS))
    return f"CASE WHEN {status} IS NULL THEN NULL ELSE CASE {status}{ranks} ELSE 0 END END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- one row per cluster -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Golden:
    """One attribute of all profiles: by cluster, the number of its golden value, `NONE` where blank.

    `opening` and `value` are where its texts begin on the shelf: the key as first and as later member of
    the object, then the distinct values. `reason` is the place of what follows the value, by cluster.
    """

    column: Column
    numbers: Numbers
    opening: int
    value: int
    reason: Numbers


class _Shelf:
    """All texts that profiles are made of, end to end, so that a profile is a list of places to copy from."""

    def __init__(self) -> None:
        self._rows: list[pa.Array] = []
        self._length = 0

    def put(self, texts: pa.Array | Sequence[str]) -> int:
        """Add texts and return the place of the first."""
        place = self._length
        self._rows.append(pa.array(texts, pa.large_string()) if isinstance(texts, Sequence) else texts)
        self._length += len(texts)
        return place

    def texts(self) -> pa.Array:
        return pa.concat_arrays([texts.cast(pa.large_string()) for texts in self._rows])


@dataclass(frozen=True, slots=True)
class _Output:
    """What profiles are written from. At `end` on the shelf lie: the closing brace, both braces where nothing is told,
    nothing, and what closes a value whose reason is that of the value before."""

    people: Population
    golden: Mapping[str, _Golden]
    texts: pa.Array
    end: int
    consents: pa.Array
    flat: bool


def _profiles(
    pool: ThreadPoolExecutor,
    people: Population,
    elected: Mapping[str, Elected],
    consents: pa.Array,
    flat: bool,
) -> pa.Table:
    shelf = _Shelf()
    reasons = _reasons(shelf, people, elected)
    golden = {
        name: _golden(shelf, name, people.columns[name], elected[name], reason)
        for name, reason in reasons.items()
    }
    end = shelf.put(["}", "{}", "", '"]'])
    output = _Output(people, golden, shelf.texts(), end, consents, flat)
    batches = range(0, max(len(people.first), 1), _BATCH)
    return pa.concat_tables(pool.map(partial(_batch, output), batches))


def _reasons(shelf: _Shelf, people: Population, elected: Mapping[str, Elected]) -> dict[str, Numbers]:
    """Put the text after a golden value on the shelf once per (row, rule); return its place by cluster."""
    rules = tuple(dict.fromkeys(rule for outcome in elected.values() for rule in outcome.rules))
    pairs = {name: _pairs(outcome, rules) for name, outcome in elected.items()}
    used = np.zeros(len(people.cluster) * len(rules), np.bool_)
    for name, outcome in elected.items():
        used[pairs[name][outcome.rows != NONE]] = True
    row, rule = np.divmod(np.flatnonzero(used), max(len(rules), 1))
    sources = _taken(_escaped(people.sources.values), people.sources.codes[row])
    ids, chosen = _taken(_escaped(people.record_ids), row), _taken(pa.array(rules, pa.string()), rule)
    then, tails = '","', _taken(people.tails, row)
    first = shelf.put(_joined(then, sources, then, ids, then, chosen, tails))
    place = np.cumsum(used, dtype=np.int32)
    return {name: first - 1 + place[pair].astype(np.int64) for name, pair in pairs.items()}


def _pairs(outcome: Elected, rules: Sequence[str]) -> Numbers:
    """Number the elected row and its rule together, by cluster; any number where nobody is elected."""
    numbers = np.array([rules.index(rule) for rule in outcome.rules])
    pairs: Numbers = outcome.rows * len(rules) + numbers[outcome.rule]
    return pairs


def _golden(shelf: _Shelf, name: str, column: Column, elected: Elected, reason: Numbers) -> _Golden:
    nobody = elected.rows == NONE
    numbers = np.where(nobody | elected.blanks[name], NONE, column.codes[elected.rows])
    key = json_text(name) + ':["'
    opening, value = shelf.put(["{" + key, "," + key]), shelf.put(_escaped(column.values))
    return _Golden(column, numbers, opening, value, reason)


def _batch(output: _Output, start: int) -> pa.Table:
    """Write the profiles of `_BATCH` clusters from `start` on."""
    people, part = output.people, slice(start, start + _BATCH)
    ends = np.append(people.first, len(people.cluster))
    counts = np.diff(ends)[part]
    attributes, consents = _attributes_json(output, part, len(counts)), output.consents[part]
    keys = iter(_keys(people, slice(ends[start], ends[start + len(counts)])).to_pylist())
    texts = (column.cast(pa.binary()).to_pylist() for column in (attributes, consents))
    stories = zip(*texts, counts.tolist(), strict=True)
    columns = {
        "golden_id": people.golden_ids[part],
        "attributes": attributes,
        "consents": consents,
        "record_count": pa.array(counts, pa.int64()),
        "fingerprint": pa.array(
            [digest(said, agreed, islice(keys, n)) for said, agreed, n in stories], pa.string()
        ),
    }
    flat = {
        name: _taken(golden.column.values, golden.numbers[part]) for name, golden in output.golden.items()
    }
    return pa.table(columns | (flat if output.flat else {}))


def _attributes_json(output: _Output, part: slice, count: int) -> pa.Array:
    """Write the golden values of each cluster as one JSON object: opening, value, reason, and so on."""
    places = np.full((count, len(output.golden) + 1, 3), output.end + 2)
    told = np.ones((count, len(output.golden) + 1), np.bool_)
    begun, before = np.zeros(count, np.bool_), np.full(count, -1)
    for slot, golden in enumerate(output.golden.values()):
        told[:, slot] = golden.numbers[part] != NONE
        places[:, slot, 0] = golden.opening + begun
        places[:, slot, 1] = golden.value + golden.numbers[part]
        reason = golden.reason[part]
        places[:, slot, 2] = np.where(reason == before, output.end + 3, reason)
        before = np.where(told[:, slot], reason, before)
        begun |= told[:, slot]
    places[:, -1, 0] = output.end + ~begun
    # Large and kept to the end: the system's allocator takes far fewer page faults over it than Arrow's own.
    texts = pc.take(output.texts, pa.array(places[told].ravel()), memory_pool=pa.system_memory_pool())
    return _run_together(texts, told.sum(axis=1) * 3)


def _run_together(texts: pa.Array, counts: Numbers) -> pa.Array:
    """Return runs of `counts` texts each as one text: they lie end to end, so bounds are all it takes."""
    bounds = np.frombuffer(texts.buffers()[1], np.int64)[np.append(0, np.cumsum(counts))].astype(np.int32)
    return pa.StringArray.from_buffers(len(counts), pa.py_buffer(bounds), texts.buffers()[2])


def _keys(people: Population, rows: slice) -> pa.Array:
    """Return the record keys of some rows as `fingerprint` reads them."""
    sources = _taken(people.sources.values, people.sources.codes[rows])
    return pc.binary_join_element_wise(sources, people.record_ids[rows], "\x1f").cast(pa.binary())


def _taken(texts: pa.Array, places: Numbers) -> pa.Array:
    return texts.take(pa.array(places, mask=places == NONE)).cast(pa.string())


def _joined(*texts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*texts, "")


def _escaped(texts: pa.Array) -> pa.Array:
    """Return texts as they stand between the quotes of a JSON string; nearly all stand as they are."""
    special = pc.match_substring_regex(texts, '["\\\\\\x00-\\x1f]')
    if not pc.any(special).as_py():
        return texts
    escaped = [json_text(text)[1:-1] for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(texts, special, pa.array(escaped, texts.type))
