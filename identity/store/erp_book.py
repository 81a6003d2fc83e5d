"""Whose the accounts of the ERP are, and what they were told; see `ports.erp.ErpBook`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, select

from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy, ErpWritten
from identity.ports.erp import ErpPage
from identity.steps.refer import Wish
from identity.store.dialect import Asked, Database, Statement
from identity.store.errands import errands_of
from identity.store.fields import Fields
from identity.store.mapping import ATTRIBUTES, attributes_from_json
from identity.store.tables import TABLES

__all__ = ["ErpBook", "put_written"]

_CROSSWALK, _REDIRECT = TABLES["crosswalk"].c, TABLES["redirect"].c
_PROFILE, _WRITTEN = TABLES["golden_profile"].c, TABLES["erp_written"].c
_AT_ONCE = 500
_PUT = Statement(
    "INSERT INTO erp_written (number, golden_id, digest) VALUES (:number, :golden_id, :digest)"
    " ON CONFLICT (number) DO UPDATE SET golden_id = excluded.golden_id, digest = excluded.digest"
)


def put_written(written: ErpWritten) -> list[Asked]:
    """Return what stores what an account was told."""
    return [_PUT.of(number=written.number, golden_id=written.golden_id, digest=written.digest)]


class ErpBook:
    def __init__(self, database: Database, fields: Fields) -> None:
        self._database = database
        self._fields = fields

    def page(self, golden_ids: Collection[str], numbers: Collection[str], policy: ErpPolicy) -> ErpPage:
        with self._database.read() as look:
            living = {*golden_ids, *_survivors(look, golden_ids).values()}
            homes: dict[str, str | None] = dict.fromkeys(numbers)
            homes |= _homes(look, policy.source, _CROSSWALK.golden_id, living)
            homes |= _homes(look, policy.source, _CROSSWALK.source_record_id, set(numbers))
            written = _rows(look, select(*_WRITTEN), _WRITTEN.number, homes)
            return ErpPage(
                _wishes(look, homes, policy, self._fields),
                {
                    number: ErpWritten(number, GoldenId(told) if told else None, digest)
                    for number, told, digest in written
                },
            )

    def wishes(self, policy: ErpPolicy) -> dict[str, Wish]:
        with self._database.read() as look:
            homes = {number: home for number, home in look.execute(_current(policy.source))}  # noqa: C416
            return _wishes(look, homes, policy, self._fields)

    def survivors(self, golden_ids: Collection[str]) -> dict[GoldenId, GoldenId]:
        with self._database.read() as look:
            return _survivors(look, golden_ids)

    def errands(self, erasure_id: str, consumer: str) -> tuple[str, ...] | None:
        with self._database.read() as look:
            return errands_of(look, erasure_id, consumer)


def _survivors(look: Connection, golden_ids: Collection[str]) -> dict[GoldenId, GoldenId]:
    found = _rows(look, select(_REDIRECT.retired, _REDIRECT.survivor), _REDIRECT.retired, golden_ids)
    return {GoldenId(retired): GoldenId(survivor) for retired, survivor in found}


def _current(source: str) -> Any:
    return select(_CROSSWALK.source_record_id, _CROSSWALK.golden_id).where(
        _CROSSWALK.valid_to.is_(None), _CROSSWALK.source == source
    )


def _homes(look: Connection, source: str, column: Any, values: Collection[str]) -> dict[str, str]:
    return dict(_rows(look, _current(source), column, values))


def _wishes(
    look: Connection, homes: dict[str, str | None], policy: ErpPolicy, fields: Fields
) -> dict[str, Wish]:
    """Return what each account should bear; nobody's is told nothing."""
    asked = select(_PROFILE.golden_id, _PROFILE.attributes)
    profiles = {
        golden_id: {
            name: found.value for name, found in attributes_from_json(fields.read(ATTRIBUTES, told)).items()
        }
        for golden_id, told in _rows(
            look, asked, _PROFILE.golden_id, {home for home in homes.values() if home}
        )
    }
    return {
        number: Wish(number, GoldenId(home), _approved(profiles.get(home, {}), policy))
        if home
        else Wish(number, None)
        for number, home in homes.items()
    }


def _approved(values: dict[str, str], policy: ErpPolicy) -> dict[str, str]:
    return {name: values[name] for name in policy.attributes if values.get(name)}


def _rows(look: Connection, asked: Any, column: Any, wanted: Iterable[str]) -> Iterator[Any]:
    ordered = sorted(wanted)
    for start in range(0, len(ordered), _AT_ONCE):
        yield from look.execute(asked.where(column.in_(ordered[start : start + _AT_ONCE])))
