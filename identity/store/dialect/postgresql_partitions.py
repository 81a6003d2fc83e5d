"""Tables of a PostgreSQL database in partitions, and back in one: each is made anew beside the old one, and filled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

__all__ = ["PARTITIONED", "partition"]

PARTITIONED = {
    "golden_profile": ("golden_id",),
    "redirect": ("retired",),
    "crosswalk": ("source", "source_record_id"),
}
"""What says which partition a row is in: it has to be in every unique index. A membership is unique by its record."""

_PARTS = "SELECT count(*) FROM pg_inherits WHERE inhparent = '{table}'::regclass"
_PRIMARY = """
    SELECT c.conname, a.attname FROM pg_constraint AS c
    JOIN unnest(c.conkey) WITH ORDINALITY AS k(number, place) ON TRUE
    JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number
    WHERE c.conrelid = '{table}'::regclass AND c.contype = 'p' ORDER BY k.place
"""
_INDEXES = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = '{table}'::regclass AND NOT indisprimary
"""
_SEQUENCES = """
    SELECT attname, pg_get_serial_sequence('{table}', attname) FROM pg_attribute
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
    AND pg_get_serial_sequence('{table}', attname) IS NOT NULL
"""
_RIGHTS = """
    SELECT grantee, string_agg(privilege_type, ', ') FROM information_schema.role_table_grants
    WHERE table_schema = current_schema() AND table_name = '{table}' AND grantee <> current_user GROUP BY grantee
"""


def partition(connection: Connection, into: int) -> dict[str, int]:
    """Have these tables in so many partitions by hash, 1: in none; return the rows of each that was made anew.

    All of it or nothing, and everybody else waits meanwhile. Indexes and rights stay as they are; a primary key grows
    by what the partitions go by.
    """
    connection.exec_driver_sql(f"LOCK TABLE {', '.join(PARTITIONED)} IN ACCESS EXCLUSIVE MODE")
    return {
        table: _made_anew(connection, table, key, into)
        for table, key in PARTITIONED.items()
        if max(1, _number(connection, _PARTS.format(table=table))) != into
    }


def _made_anew(connection: Connection, table: str, key: tuple[str, ...], into: int) -> int:
    run, before = connection.exec_driver_sql, f"{table}_before"
    indexes = [definition for (definition,) in run(_INDEXES.format(table=table)).all()]
    primary, rights = run(_PRIMARY.format(table=table)).all(), run(_RIGHTS.format(table=table)).all()
    run(f"ALTER TABLE {table} RENAME TO {before}")
    for statement in _tables(table, before, key, into):
        run(statement)
    for column, sequence in run(_SEQUENCES.format(table=before)).all():
        run(f"ALTER SEQUENCE {sequence} OWNED BY {table}.{column}")
    rows = run(f"INSERT INTO {table} SELECT * FROM {before}").rowcount
    run(f"DROP TABLE {before}")
    own = [column for _, column in primary if column not in key] or [column for _, column in primary]
    columns = [*own, *key] if into > 1 and own != [*key] else own
    run(f"ALTER TABLE {table} ADD CONSTRAINT {primary[0][0]} PRIMARY KEY ({', '.join(columns)})")
    for definition in indexes:
        run(definition.replace(" ON ONLY ", " ON ", 1))
    for grantee, allowed in rights:
        whom = "PUBLIC" if grantee == "PUBLIC" else f'"{grantee}"'
        run(f"GRANT {allowed} ON {table} TO {whom}")
    run(f"ANALYZE {table}")
    return rows


def _tables(table: str, before: str, key: Sequence[str], into: int) -> list[str]:
    like = f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
    if into == 1:
        return [like]
    # The number of partitions is part of their names: those of before stand beside them until the end.
    return [
        f"{like} PARTITION BY HASH ({', '.join(key)})",
        *(
            f"CREATE TABLE {table}_{into}_{number} PARTITION OF {table}"
            f" FOR VALUES WITH (MODULUS {into}, REMAINDER {number})"
            for number in range(into)
        ),
    ]


def _number(connection: Connection, asked: str) -> int:
    return int(connection.exec_driver_sql(asked).scalar_one())
