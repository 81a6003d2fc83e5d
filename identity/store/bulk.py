"""The unit of work for changes of any size: Arrow tables in and out, one transaction, the only commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType

import pyarrow as pa

from identity import ports
from identity.model.consent import Identifier
from identity.model.consent_fact import ConsentFact
from identity.model.cutover import Cutover, CutoverStatus
from identity.model.record import RecordKey
from identity.ports import Change, Load, LoadCounts, StoredModel
from identity.steps.suppress import BLIND
from identity.store import refusals
from identity.store import statements as sql
from identity.store.bulk_index import BulkIndex
from identity.store.bulk_reviews import BulkReviews
from identity.store.bulk_unit import TIME, one, shaped
from identity.store.consent_facts import RESPELLED_KEY, fact_tables, rekeyed, respelled
from identity.store.redirects import in_one_hop

__all__ = ["BulkWork"]

_MODEL = pa.schema([("version", pa.string()), ("body", pa.string())])
_POSITION = pa.schema([("position", pa.int64())])
_CUTOVERS = pa.schema(
    [(name, pa.string()) for name in ("cutover_id", "source", "country", "home", "status", "actor")]
    + [("started_at", TIME), ("ended_at", TIME)]
)
_IDENTIFIERS = pa.schema([("kind", pa.string()), ("value", pa.string())])
_SUBJECT = pa.schema([("subject", pa.string())])
_NO_COUNTS = asdict(LoadCounts(0, 0, 0, 0, 0))


class BulkWork(BulkIndex, BulkReviews):
    """Changes that become visible together or not at all; see `UnitOfWork` for what each promises.

    The database is held while the block runs, so every other writer waits. Raises StoreError
    E405 when another writer does not let go in time, E406 when a change breaks a constraint.
    """

    # Reads

    def live_records(self) -> pa.Table:
        self._settle()
        return self._read("source_record", ports.LIVE_RECORDS, sql.LIVE)

    def memberships(self) -> pa.Table:
        return self._connection.fetch(sql.CURRENT_MEMBERSHIPS, ports.MEMBERSHIPS)

    def profiles(self) -> pa.Table:
        return self._read("golden_profile", ports.PROFILE_STATES)

    def redirects(self) -> pa.Table:
        return self._read("redirect", ports.REDIRECTS)

    def links(self) -> pa.Table:
        return self._read("link", ports.LINKS)

    def records_since(self, moment: datetime) -> pa.Table:
        stamp = self._stage(one(at=moment))
        return self._read(
            "source_record", ports.LIVE_RECORDS, f"{sql.LIVE} AND loaded_at >= (SELECT at FROM {stamp})"
        )

    def log_end(self) -> int:
        found = self._connection.fetch("SELECT max(position) AS position FROM event", _POSITION)
        return int(found["position"][0].as_py() or 0)

    def subjects_since(self, position: int) -> frozenset[str]:
        asked = f"SELECT DISTINCT subject FROM event WHERE position > {int(position)}"
        return frozenset(self._connection.fetch(asked, _SUBJECT)["subject"].to_pylist())

    def verdicts(self) -> pa.Table:
        return self._connection.fetch(sql.VERDICTS_IN_FORCE, ports.VERDICTS)

    def suppression(self) -> frozenset[int]:
        return frozenset(self._read("suppression", ports.MARKS)["mark"].to_pylist())

    def cutovers(self) -> list[Cutover]:
        rows = sorted(self._read("cutover", _CUTOVERS).to_pylist(), key=lambda row: row["started_at"])
        return [Cutover(**{**row, "status": CutoverStatus(row["status"])}) for row in rows]

    def shadow_records(self) -> pa.Table:
        self._settle()
        return self._read("source_record", ports.LIVE_RECORDS, sql.SHADOW)

    def restricted(self) -> pa.Table:
        return self._connection.fetch(
            "SELECT DISTINCT source, source_record_id FROM restriction", ports.RECORD_KEYS
        )

    def record_hashes(self) -> pa.Table:
        return self._read("source_record", ports.RECORD_HASHES)

    def active_model(self) -> StoredModel | None:
        return self._model("active")

    def model(self, version: str) -> StoredModel | None:
        return self._model(f"version = (SELECT version FROM {self._stage(one(version=version))})")

    def _model(self, where: str) -> StoredModel | None:
        found = self._read("match_model", _MODEL, where).to_pylist()
        return StoredModel(**found[0]) if found else None

    # Writes

    def put_records(self, records: pa.Table) -> None:
        self._upsert("source_record", records, ports.RECORDS, ("source", "source_record_id"))

    def put_facts(self, facts: Sequence[ConsentFact]) -> None:
        if facts:
            rows, about = fact_tables(facts)
            for table, added, known in (
                ("consent_fact", self._fields.sealed("consent_fact", rows), ("fact_id",)),
                ("consent_record", about, tuple(about.column_names)),
            ):
                self._connection.execute(sql.add(table, added.column_names, self._stage(added), known))

    def blinds(self) -> frozenset[Identifier]:
        found = self._read("consent_fact", _IDENTIFIERS, sql.MAYBE_BLIND).to_pylist()
        return frozenset((row["kind"], row["value"]) for row in found if row["value"].startswith(BLIND))

    def blind_keys(self) -> frozenset[RecordKey]:
        found = self._read("consent_record", ports.RECORD_KEYS, sql.BLIND_KEY).to_pylist()
        return frozenset(RecordKey(**row) for row in found)

    def respell_facts(
        self, spelled: Mapping[Identifier, str], keys: Mapping[RecordKey, RecordKey] = MappingProxyType({})
    ) -> None:
        for respell, names, rows in (
            (sql.respell_facts, ("kind", "value", "anew"), respelled(spelled, self._fields)),
            (sql.respell_keys, RESPELLED_KEY, rekeyed(keys)),
        ):
            if rows:
                columns = map(pa.array, zip(*rows, strict=True))
                self._connection.execute(
                    respell(self._stage(pa.table(dict(zip(names, columns, strict=True)))))
                )

    def move(self, memberships: pa.Table, change_id: str, at: datetime) -> None:
        _refuse_repeats(memberships, ports.RECORD_KEYS.names)
        stage = self._stage(shaped(memberships, ports.MEMBERSHIPS))
        stamp = self._stage(one(change_id=change_id, at=at))
        moment, change = (f"(SELECT {column} FROM {stamp})" for column in ("at", "change_id"))
        self._connection.execute(sql.close_moved(stage, moment))
        self._connection.execute(sql.open_moved(stage, moment, change))

    def put_profiles(self, profiles: pa.Table) -> None:
        stage = self._upsert("golden_profile", profiles, ports.PROFILES, ("golden_id",), kept=("created_at",))
        if self._connection.fetch(sql.ANY_REDIRECT, ports.REDIRECTS).num_rows:
            moment = f"(SELECT at FROM {self._stage(one(at=self.at))})"
            self._connection.execute(sql.remember_unredirected(stage, moment))
            self._connection.execute(sql.unredirect(stage))

    def retire(self, redirects: pa.Table, change_id: str, at: datetime) -> None:
        _refuse_repeats(redirects, ["retired"])
        stage = self._stage(shaped(redirects, ports.REDIRECTS))
        known = self._connection.fetch(sql.STAGED_SURVIVORS.format(stage=stage), ports.REDIRECTS)
        ends = in_one_hop(_as_mapping(known), _as_mapping(redirects))
        flat = self._stage(_stamped(_as_redirects(ends), change_id, at))
        for statement in (sql.remember_repointed, sql.repoint_redirects, sql.put_redirects, sql.mark_merged):
            self._connection.execute(statement(flat))

    def replace_links(self, touched: pa.Table, links: pa.Table) -> None:
        for statement in sql.drop_links(self._stage(shaped(touched, ports.RECORD_KEYS))):
            self._connection.execute(statement)
        self._connection.execute(sql.put_links(ports.LINKS.names, self._stage(shaped(links, ports.LINKS))))

    def append_events(self, events: pa.Table) -> None:
        ordered = shaped(events, ports.EVENTS).append_column(
            "ordinal", pa.array(range(events.num_rows), pa.int64())
        )
        stage = self._stage(ordered)
        self._connection.lock_log()
        self._connection.execute(sql.insert("event", ports.EVENTS.names, stage, order="ordinal"))

    def put_rows(self, into: str, rows: pa.Table, key: tuple[str, ...]) -> None:
        """Insert rows, or replace those with the same key."""
        self._connection.execute(sql.upsert(into, rows.column_names, self._stage(rows), key))

    def put_quarantine(self, rows: pa.Table) -> None:
        stage = self._stage(self._fields.sealed("quarantine", shaped(rows, ports.QUARANTINED)))
        self._connection.execute(sql.insert_quarantine(ports.QUARANTINED.names, stage))

    def start_load(self, load: Load) -> None:
        self._insert_one("load", **asdict(load), **_NO_COUNTS)

    def finish_load(self, load_id: str, counts: LoadCounts, finished_at: datetime) -> None:
        row = one(load_id=load_id, **asdict(counts), finished_at=finished_at)
        self._connection.execute(sql.finish_load(row.column_names, self._stage(row)))

    def put_change(self, change: Change) -> None:
        self._insert_one("change", **asdict(change))

    def put_model(
        self, model: StoredModel, created_at: datetime, actor: str = "machine", reason: str = ""
    ) -> None:
        active = self.active_model()
        if active is None or active.version != model.version:
            self._insert_one(
                "model_activation", version=model.version, at=created_at, actor=actor, reason=reason
            )
        self._connection.execute(sql.deactivate_models())
        self._keep(model, created_at, active=True)

    def keep_model(self, model: StoredModel, created_at: datetime) -> None:
        if self.model(model.version) is None:
            self._keep(model, created_at, active=False)

    def _keep(self, model: StoredModel, created_at: datetime, *, active: bool) -> None:
        row = one(version=model.version, active=active, created_at=created_at, body=model.body)
        stage = self._stage(row)
        self._connection.execute(
            sql.upsert("match_model", row.column_names, stage, ("version",), kept=("created_at", "body"))
        )


def _refuse_repeats(table: pa.Table, key: list[str]) -> None:
    if table.group_by(key).aggregate([]).num_rows < table.num_rows:
        raise refusals.contradiction(f"two rows for one {', '.join(key)}")


def _stamped(redirects: pa.Table, change_id: str, at: datetime) -> pa.Table:
    count = redirects.num_rows
    changed = redirects.append_column("change_id", pa.repeat(pa.scalar(change_id), count))
    return changed.append_column("since", pa.repeat(pa.scalar(at, TIME), count))


def _as_mapping(redirects: pa.Table) -> dict[str, str]:
    return dict(
        zip(redirects.column("retired").to_pylist(), redirects.column("survivor").to_pylist(), strict=True)
    )


def _as_redirects(ends: dict[str, str]) -> pa.Table:
    return pa.table({"retired": list(ends), "survivor": list(ends.values())}, schema=ports.REDIRECTS)
