"""The index of real time, built for everybody at once."""

from __future__ import annotations

import pyarrow as pa

from identity import ports
from identity.store import mapping
from identity.store import statements as sql
from identity.store.bulk_unit import BulkUnit, one, shaped

__all__ = ["BulkIndex"]

_SETTING = pa.schema([("value", pa.string())])
_COUNT = pa.schema([("count", pa.int64())])
_INDEXES = ("filed", "identifier", "generic_value", "redo")


class BulkIndex(BulkUnit):
    _cleared = frozenset[str]()
    """Tables that were emptied in this unit and got nothing since."""
    _features_stand = False
    """The features were cleared, but are still stored: most of them are about to be put again as they are."""

    def index_version(self) -> str | None:
        found = self._read("setting", _SETTING, f"name = '{mapping.INDEX_VERSION}'")["value"].to_pylist()
        return mapping.standing_version(found[0] if found else None)

    def open_index(self) -> None:
        marked, named = f"'{mapping.BEING_BUILT}'", f"name = '{mapping.INDEX_VERSION}'"
        self._connection.execute(
            f"UPDATE setting SET value = {marked} || value WHERE {named} AND value NOT LIKE {marked} || '%'"
        )

    def close_index(self, version: str) -> None:
        row = one(name=mapping.INDEX_VERSION, value=version)
        self._connection.execute(sql.upsert("setting", row.column_names, self._stage(row), ("name",)))
        # A load has filled tables that were empty: whoever plans by what they held would read them whole.
        self._connection.look_over()

    def count_changes(self) -> int:
        count = self._connection.fetch('SELECT count(*) AS "count" FROM "change"', _COUNT)["count"][0].as_py()
        return int(count)

    def record_numbers(self) -> pa.Table:
        return self._read("source_record", ports.RECORD_NUMBERS, sql.LIVE)

    def clear_index(self) -> None:
        self._connection.empty(*_INDEXES)
        self._cleared = frozenset(_INDEXES)
        self._features_stand = True

    def put_features(self, features: pa.Table) -> None:
        stage = self._stage(self._fields.sealed("source_record", shaped(features, ports.FEATURE_TEXTS)))
        if self._features_stand:
            self._connection.execute(
                sql.forget_features(f"number NOT IN (SELECT s.number FROM {stage} AS s)")
            )
            self._features_stand = False
        self._connection.execute(sql.put_features(stage))

    def file(self, into: pa.Table, out_of: pa.Table) -> None:
        self._remove("filed", shaped(out_of, ports.FILED))
        self._add("filed", shaped(into, ports.FILED), ("block", "record"))

    def hold(self, added: pa.Table, dropped: pa.Table) -> None:
        self._remove("identifier", shaped(dropped, ports.HELD).select(["value", "record"]))
        self._add("identifier", shaped(added, ports.HELD), ("value", "record"))

    def put_generic(self, values: pa.Table) -> None:
        since = pa.repeat(pa.scalar(self.at, pa.timestamp("us", "UTC")), values.num_rows)
        stage = self._stage(shaped(values, ports.GENERIC_VALUES).append_column("since", since))
        self._connection.execute(
            f"DELETE FROM generic_value WHERE value NOT IN (SELECT s.value FROM {stage} AS s)"
        )
        self._connection.execute(sql.add("generic_value", ("value", "since"), stage, ("value",)))

    def crowded(self, blocks: pa.Table, most: int) -> pa.Table:
        stage = self._stage(shaped(blocks, ports.GENERIC_VALUES))
        held = f"SELECT f.block, f.record FROM filed AS f WHERE f.block IN (SELECT s.value FROM {stage} AS s)"
        small = f"SELECT block FROM ({held}) AS h GROUP BY block HAVING count(*) <= {int(most)}"
        return self._connection.fetch(
            f"SELECT block, record FROM ({held}) AS g WHERE block IN ({small})", ports.FILED
        )

    def generic_values(self) -> pa.Table:
        return self._read("generic_value", ports.GENERIC_VALUES)

    def holders(self, values: pa.Table) -> pa.Table:
        stage = self._stage(shaped(values, ports.GENERIC_VALUES))
        return self._read("identifier", ports.HELD, f"value IN (SELECT s.value FROM {stage} AS s)")

    def put_redo(self, numbers: pa.Table, reason: str) -> None:
        count = numbers.num_rows
        rows = pa.table(
            {
                "kind": pa.repeat(pa.scalar("record"), count),
                "subject": numbers["number"].cast(pa.int64()),
                "reason": pa.repeat(pa.scalar(reason), count),
                "queued_at": pa.repeat(pa.scalar(self.at, pa.timestamp("us", "UTC")), count),
            }
        )
        if count:
            self._connection.execute(
                sql.add("redo", rows.column_names, self._stage(rows), ("kind", "subject"))
            )

    def _remove(self, table: str, keys: pa.Table) -> None:
        if keys.num_rows and table not in self._cleared:
            self._connection.execute(sql.remove(table, tuple(keys.column_names), self._stage(keys)))

    def _add(self, table: str, rows: pa.Table, key: tuple[str, ...]) -> None:
        if not rows.num_rows:
            return
        if table in self._cleared:
            self._cleared -= {table}
            self._connection.fill(table, _in_order(rows, key))
        else:
            kept = tuple(name for name in rows.column_names if name not in key)
            put = sql.upsert if kept else sql.add
            self._connection.execute(put(table, rows.column_names, self._stage(rows), key))

    def _settle(self) -> None:
        if self._features_stand:
            self._connection.execute(sql.forget_features("TRUE"))
            self._features_stand = False


def _in_order(rows: pa.Table, key: tuple[str, ...]) -> pa.Table:
    """Return `rows` sorted by `key`: a table that is kept in the order of its key is filled ten times as fast."""
    return rows.sort_by([(name, "ascending") for name in key])
