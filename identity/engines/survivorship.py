"""Survivorship of a whole population in DuckDB: the values and reasons of `identity/steps/survive.py`, set by set.

The way there: number the clusters and records (`_gather`), elect one record per cluster and attribute (`_elect`), fold
the consents (`_merge_consents`), write one row per cluster (`_profiles_sql`). A cluster of one record skips the election,
and so does a value nobody contests; what is contested is compared once per (cluster, value), not once per record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import duckdb
import pyarrow as pa

from identity.model.consent import RESTRICTIVENESS
from identity.model.policy import AttributePolicy, SurvivorshipPolicy
from identity.steps.survive import (
    DEFAULT_TRUST,
    DOUBTFUL,
    FOLDS,
    PLACEHOLDER,
    REAL,
    attribute_order,
    digest,
    fold_text,
    units,
)

__all__ = ["survive_population"]

_NOT_ATTRIBUTES = frozenset({"source", "source_record_id", "observed_at", "consents"})
# Between the parts of a group of attributes, and of a record key: sorts below all printable text.
_SEPARATOR = "chr(31)"
# The keys of all members, cluster by cluster in golden id order: the text that `fingerprint` reads.
_KEYS = f"SELECT source || {_SEPARATOR} || source_record_id AS key FROM seat ORDER BY rowid"
# Printable ASCII with single spaces folds by lower() alone; anything else takes the long way through Python.
_PLAIN = "([!-~]+( [!-~]+)*)?"


def survive_population(
    connection: duckdb.DuckDBPyConnection,
    records: pa.Table,
    memberships: pa.Table,
    policy: SurvivorshipPolicy,
    *,
    flat: bool = False,
) -> pa.Table:
    """Return one row per golden id, in golden id order.

    `records` has source, source_record_id and, both optional, observed_at (ISO 8601; UTC where it names no offset) and
    consents (JSON text: consent → {"status": …}); every other column is an attribute. All are strings, "" counts as
    absent. `memberships` has source, source_record_id, golden_id; a record without membership is left out.

    Columns: golden_id, attributes (JSON text), consents (JSON text), record_count (int64), fingerprint; with `flat`
    also one string column per attribute. The texts are those of `attributes_text`, `consents_text` and `fingerprint`.
    """
    names = attribute_order(name for name in records.column_names if name not in _NOT_ATTRIBUTES)
    elections = units(policy, names)
    with connection.cursor() as work:
        _teach(work)
        _gather(work, records, memberships, names, policy.trust)
        for unit in elections:
            _elect(work, unit, [name for name in unit.attributes if name in names])
        _merge_consents(work)
        profiles = work.sql(_profiles_sql(elections, names, flat)).to_arrow_table()
        keys = work.sql(_KEYS).to_arrow_table()
    return profiles.add_column(4, "fingerprint", _fingerprints(profiles, keys["key"]))


# --- what SQL cannot spell exactly as Python does ---------------------------------------------------------------------


def _teach(work: duckdb.DuckDBPyConnection) -> None:
    """Make two Python functions known to the database, which remembers them from call to call."""
    for name, function in (("fold_any_text", fold_text), ("json_any_text", _json_text)):
        try:
            work.create_function(name, _columnwise(function), ["VARCHAR"], "VARCHAR", type="arrow")  # type: ignore[arg-type]
        except duckdb.CatalogException:
            continue


def _columnwise(function: Callable[[str], str]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def over_column(column: pa.ChunkedArray) -> pa.Array:
        return pa.array([None if text is None else function(text) for text in column.to_pylist()], pa.string())

    return over_column


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _quoted(column: str) -> str:
    """SQL for the JSON string of a text column."""
    plain = f"""'"' || {column} || '"'"""
    return f"""(CASE WHEN regexp_matches({column}, '["\\\\\\x00-\\x1f]') THEN json_any_text({column}) ELSE {plain} END)"""


def _text(value: str) -> str:
    """SQL for a text constant."""
    return "'" + value.replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _won(attribute: str) -> str:
    return _name(f"won_{attribute}")


def _each(width: int, part: Callable[[int], str], glue: str = ", ") -> str:
    """`part(1), part(2), …`: one term for every attribute that is decided together."""
    return glue.join(part(n) for n in range(1, width + 1))


# --- the records, numbered --------------------------------------------------------------------------------------------


def _gather(
    work: duckdb.DuckDBPyConnection,
    records: pa.Table,
    memberships: pa.Table,
    names: Sequence[str],
    trust: Mapping[str, int],
) -> None:
    """Make the tables `cluster` (c, golden_id, size) and `member` (c, rank, alone, …, attributes).

    Seats are sorted, so their row numbers order the records of a cluster by key (`rank`) and, taking the first of each,
    the clusters by golden id (`c`): from here on ties and joins cost an integer.
    """
    work.register("incoming_record", records)
    work.register("incoming_membership", memberships)
    work.execute("""
        CREATE TEMP TABLE seat AS
        SELECT golden_id, source, source_record_id
        FROM incoming_membership SEMI JOIN incoming_record USING (source, source_record_id) ORDER BY ALL""")
    work.execute("""
        CREATE TEMP TABLE cluster AS
        SELECT min(rowid) AS c, golden_id, count(*) AS size FROM seat GROUP BY golden_id""")
    seen, consents = (
        f"incoming_record.{column}" if column in records.column_names else "NULL::VARCHAR"
        for column in ("observed_at", "consents")
    )
    attributes = "".join(f", nullif(incoming_record.{_name(name)}, '') AS {_name(name)}" for name in names)
    work.execute(f"""
        CREATE TEMP TABLE member AS
        SELECT *, {_head_sql()} AS head, {_tail_sql()} AS tail
        FROM (SELECT c, seat.rowid AS rank, size = 1 AS alone, source, source_record_id, {_trust_sql(trust)} AS trust,
                     try_cast({seen} AS TIMESTAMP) AS seen, {consents} AS consents {attributes}
              FROM seat JOIN cluster USING (golden_id) JOIN incoming_record USING (source, source_record_id))""")


def _trust_sql(trust: Mapping[str, int]) -> str:
    known = "".join(f" WHEN {_text(source)} THEN {rank:d}" for source, rank in trust.items())
    return f"CASE source{known} ELSE {DEFAULT_TRUST} END" if known else str(DEFAULT_TRUST)


def _head_sql() -> str:
    """What stands between a golden value and its rule in JSON; the same for every value of a record."""
    source, source_record_id = _quoted("source"), _quoted("source_record_id")
    return f"""',"source":' || {source} || ',"source_record_id":' || {source_record_id} || ',"rule":"'"""


def _tail_sql() -> str:
    """What follows the rule; the same for every value of a record."""
    return """'","observed_at":' || coalesce('"' || replace(seen::VARCHAR, ' ', 'T') || 'Z"', 'null') || '}'"""


# --- one record per cluster and attribute -----------------------------------------------------------------------------


def _elect(work: duckdb.DuckDBPyConnection, unit: AttributePolicy, names: Sequence[str]) -> None:
    """Make the tables `won_<attribute>` (c, value, piece of JSON) for the clusters of more than one record."""
    steps = {
        "claim": _claims_sql(unit, names),
        "tally": "SELECT c, min(rank) AS rank, min(value) = max(value) AS agreed FROM claim GROUP BY c",
        "rival": _rivals_sql(unit, len(names)),
        "winner": _winners_sql(unit, len(names)),
    }
    for table, query in steps.items():
        work.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
    for place, name in enumerate(names, start=1):
        work.execute(f"CREATE TEMP TABLE {_won(name)} AS {_won_sql(name, place)}")


def _claims_sql(unit: AttributePolicy, names: Sequence[str]) -> str:
    """c, rank, source, value, trust, seen of every record with a say; the value of a group is its parts in one text."""
    parts = [f"coalesce({_name(name)}, '')" for name in names]
    value = f" || {_SEPARATOR} || ".join(parts) if len(parts) > 1 else _name(names[0])
    someone = " OR ".join(f"{_name(name)} IS NOT NULL" for name in names)
    master = _text(unit.mastered_by)
    voices = f"AND (source = {master} OR c NOT IN (SELECT c FROM member WHERE source = {master}))"
    return f"""
        SELECT c, rank, source, {value} AS value, trust, coalesce(seen, TIMESTAMP '0001-01-01') AS seen
        FROM member WHERE NOT alone AND ({someone}) {voices if unit.mastered_by else ""}"""


def _rivals_sql(unit: AttributePolicy, width: int) -> str:
    """One row per (contested cluster, value): its parts, folded, how real they are, its supporters and best record.

    Trust and recency belong to a record, every other measure to the value; among the records that say the same only
    the former differ, so the best of them is known before rivals meet.
    """
    best = {f"of_{place}": _OF_RECORD[name] for place, name in enumerate(unit.criteria) if name in _OF_RECORD}
    best_record = ", ".join(f"{field} := {column}" for field, column in {**best, "key": "-rank"}.items())
    fold = _FOLD_SQL[unit.compared_as]
    parts = _each(width, lambda n: f"split_part(value, {_SEPARATOR}, {n}) AS part_{n}")
    return f"""
        SELECT *, {_each(width, lambda n: f"{_realness_sql(unit, f'folded_{n}')} AS real_{n}")}
        FROM (SELECT *, {_each(width, lambda n: f"{fold(f'part_{n}')} AS folded_{n}")}
              FROM (SELECT *, {parts if width > 1 else "value AS part_1"}
                    FROM (SELECT c, value, count(*) AS supporters, max(struct_pack({best_record})) AS best
                          FROM claim SEMI JOIN (SELECT c FROM tally WHERE NOT agreed) USING (c) GROUP BY c, value)))"""


def _winners_sql(unit: AttributePolicy, width: int) -> str:
    """c, rank and rule of the elected record; blank_<n> where its part says nothing and another record knows better."""
    measures = {"real_value": f"greatest({_each(width, lambda n: f'real_{n}')})"}
    measures |= {name: _measure_sql(unit, name, place, width) for place, name in enumerate(unit.criteria)}
    standing = [f"m_{place} := {measure}" for place, measure in enumerate(measures.values())]
    standing += ["key := best.key", _each(width, lambda n: f"real_{n} := real_{n}")]
    known = _each(width, lambda n: f"max(real_{n}) FILTER (part_{n} <> '') AS known_{n}")
    blank = _each(width, lambda n: f"podium[1].real_{n} = {PLACEHOLDER} AND known_{n} > {PLACEHOLDER} AS blank_{n}")
    # The best rival is the last to be eliminated: nobody shares a longer prefix of measures with the winner.
    rules = "".join(
        f" WHEN podium[1].m_{place} <> podium[2].m_{place} THEN {_text(name)}" for place, name in enumerate(measures)
    )
    return f"""
        SELECT c, rank, {_unopposed_sql(unit)} AS rule, {_each(width, lambda n: f"false AS blank_{n}")}
        FROM claim SEMI JOIN (SELECT rank FROM tally WHERE agreed) USING (rank)
        UNION ALL
        SELECT c, -podium[1].key, CASE{rules} ELSE 'record_key' END, {blank}
        FROM (SELECT c, max(struct_pack({", ".join(standing)}), 2) AS podium, {known}
              FROM (SELECT *, {_votes_sql(unit, width)} AS votes FROM rival) GROUP BY c)"""


def _won_sql(name: str, place: int) -> str:
    return f"""
        SELECT winner.c, {_name(name)} AS value, {_piece_sql(name, "rule")} AS piece
        FROM winner JOIN member USING (rank) WHERE {_name(name)} IS NOT NULL AND NOT blank_{place}"""


def _piece_sql(name: str, rule: str) -> str:
    """SQL for '"given_name":{"value":"Ana",…}': a golden value as one member of a JSON object."""
    opening = _text(_json_text(name) + ':{"value":')
    return f"{opening} || {_quoted(_name(name))} || head || {rule} || tail"


def _unopposed_sql(unit: AttributePolicy) -> str:
    mastered = f"CASE WHEN source = {_text(unit.mastered_by)} THEN {_text('mastered_by:' + unit.mastered_by)}"
    return f"{mastered} ELSE 'only_value' END" if unit.mastered_by else "'only_value'"


# --- what a claim is measured by --------------------------------------------------------------------------------------

_OF_RECORD = {"trusted_source": "trust", "most_recent": "seen"}

_FULLNESS = """(length(folded_1) * 4 + (strlen(part_1) <> length(part_1))::INT * 2
    + (regexp_matches(part_1, '[a-z]') AND regexp_matches(part_1, '[A-Z]'))::INT)"""


def _measure_sql(unit: AttributePolicy, criterion: str, place: int, width: int) -> str:
    """SQL for one of `MEASURES`, over `rival`."""
    verified = _each(
        width, lambda n: f"(part_{n} <> '' AND {_matches_sql(f'part_{n}', unit.verified_pattern)})::INT", " + "
    )
    filled = _each(width, lambda n: f"(real_{n} > {PLACEHOLDER})::INT", " + ")
    measures = {
        "trusted_source": f"best.of_{place}",
        "most_recent": f"best.of_{place}",
        "verified": verified,
        "most_complete": filled if unit.together else _FULLNESS,
        "vote": "votes",
    }
    return measures[criterion]


def _votes_sql(unit: AttributePolicy, width: int) -> str:
    if "vote" not in unit.criteria:
        return "0"
    return f"sum(supporters) OVER (PARTITION BY c, {_each(width, lambda n: f'folded_{n}')})"


def _fold_text_sql(column: str) -> str:
    return f"(CASE WHEN regexp_full_match({column}, '{_PLAIN}') THEN lower({column}) ELSE fold_any_text({column}) END)"


def _fold_phone_sql(column: str) -> str:
    digits = f"right(regexp_replace({column}, '[^0-9]', '', 'g'), 9)"
    return f"coalesce(nullif({digits}, ''), {_fold_text_sql(column)})"


_FOLD_SQL: Mapping[str, Callable[[str], str]] = {"text": _fold_text_sql, "phone": _fold_phone_sql}


def _realness_sql(unit: AttributePolicy, folded: str) -> str:
    placeholder = _listed_sql(unit, folded, ("", *unit.placeholders), unit.placeholder_pattern)
    doubtful = _listed_sql(unit, folded, unit.doubtful, unit.doubtful_pattern)
    return f"CASE WHEN {placeholder} THEN {PLACEHOLDER} WHEN {doubtful} THEN {DOUBTFUL} ELSE {REAL} END"


def _listed_sql(unit: AttributePolicy, folded: str, values: Iterable[str], pattern: str) -> str:
    texts = ", ".join(sorted({_text(FOLDS[unit.compared_as](value)) for value in values}))
    return f"({f'{folded} IN ({texts})' if texts else 'false'} OR {_matches_sql(folded, pattern)})"


def _matches_sql(column: str, pattern: str) -> str:
    return f"regexp_full_match({column}, {_text(pattern)})" if pattern else "false"


# --- consents ---------------------------------------------------------------------------------------------------------


def _merge_consents(work: duckdb.DuckDBPyConnection) -> None:
    """Make the table `consent` (c, consents as JSON text): the most restrictive status, as `most_restrictive` says."""
    asked = "SELECT DISTINCT unnest(json_keys(consents)) FROM member WHERE consents IS NOT NULL"
    names = sorted(name for (name,) in work.execute(asked).fetchall())
    pointers = ", ".join(_text(f"/{name.replace('~', '~0').replace('/', '~1')}/status") for name in names)
    statuses = f"json_extract_string(consents, [{pointers}])" if names else "[NULL]"
    ranks = _each(len(names), lambda n: f", max({_rank_sql(f'statuses[{n}]')}) AS rank_{n}", "")
    words = "[" + ", ".join(map(_text, RESTRICTIVENESS)) + "]"
    pieces = _each(
        len(names), lambda n: f""", {_text(_json_text(names[n - 1]) + ':"')} || {words}[rank_{n} + 1] || '"'""", ""
    )
    work.execute(f"""
        CREATE TEMP TABLE consent AS
        SELECT c, '{{' || concat_ws(',', NULL{pieces}) || '}}' AS consents
        FROM (SELECT c{ranks} FROM (SELECT c, {statuses} AS statuses FROM member WHERE consents IS NOT NULL) GROUP BY c)""")


def _rank_sql(status: str) -> str:
    known = "".join(f" WHEN {_text(word)} THEN {rank}" for rank, word in enumerate(RESTRICTIVENESS))
    return f"CASE WHEN {status} IS NULL THEN NULL ELSE CASE {status}{known} ELSE 0 END END"


# --- one row per cluster ----------------------------------------------------------------------------------------------


def _profiles_sql(elections: Sequence[AttributePolicy], names: Sequence[str], flat: bool) -> str:
    flat_names = "".join(f", {_name(name)}" for name in names) if flat else ""
    flat_values = "".join(f", {_won(name)}.value AS {_name(name)}" for name in names) if flat else ""
    return f"""
        SELECT golden_id, attributes, coalesce(consents, '{{}}') AS consents, size AS record_count {flat_names}
        FROM (SELECT c, {_object_sql(f"{_won(name)}.piece" for name in names)} AS attributes {flat_values}
              FROM (SELECT c FROM cluster WHERE size > 1)
                   {" ".join(f"LEFT JOIN {_won(name)} USING (c)" for name in names)}
              UNION ALL
              SELECT c, {_object_sql(_lone_pieces(elections, names))} {flat_names} FROM member WHERE alone)
             JOIN cluster USING (c) LEFT JOIN consent USING (c)
        ORDER BY c"""


def _object_sql(pieces: Iterable[str]) -> str:
    return "'{' || concat_ws(',', " + ", ".join(("NULL", *pieces)) + ") || '}'"


def _lone_pieces(elections: Sequence[AttributePolicy], names: Sequence[str]) -> list[str]:
    rules = {name: _unopposed_sql(unit) for unit in elections for name in unit.attributes}
    # A missing value makes the whole piece NULL, and concat_ws passes over it.
    return [_piece_sql(name, rules[name]) for name in names]


def _fingerprints(profiles: pa.Table, keys: pa.ChunkedArray) -> pa.ChunkedArray:
    """Digest every profile with its member keys; both come in golden id order, so keys are dealt out by count."""
    key = iter(keys.to_pylist())
    digests = []
    for batch in profiles.select(["attributes", "consents", "record_count"]).to_batches():
        rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        digests.append(pa.array([digest(said, agreed, islice(key, count)) for said, agreed, count in rows], pa.string()))
    return pa.chunked_array(digests, pa.string())
