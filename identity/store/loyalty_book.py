"""What is known of loyalty members: whose they are, and which merges were asked for; see `ports.loyalty`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from identity.model.cluster import GoldenId
from identity.model.loyalty import ACTIVE, LoyaltyMerge, MergeStatus
from identity.ports.loyalty import LoyaltyPage
from identity.store.dialect import Asked, Database, Kind, Statement
from identity.store.tables import TABLES

__all__ = ["LoyaltyBook", "put_merge"]

_MERGE = TABLES["loyalty_merge"].c
_MERGED = TABLES["loyalty_merged"].c
_CROSSWALK = TABLES["crosswalk"].c
_REDIRECT = TABLES["redirect"].c
_ACTIVE = sorted(status.value for status in ACTIVE)
_AT_ONCE = 500

_PLAIN = (
    "key",
    "program",
    "golden_id",
    "causation",
    "asked",
    "at",
    "merge_id",
    "survivor",
    "points_moved",
    "code",
)
_JSON = ("sides", "versions", "ledger_entries", "warnings")
_NAMES = (*_PLAIN, *_JSON, "status", "shortfall")
_LATER = ("status", "merge_id", "survivor", "ledger_entries", "points_moved", "warnings", "code", "shortfall")
_PUT = Statement(
    f"INSERT INTO loyalty_merge ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"
    f" ON CONFLICT (key) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _LATER)}"
)
_ABOUT = Statement(
    "INSERT INTO loyalty_merged (member, merge) SELECT s.member, m.number FROM {rows} AS s"
    " JOIN loyalty_merge AS m ON m.key = :key ON CONFLICT (member, merge) DO NOTHING",
    {"member": Kind.TEXT},
)


def put_merge(merge: LoyaltyMerge) -> list[Asked]:
    """Return what stores a merge as it is known now."""
    told = {name: getattr(merge, name) for name in (*_PLAIN, "shortfall")}
    lists = {name: orjson.dumps(getattr(merge, name)).decode() for name in _JSON}
    return [
        _PUT.of(**told, **lists, status=merge.status.value),
        _ABOUT.on(sorted(merge.numbers), key=merge.key),
    ]


class LoyaltyBook:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, golden_ids: Iterable[str], sources: Collection[str]) -> LoyaltyPage:
        with self._database.read() as look:
            return _page(look, set(golden_ids), sorted(sources))

    def homes(self, numbers: Collection[str], sources: Collection[str]) -> dict[str, frozenset[GoldenId]]:
        found: dict[str, set[GoldenId]] = {}
        with self._database.read() as look:
            _add(found, _homes(look, set(numbers), sorted(sources)))
        return {number: frozenset(homes) for number, homes in found.items()}

    def whose(self, sources: Collection[str]) -> dict[str, GoldenId]:
        asked = select(_CROSSWALK.source_record_id, _CROSSWALK.golden_id).where(
            _CROSSWALK.valid_to.is_(None), _CROSSWALK.source.in_(sorted(sources))
        )
        with self._database.read() as look:
            return {number: GoldenId(golden_id) for number, golden_id in look.execute(asked)}

    def active(self) -> tuple[LoyaltyMerge, ...]:
        asked = select(*_MERGE).where(_MERGE.status.in_(_ACTIVE)).order_by(_MERGE.number)
        with self._database.read() as look:
            return tuple(map(_merge, look.execute(asked)))


def _page(look: Connection, asked: set[str], sources: Sequence[str]) -> LoyaltyPage:
    """Read on until nothing new is met: profiles have members, members have merges, merges have other members, whose
    profiles are concerned too."""
    homes: dict[str, set[GoldenId]] = {}
    merges: dict[int, LoyaltyMerge] = {}
    fresh, met = _living(look, asked), set[str]()
    while fresh - met:
        _add(homes, _members(look, fresh - met, sources))
        met |= fresh
        merges |= {merge.number: merge for merge in _merges(look, homes, active=True)}
        beyond = {number for merge in merges.values() for number in merge.numbers} - homes.keys()
        _add(homes, _homes(look, beyond, sources))
        for number in beyond:
            homes.setdefault(number, set())
        fresh = {str(home) for found in homes.values() for home in found}
    return LoyaltyPage(
        asked=frozenset(asked | met),
        homes={number: frozenset(found) for number, found in homes.items()},
        merges=[merges[number] for number in sorted(merges)],
        past=_past(look, homes),
    )


def _add(homes: dict[str, set[GoldenId]], found: Iterable[tuple[str, str]]) -> None:
    for number, home in found:
        homes.setdefault(number, set()).add(GoldenId(home))


def _living(look: Connection, golden_ids: set[str]) -> set[str]:
    """Return the ids that answer for these, after at most one redirect."""
    asked = select(_REDIRECT.retired, _REDIRECT.survivor)
    led = {
        retired: survivor
        for some in _some(golden_ids)
        for retired, survivor in look.execute(asked.where(_REDIRECT.retired.in_(some)))
    }
    return {led.get(golden_id, golden_id) for golden_id in golden_ids}


def _members(look: Connection, golden_ids: set[str], sources: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (number, home)
        for some in _some(golden_ids)
        for number, home in look.execute(_current(sources).where(_CROSSWALK.golden_id.in_(some)))
    ]


def _homes(look: Connection, numbers: set[str], sources: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (number, home)
        for some in _some(numbers)
        for number, home in look.execute(_current(sources).where(_CROSSWALK.source_record_id.in_(some)))
    ]


def _current(sources: Sequence[str]) -> Any:
    return select(_CROSSWALK.source_record_id, _CROSSWALK.golden_id).where(
        _CROSSWALK.valid_to.is_(None), _CROSSWALK.source.in_(sources)
    )


def _merges(look: Connection, numbers: Iterable[str], *, active: bool) -> list[LoyaltyMerge]:
    found: dict[int, LoyaltyMerge] = {}
    for some in _some(set(numbers)):
        asked = select(*_MERGE).where(
            _MERGE.number.in_(select(_MERGED.merge).where(_MERGED.member.in_(some)))
        )
        if active:
            asked = asked.where(_MERGE.status.in_(_ACTIVE))
        found |= {row.number: _merge(row) for row in look.execute(asked)}
    return [found[number] for number in sorted(found)]


def _past(look: Connection, numbers: Iterable[str]) -> list[frozenset[str]]:
    about: dict[int, set[str]] = {}
    for some in _some(set(numbers)):
        for member, merge in look.execute(
            select(_MERGED.member, _MERGED.merge).where(_MERGED.member.in_(some))
        ):
            about.setdefault(merge, set()).add(member)
    return [frozenset(about[merge]) for merge in sorted(about)]


def _some(wanted: Collection[str]) -> Iterable[list[str]]:
    ordered = sorted(wanted)
    return (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))


def _merge(row: Any) -> LoyaltyMerge:
    told = {**row._mapping, "status": MergeStatus(row.status)}
    sides = {number: tuple(side) for number, side in orjson.loads(row.sides).items()}
    lists = {name: tuple(orjson.loads(told[name])) for name in ("ledger_entries", "warnings")}
    return LoyaltyMerge(**{**told, **lists, "sides": sides, "versions": orjson.loads(row.versions)})
