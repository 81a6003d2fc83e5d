"""Survivorship of a whole population in DuckDB: the values and reasons of `identity/steps/survive.py`, set by set.

The way there: number the clusters and records (`_gather`), elect one record per cluster and attribute (`_elect`), fold
the consents (`_merge_consents`), write one row per cluster (`_profiles`). A cluster of one record skips the election,
and so does a value nobody contests; what is contested is compared once per (cluster, value), not once per record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from identity.model.consent import RESTRICTIVENESS
from identity.model.policy import AttributePolicy, SurvivorshipPolicy
from identity.steps.survive import DEFAULT_TRUST, FOLDS, attribute_order, fold_text, units

__all__ = ["survive_population"]

_NOT_ATTRIBUTES = frozenset({"source", "source_record_id", "observed_at", "consents"})

# Printable ASCII with single spaces folds by lower() alone; anything else takes the long way through Python.
_PLAIN = "[!-~]+( [!-~]+)*"
# Between the parts of a group of attributes: sorts below all printable text and occurs in none.
_UNIT_SEPARATOR = "chr(31)"


def survive_population(
    connection: duckdb.DuckDBPyConnection,
    records: pa.Table,
    memberships: pa.Table,
    policy: SurvivorshipPolicy,
    *,
    flat: bool = False,
) -> pa.Table:
    """Return one row per golden id, in golden id order.

    `records` has source, source_record_id and, all optional, observed_at (ISO 8601, UTC), consents (JSON text:
    consent → {"status": …}); every other column is an attribute. All are strings; "" counts as absent. `memberships`
    has source, source_record_id, golden_id; a record without membership is left out.

    Columns: golden_id, attributes (JSON text), consents (JSON text), record_count (int64), fingerprint; with `flat`
    also one string column per attribute. The texts are those of `attributes_text`, `consents_text` and `fingerprint`.
    """
    names = attribute_order(name for name in records.column_names if name not in _NOT_ATTRIBUTES)
    with connection.cursor() as work:
        _teach(work)
        _gather(work, records, memberships, names, policy.trust)
        for unit in units(policy, names):
            _elect(work, unit, [name for name in unit.attributes if name in names])
        _merge_consents(work)
        return work.execute(_profiles_sql(policy, names, flat)).to_arrow_table()


def _teach(work: duckdb.DuckDBPyConnection) -> None:
    """Make the two functions known that SQL cannot spell exactly as Python does; a database learns them once."""
    for name, function in (("fold_any_text", fold_text), ("json_any_text", _json_text)):
        try:
            work.create_function(name, _columnwise(function), ["VARCHAR"], "VARCHAR", type="arrow")
        except duckdb.CatalogException:
            continue


def _columnwise(function: Callable[[str], str]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def over_column(column: pa.ChunkedArray) -> pa.Array:
        return pa.array([None if text is None else function(text) for text in column.to_pylist()], pa.string())

    return over_column


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# --- the records, numbered ---------------------------------------------------------------------------------------------


def _gather(
    work: duckdb.DuckDBPyConnection,
    records: pa.Table,
    memberships: pa.Table,
    names: Sequence[str],
    trust: Mapping[str, int],
) -> None:
    """Make the tables `cluster` (c, golden_id, size) and `member` (c, rank, alone, …, attributes).

    `c` numbers clusters by golden id and `rank` numbers records by key, so that ties and joins cost an integer.
    """
    work.register("incoming_record", records)
    work.register("incoming_membership", memberships)
    work.execute("""
        CREATE TEMP TABLE cluster AS
        SELECT row_number() OVER (ORDER BY golden_id) AS c, golden_id, count(*) AS size
        FROM incoming_membership SEMI JOIN incoming_record USING (source, source_record_id) GROUP BY golden_id""")
    work.execute("""
        CREATE TEMP TABLE numbered AS
        SELECT row_number() OVER (ORDER BY source, source_record_id) AS rank, c, size = 1 AS alone,
               source, source_record_id
        FROM incoming_membership JOIN cluster USING (golden_id)""")
    optional = {name: name if name in records.column_names else "NULL" for name in ("observed_at", "consents")}
    attributes = "".join(f", nullif(incoming_record.{_name(name)}, '') AS {_name(name)}" for name in names)
    work.execute(f"""
        CREATE TEMP TABLE member AS
        SELECT *, {_key_json_sql()} AS head, {_instant_json_sql()} AS tail
        FROM (SELECT c, rank, alone, source, source_record_id, {_trust_sql(trust)} AS trust,
                     try_cast({optional["observed_at"]} AS TIMESTAMP) AS seen,
                     {optional["consents"]}::VARCHAR AS consents {attributes}
              FROM numbered JOIN incoming_record USING (source, source_record_id))""")


def _trust_sql(trust: Mapping[str, int]) -> str:
    known = "".join(f" WHEN {_text(source)} THEN {rank:d}" for source, rank in trust.items())
    return f"CASE source{known} ELSE {DEFAULT_TRUST} END" if known else str(DEFAULT_TRUST)


def _key_json_sql() -> str:
    return (
        f"""',"source":' || {_quoted("source")} || ',"source_record_id":' || {_quoted("source_record_id")} """
        """|| ',"rule":"'"""
    )


def _instant_json_sql() -> str:
    return """'","observed_at":' || coalesce('"' || replace(seen::VARCHAR, ' ', 'T') || 'Z"', 'null') || '}'"""


# --- one record per cluster and attribute --------------------------------------------------------------------------------


def _elect(work: duckdb.DuckDBPyConnection, unit: AttributePolicy, names: Sequence[str]) -> None:
    """Make the tables `won_<attribute>` (c, value, piece of JSON) for clusters of more than one record."""
    work.execute(f"CREATE OR REPLACE TEMP TABLE claim AS {_claims_sql(unit, names)}")
    work.execute("""
        CREATE OR REPLACE TEMP TABLE tally AS
        SELECT c, min(rank) AS rank, min(value) = max(value) AS agreed FROM claim GROUP BY c""")
    work.execute(f"CREATE OR REPLACE TEMP TABLE rival AS {_rivals_sql(unit, names)}")
    work.execute(f"CREATE OR REPLACE TEMP TABLE winner AS {_winners_sql(unit)}")
    for name in names:
        work.execute(f"CREATE TEMP TABLE {_name('won_' + name)} AS {_won_sql(unit, name, names)}")


def _claims_sql(unit: AttributePolicy, names: Sequence[str]) -> str:
    """c, rank, value, trust, seen of every record that has a say. A group's value is its parts in one text."""
    value = " || ".join(f"coalesce({_name(name)}, '')" for name in names).replace(" || ", f" || {_UNIT_SEPARATOR} || ")
    someone = " OR ".join(f"{_name(name)} IS NOT NULL" for name in names)
    master = _text(unit.mastered_by)
    voices = f"""
        AND (source = {master} OR c NOT IN (SELECT c FROM member WHERE source = {master} AND NOT alone))"""
    return f"""
        SELECT c, rank, {value if len(names) > 1 else _name(names[0])} AS value, trust, seen
        FROM member WHERE NOT alone AND ({someone}) {voices if unit.mastered_by else ""}"""


def _rivals_sql(unit: AttributePolicy, names: Sequence[str]) -> str:
    """One row per (contested cluster, value): its best record by the criteria, and the value's own measures.

    Trust and recency belong to a record, the other measures to the value; within one value only the former differ.
    """
    records_first = [_OF_RECORD[criterion] for criterion in unit.criteria if criterion in _OF_RECORD]
    best = ", ".join((*records_first, "-rank"))
    parts = [f"split_part(value, {_UNIT_SEPARATOR}, {place})" for place in range(1, len(names) + 1)]
    values = parts if len(names) > 1 else ["value"]
    folded = [_FOLDS_SQL[unit.compared_as].format(value=value) for value in values]
    fields = ", ".join(f"{text} AS folded_{place}" for place, text in enumerate(folded))
    real = ", ".join(f"{_realness_sql(unit, f'folded_{place}')} AS real_{place}" for place in range(len(names)))
    votes = ", ".join(f"folded_{place}" for place in range(len(names)))
    return f"""
        SELECT *, {real}, sum(supporters) OVER (PARTITION BY c, {votes}) AS votes
        FROM (SELECT c, value, supporters, best, {fields}
              FROM (SELECT c, value, count(*) AS supporters, max(row({best})) AS best
                    FROM claim SEMI JOIN (SELECT c FROM tally WHERE NOT agreed) USING (c) GROUP BY c, value))"""
