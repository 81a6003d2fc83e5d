"""Everybody at one moment, page by page; and what was set aside of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from identity.model.golden import GoldenProfile
from identity.model.record import RecordKey
from identity.store import mapping
from identity.store.dialect import Database
from identity.store.fields import PLAIN, Fields
from identity.store.tables import TABLES

__all__ = ["Exports"]

_CROSSWALK = TABLES["crosswalk"].c
_PROFILE = TABLES["golden_profile"].c
_AT_ONCE = 2_000


class Exports:
    def __init__(self, database: Database, fields: Fields = PLAIN) -> None:
        self._database = database
        self._fields = fields

    def profiles(self) -> Iterator[tuple[Sequence[GoldenProfile], int]]:
        """Yield every live profile as of one moment, some at a time, with how many there are in all."""
        live = select(*_PROFILE).where(_PROFILE.status == "live").order_by(_PROFILE.golden_id)
        with self._database.read() as look:
            counted = select(func.count()).where(_PROFILE.status == "live")
            of = look.execute(counted).scalar_one()
            after = ""
            while rows := look.execute(live.where(_PROFILE.golden_id > after).limit(_AT_ONCE)).all():
                yield _profiles(look, rows, self._fields), of
                after = rows[-1].golden_id


def _profiles(look: Connection, rows: Sequence[Any], fields: Fields) -> list[GoldenProfile]:
    held: defaultdict[str, list[RecordKey]] = defaultdict(list)
    columns = (_CROSSWALK.golden_id, _CROSSWALK.source, _CROSSWALK.source_record_id)
    under = select(*columns).where(
        _CROSSWALK.valid_to.is_(None),
        _CROSSWALK.golden_id >= rows[0].golden_id,
        _CROSSWALK.golden_id <= rows[-1].golden_id,
    )
    for golden_id, *key in look.execute(under):
        held[golden_id].append(RecordKey(*key))
    return [mapping.golden_profile(row, tuple(sorted(held[row.golden_id])), fields) for row in rows]
