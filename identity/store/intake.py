"""What systems send beside records; see `ports.intake.IntakeBook` for what each call promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from identity.model.intake import PrivacyWish, WishKind
from identity.model.record import RecordKey
from identity.store.columns import of_keys
from identity.store.dialect import Database, Statement
from identity.store.tables import TABLES

__all__ = ["Intake"]

_DELETION, _WISH = TABLES["told_deletion"].c, TABLES["privacy_wish"].c
_CURSOR, _DROPPED = TABLES["poll_cursor"].c, TABLES["dropped_file"].c
_AT_ONCE = 200
_BURY = Statement(
    "INSERT INTO told_deletion (source, source_record_id, at) VALUES (:source, :record, :at)"
    " ON CONFLICT (source, source_record_id) DO UPDATE SET at = excluded.at WHERE told_deletion.at < excluded.at"
)
_PUT_WISH = Statement(
    "INSERT INTO privacy_wish (source, message_id, kind, source_record_id, asked_at, due_at)"
    " VALUES (:source, :message, :kind, :record, :asked, :due) ON CONFLICT (source, message_id) DO NOTHING"
)
_CLOSE_WISH = Statement(
    "UPDATE privacy_wish SET closed_at = :at WHERE number = :number AND closed_at IS NULL RETURNING number"
)
_PUT_CURSOR = Statement(
    "INSERT INTO poll_cursor (name, value, changed_at) VALUES (:name, :value, :at)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at"
)
_PUT_DROPPED = Statement(
    "INSERT INTO dropped_file (source, digest, file, report, loaded_at)"
    " VALUES (:source, :digest, :file, :report, :at) ON CONFLICT (source, digest) DO NOTHING"
)


class Intake:
    def __init__(self, database: Database) -> None:
        self._database = database

    def bury(self, deletions: Mapping[RecordKey, datetime]) -> None:
        with self._database.write() as connection:
            for key in sorted(deletions):
                told = {"source": key.source, "record": key.source_record_id, "at": deletions[key]}
                connection.execute(_BURY.of(**told))

    def buried(self, keys: Collection[RecordKey]) -> dict[RecordKey, datetime]:
        named = sorted(keys)
        found: dict[RecordKey, datetime] = {}
        with self._database.read() as connection:
            for at in range(0, len(named), _AT_ONCE):
                asked = select(_DELETION.source, _DELETION.source_record_id, _DELETION.at).where(
                    of_keys(_DELETION.source, _DELETION.source_record_id, named[at : at + _AT_ONCE])
                )
                found |= {RecordKey(source, record): at for source, record, at in connection.execute(asked)}
        return found

    def wish(self, wish: PrivacyWish) -> None:
        with self._database.write() as connection:
            connection.execute(
                _PUT_WISH.of(
                    source=wish.source,
                    message=wish.message_id,
                    kind=wish.kind.value,
                    record=wish.key.source_record_id if wish.key else None,
                    asked=wish.asked_at,
                    due=wish.due_at,
                )
            )

    def wishes(self, *, every: bool = False) -> tuple[PrivacyWish, ...]:
        asked = select(TABLES["privacy_wish"]).order_by(_WISH.due_at, _WISH.number)
        if not every:
            asked = asked.where(_WISH.closed_at.is_(None))
        with self._database.read() as connection:
            return tuple(_wish(row) for row in connection.execute(asked).mappings())

    def close_wish(self, number: int, at: datetime) -> bool:
        with self._database.write() as connection:
            return bool(connection.ask(_CLOSE_WISH.of(number=number, at=at))())

    def cursor(self, name: str) -> str | None:
        return self._text(select(_CURSOR.value).where(_CURSOR.name == name))

    def put_cursor(self, name: str, value: str, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(_PUT_CURSOR.of(name=name, value=value, at=at))

    def dropped(self, source: str, digest: str) -> str | None:
        known = (_DROPPED.source == source) & (_DROPPED.digest == digest)
        return self._text(select(_DROPPED.report).where(known))

    def put_dropped(self, source: str, digest: str, file: str, report: str, at: datetime) -> None:
        told = {"source": source, "digest": digest, "file": file, "report": report, "at": at}
        with self._database.write() as connection:
            connection.execute(_PUT_DROPPED.of(**told))

    def _text(self, asked: Select[tuple[str]]) -> str | None:
        with self._database.read() as connection:
            found = connection.execute(asked).scalar_one_or_none()
        return None if found is None else str(found)


def _wish(row: Any) -> PrivacyWish:
    source, record = str(row["source"]), row["source_record_id"]
    return PrivacyWish(
        source,
        str(row["message_id"]),
        WishKind(row["kind"]),
        row["asked_at"],
        row["due_at"],
        None if record is None else RecordKey(source, str(record)),
        row["closed_at"],
        int(row["number"]),
    )
