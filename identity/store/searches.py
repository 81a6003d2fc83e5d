"""Finding people by name, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from identity.model.cluster import GoldenId
from identity.steps.refuse import storable
from identity.store.dialect import Database
from identity.store.tables import TABLES

__all__ = ["NameSearch", "Searches"]

_RECORD = TABLES["source_record"].c
_CROSSWALK = TABLES["crosswalk"].c


@dataclass(frozen=True, slots=True)
class NameSearch:
    """Names are compared without case. `given_name` and `postcode` may be the beginnings of theirs."""

    family_name: str
    given_name: str = ""
    birth_date: str = ""
    postcode: str = ""


class Searches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def by_name(self, asked: NameSearch, after: int, limit: int) -> list[tuple[int, GoldenId]]:
        """Return up to `limit` records of people of that name that stand behind `after`, as number and golden id.

        Nobody is called by what no database can hold.
        """
        if not storable(asked.family_name, asked.given_name, asked.birth_date, asked.postcode):
            return []
        whole = f"{asked.given_name} {asked.family_name}".strip()
        given = [_begins(func.lower(_RECORD.given_name), name) for name in _lowered(asked.given_name)]
        named = or_(
            and_(func.lower(_RECORD.family_name).in_(_lowered(asked.family_name)), or_(*given)),
            func.lower(_RECORD.full_name).in_(_lowered(whole)),
        )
        found = (
            select(_RECORD.number, _CROSSWALK.golden_id)
            .where(named, _RECORD.number > after, _RECORD.deleted_at.is_(None), _RECORD.mode == "live")
            .where(_begins(_RECORD.birth_date, asked.birth_date), _begins(_RECORD.postcode, asked.postcode))
            .where(
                _CROSSWALK.source == _RECORD.source,
                _CROSSWALK.source_record_id == _RECORD.source_record_id,
                _CROSSWALK.valid_to.is_(None),
            )
            .order_by(_RECORD.number)
            .limit(limit)
        )
        with self._database.read() as look:
            return [(number, GoldenId(golden_id)) for number, golden_id in look.execute(found)]


def _lowered(name: str) -> list[str]:
    """Return what a database may make of a name in small letters, however it is stored.

    Some know the small letters of the alphabet from A to Z only: for them Ö is as small as ö.
    """
    stored = (name, name.lower(), name.upper(), name.title())
    return sorted(
        {name.lower(), *("".join(c.lower() if c.isascii() else c for c in each) for each in stored)}
    )


def _begins(column: Any, text: str) -> ColumnElement[bool]:
    return column.startswith(text, autoescape=True) if text else true()
