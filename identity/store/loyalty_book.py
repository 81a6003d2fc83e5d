"""What is known of loyalty members: whose they are, and which merges were asked for; see `ports.loyalty`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import orjson
from sqlalchemy import select

from identity.model.cluster import GoldenId
from identity.model.loyalty import ACTIVE, LoyaltyMerge
from identity.ports.loyalty import LoyaltyPage
from identity.store.dialect import Asked, Database, Kind, Statement
from identity.store.errands import errands_of
from identity.store.loyalty_page import MERGE_NAMES, homes_of, merge_of, page_of
from identity.store.tables import TABLES

__all__ = ["LoyaltyBook", "put_merge"]

_MERGE = TABLES["loyalty_merge"].c
_CROSSWALK = TABLES["crosswalk"].c

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
# Who was erased while their merge was on its way leaves none: erasing has looked for it before it was there.
_GONE = " EXISTS (SELECT 1 FROM golden_profile AS p WHERE p.golden_id = :golden_id AND p.status = 'erased')"
_OF_NOBODY = (
    Statement(
        "DELETE FROM loyalty_merged WHERE merge IN (SELECT m.number FROM loyalty_merge AS m WHERE m.key = :key)"
        f" AND{_GONE}"
    ),
    Statement(f"DELETE FROM loyalty_merge WHERE key = :key AND{_GONE}"),
)


def put_merge(merge: LoyaltyMerge) -> list[Asked]:
    """Return what stores a merge as it is known now; of somebody who is erased by then, nothing."""
    told = {name: getattr(merge, name) for name in (*_PLAIN, "shortfall")}
    lists = {name: orjson.dumps(getattr(merge, name)).decode() for name in _JSON}
    return [
        _PUT.of(**told, **lists, status=merge.status.value),
        _ABOUT.on(sorted(merge.numbers), key=merge.key),
        *(statement.of(key=merge.key, golden_id=merge.golden_id) for statement in _OF_NOBODY),
    ]


class LoyaltyBook:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, golden_ids: Iterable[str], sources: Collection[str]) -> LoyaltyPage:
        with self._database.steady() as look:
            return page_of(look, frozenset(golden_ids), sorted(sources))

    def homes(self, numbers: Collection[str], sources: Collection[str]) -> dict[str, frozenset[GoldenId]]:
        found: dict[str, set[GoldenId]] = {}
        with self._database.steady() as look:
            for number, home in homes_of(look, frozenset(numbers), sorted(sources)):
                found.setdefault(number, set()).add(home)
        return {number: frozenset(homes) for number, homes in found.items()}

    def whose(self, sources: Collection[str]) -> dict[str, GoldenId]:
        asked = select(_CROSSWALK.source_record_id, _CROSSWALK.golden_id).where(
            _CROSSWALK.valid_to.is_(None), _CROSSWALK.source.in_(sorted(sources))
        )
        with self._database.read() as look:
            return {number: GoldenId(golden_id) for number, golden_id in look.execute(asked)}

    def active(self) -> tuple[LoyaltyMerge, ...]:
        asked = select(*(_MERGE[name] for name in MERGE_NAMES)).where(_MERGE.status.in_(sorted(ACTIVE)))
        with self._database.read() as look:
            return tuple(merge_of(row) for row in look.execute(asked.order_by(_MERGE.number)))

    def errands(self, erasure_id: str, consumer: str) -> tuple[str, ...] | None:
        with self._database.read() as look:
            return errands_of(look, erasure_id, consumer)
