"""The unit of work for changes of any size: Arrow tables in and out, one transaction, the only commit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Any

import pyarrow as pa

from identity import ports
from identity.ports import Change, Clock, Load, LoadCounts, StoredModel
from identity.store import refusals
from identity.store import statements as sql
from identity.store.dialect import BulkConnection, Database

__all__ = ["BulkWork"]

_TIME = pa.timestamp("us", tz="UTC")
_LATEST = pa.schema([("at", _TIME)])
_MODEL = pa.schema([("version", pa.string()), ("body", pa.string())])
_NO_COUNTS = asdict(LoadCounts(0, 0, 0, 0, 0))


class BulkWork:
    """Changes that become visible together or not at all; see `UnitOfWork` for what each promises.

    The database is held while the block runs, so every other writer waits. Raises StoreError
    E405 when another writer does not let go in time, E406 when a change breaks a constraint.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._open: BulkConnection | None = None
        self._at: datetime | None = None

    def __enter__(self) -> BulkWork:
        self._open = self._database.bulk()
        try:
            self._at = self._moment()
        except BaseException:
            self._end(commit=False)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(commit=kind is None)

    def _end(self, *, commit: bool) -> None:
        connection, self._open = self._connection, None
        try:
            if commit:
                connection.commit()
        finally:
            connection.rollback()  # after a commit there is nothing left to roll back
            connection.close()

    def _moment(self) -> datetime:
        # A clock that was set back must not put a change before one that is already history.
        latest = (
            self._connection.fetch('SELECT max("at") AS "at" FROM "change"', _LATEST).column("at")[0].as_py()
        )
        now = self._clock.now()
        return max(now, latest) if latest else now

    @property
    def _connection(self) -> BulkConnection:
        if self._open is None:
            raise RuntimeError("a unit of work is used inside its with block only")
        return self._open

    @property
    def at(self) -> datetime:
        if self._at is None:
            raise RuntimeError("a unit of work is used inside its with block only")
        return self._at

    # Reads

    def live_records(self) -> pa.Table:
        return self._read("source_record", ports.LIVE_RECORDS, "mode = 'live' AND deleted_at IS NULL")

    def memberships(self) -> pa.Table:
        return self._connection.fetch(sql.CURRENT_MEMBERSHIPS, ports.MEMBERSHIPS)

    def profiles(self) -> pa.Table:
        return self._read("golden_profile", ports.PROFILE_STATES)

    def redirects(self) -> pa.Table:
        return self._read("redirect", ports.REDIRECTS)

    def steward_links(self) -> pa.Table:
        return self._read("link", ports.LINKS, "decided_by = 'steward'")

    def record_hashes(self) -> pa.Table:
        return self._read("source_record", ports.RECORD_HASHES)

    def active_model(self) -> StoredModel | None:
        found = self._read("match_model", _MODEL, "active").to_pylist()
        return StoredModel(**found[0]) if found else None

    # Writes

    def put_records(self, records: pa.Table) -> None:
        self._upsert("source_record", records, ports.RECORDS, ("source", "source_record_id"))

    def move(self, memberships: pa.Table, change_id: str, at: datetime) -> None:
        _refuse_repeats(memberships, ports.RECORD_KEYS.names)
        stage = self._stage(_shaped(memberships, ports.MEMBERSHIPS))
        stamp = self._stage(_one(change_id=change_id, at=at))
        self._connection.execute(sql.close_moved(stage, stamp))
        self._connection.execute(sql.open_moved(stage, stamp))

    def put_profiles(self, profiles: pa.Table) -> None:
        stage = self._upsert("golden_profile", profiles, ports.PROFILES, ("golden_id",), kept=("created_at",))
        if self._connection.fetch(sql.ANY_REDIRECT, ports.REDIRECTS).num_rows:
            self._connection.execute(sql.unredirect(stage))

    def retire(self, redirects: pa.Table, change_id: str, at: datetime) -> None:
        _refuse_repeats(redirects, ["retired"])
        stage = self._stage(_shaped(redirects, ports.REDIRECTS))
        known = self._connection.fetch(sql.STAGED_SURVIVORS.format(stage=stage), ports.REDIRECTS)
        ends = _in_one_hop(_as_mapping(known), _as_mapping(redirects))
        flat = self._stage(_stamped(ends, change_id, at))
        for statement in (sql.repoint_redirects(flat), sql.put_redirects(flat), sql.mark_merged(flat)):
            self._connection.execute(statement)

    def replace_links(self, touched: pa.Table, links: pa.Table) -> None:
        for statement in sql.drop_machine_links(self._stage(_shaped(touched, ports.RECORD_KEYS))):
            self._connection.execute(statement)
        self._connection.execute(sql.put_links(ports.LINKS.names, self._stage(_shaped(links, ports.LINKS))))

    def append_events(self, events: pa.Table) -> None:
        ordered = _shaped(events, ports.EVENTS).append_column(
            "ordinal", pa.array(range(events.num_rows), pa.int64())
        )
        stage = self._stage(ordered)
        self._connection.lock_log()
        self._connection.execute(sql.insert("event", ports.EVENTS.names, stage, order="ordinal"))

    def put_quarantine(self, rows: pa.Table) -> None:
        stage = self._stage(_shaped(rows, ports.QUARANTINED))
        self._connection.execute(sql.insert_quarantine(ports.QUARANTINED.names, stage))

    def start_load(self, load: Load) -> None:
        self._insert_one("load", **asdict(load), **_NO_COUNTS)

    def finish_load(self, load_id: str, counts: LoadCounts, finished_at: datetime) -> None:
        row = _one(load_id=load_id, **asdict(counts), finished_at=finished_at)
        self._connection.execute(sql.finish_load(row.column_names, self._stage(row)))

    def put_change(self, change: Change) -> None:
        self._insert_one("change", **asdict(change))

    def put_model(self, model: StoredModel, created_at: datetime) -> None:
        row = _one(version=model.version, active=True, created_at=created_at, body=model.body)
        self._connection.execute(sql.deactivate_models())
        stage = self._stage(row)
        self._connection.execute(
            sql.upsert("match_model", row.column_names, stage, ("version",), kept=("created_at", "body"))
        )

    # Ways in and out

    def _read(self, table: str, schema: pa.Schema, where: str = "TRUE") -> pa.Table:
        return self._connection.fetch(sql.select(table, schema.names, where), schema)

    def _stage(self, table: pa.Table) -> str:
        return self._connection.stage(table)

    def _upsert(
        self, into: str, rows: pa.Table, schema: pa.Schema, key: tuple[str, ...], kept: tuple[str, ...] = ()
    ) -> str:
        stage = self._stage(_shaped(rows, schema))
        self._connection.execute(sql.upsert(into, schema.names, stage, key, kept))
        return stage

    def _insert_one(self, into: str, **values: Any) -> None:
        row = _one(**values)
        self._connection.execute(sql.insert(into, row.column_names, self._stage(row)))


def _shaped(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema)


def _refuse_repeats(table: pa.Table, key: list[str]) -> None:
    if table.group_by(key).aggregate([]).num_rows < table.num_rows:
        raise refusals.contradiction(f"two rows for one {', '.join(key)}")


def _stamped(redirects: pa.Table, change_id: str, at: datetime) -> pa.Table:
    count = redirects.num_rows
    changed = redirects.append_column("change_id", pa.repeat(pa.scalar(change_id), count))
    return changed.append_column("since", pa.repeat(pa.scalar(at, _TIME), count))


def _one(**values: Any) -> pa.Table:
    return pa.table({name: pa.array([value], _type_of(value)) for name, value in values.items()})


def _type_of(value: object) -> pa.DataType:
    kinds = {datetime: _TIME, int: pa.int64(), bool: pa.bool_()}
    return kinds.get(type(value), pa.string())


def _as_mapping(redirects: pa.Table) -> dict[str, str]:
    return dict(
        zip(redirects.column("retired").to_pylist(), redirects.column("survivor").to_pylist(), strict=True)
    )


def _in_one_hop(known: dict[str, str], fresh: dict[str, str]) -> pa.Table:
    """Return REDIRECTS that lead each id of `fresh` to its chain's end. Raises E408 in a circle."""
    ends: dict[str, str] = {}
    following = known | fresh
    for retired in fresh:
        seen, end = {retired}, fresh[retired]
        while end in following and end not in seen:
            seen.add(end)
            end = ends.get(end, following[end])
        if end in seen:
            raise refusals.circular(len(seen))
        ends[retired] = end
    return pa.table({"retired": list(ends), "survivor": list(ends.values())}, schema=ports.REDIRECTS)
