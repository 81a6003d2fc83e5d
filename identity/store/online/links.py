"""Links between records, and what is to be decided again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link
from identity.model.record import RecordKey
from identity.ports import Redo, RedoKind, StoredLink
from identity.store.dialect import Asked
from identity.store.online import statements as sql
from identity.store.online.unit import Unit

__all__ = ["LinkReads", "LinkSide", "stored_links"]

_Pair = tuple[RecordKey, RecordKey]


class LinkReads:
    """What a unit of work and a look that writes nothing ask alike."""

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def links(self, keys: Collection[RecordKey]) -> list[StoredLink]:
        if not keys:
            return []
        rows = [(key.source, key.source_record_id) for key in keys]
        return stored_links(self._fetch(sql.LINKS.on(rows)))


class LinkSide(Unit, LinkReads):
    def replace_links(
        self, dropped: Collection[StoredLink], added: Collection[StoredLink], model_version: str
    ) -> None:
        at = self.at if added else None
        self._execute(
            sql.DROP_LINKS.on([_pair(stored.link) for stored in dropped]),
            sql.PUT_LINKS.on([_link_row(stored, model_version, at) for stored in added]),
        )

    def put_redo(self, items: Collection[Redo]) -> None:
        if items:
            # In one order everywhere, or two units that queue the same things may wait for each other.
            rows = [(item.kind.value, item.subject, item.reason) for item in sorted(items)]
            self._execute(sql.PUT_REDO.on(rows, at=self.at))

    def take_redo(self, most: int) -> list[Redo]:
        if most <= 0:
            return []
        taken = sorted(self._fetch(sql.TAKE_REDO.of(most=most)))
        return [Redo(RedoKind(kind), subject, reason) for _, kind, subject, reason in taken]


def stored_links(rows: Iterable[tuple[Any, ...]]) -> list[StoredLink]:
    # A row begins with its pair: the set has each link once, in the order of the pairs.
    return [_stored_link(row) for row in sorted(set(rows))]


def _stored_link(row: tuple[Any, ...]) -> StoredLink:
    left_source, left_id, right_source, right_id, judgement, blocked, match_weight = row
    link = Link(
        RecordKey(left_source, left_id),
        RecordKey(right_source, right_id),
        Judgement(judgement),
        None if match_weight is None else MatchWeight(match_weight),
    )
    return StoredLink(link, bool(blocked))


def _pair(link: Link) -> tuple[str, str, str, str]:
    return (link.left.source, link.left.source_record_id, link.right.source, link.right.source_record_id)


def _link_row(stored: StoredLink, model_version: str, at: Any) -> tuple[Any, ...]:
    link = stored.link
    return (
        *_pair(link), link.match_weight, link.judgement.value, model_version, at, stored.blocked,
    )  # fmt: skip
