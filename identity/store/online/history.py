"""What was so at a past moment, and how it came to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.ports import Change, Lead, Move
from identity.store.dialect import Asked, utc
from identity.store.online import history_statements as sql

__all__ = ["HistoryReads"]


class HistoryReads:
    """See `ports.History` for what each promises."""

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def memberships_at(self, keys: Collection[RecordKey], moment: datetime) -> dict[RecordKey, GoldenId]:
        if not keys:
            return {}
        rows = [(key.source, key.source_record_id) for key in keys]
        found = self._fetch(sql.MEMBERSHIPS_AT.on(rows, moment=moment))
        return {RecordKey(source, record): GoldenId(golden_id) for source, record, golden_id in found}

    def members_at(
        self, golden_ids: Collection[GoldenId], moment: datetime
    ) -> dict[GoldenId, tuple[RecordKey, ...]]:
        if not golden_ids:
            return {}
        members: dict[GoldenId, list[RecordKey]] = defaultdict(list)
        found = self._fetch(sql.MEMBERS_AT.on(list(golden_ids), moment=moment))
        for source, record, golden_id in sorted(found):
            members[golden_id].append(RecordKey(source, record))
        return {golden_id: tuple(records) for golden_id, records in members.items()}

    def answering_at(self, golden_ids: Collection[GoldenId], moment: datetime) -> dict[GoldenId, GoldenId]:
        if not golden_ids:
            return {}
        issued = [
            golden_id for (golden_id,) in self._fetch(sql.ISSUED_BY.on(list(golden_ids), moment=moment))
        ]
        led = dict(self._fetch(sql.LED_AT.on(issued, moment=moment))) if issued else {}
        return {GoldenId(golden_id): GoldenId(led.get(golden_id, golden_id)) for golden_id in issued}

    def moves(self, golden_id: GoldenId) -> list[Move]:
        came = self._fetch(sql.CAME.of(golden_id=golden_id))
        left = self._fetch(sql.LEFT.of(golden_id=golden_id))
        found = [_move(row, came=True) for row in came] + [_move(row, came=False) for row in left]
        return sorted(found, key=lambda move: (move.at, move.came, move.key))

    def leads(self, golden_id: GoldenId) -> list[Lead]:
        found = [
            Lead(GoldenId(retired), GoldenId(survivor), utc(since), utc(until) if until else None, change_id)
            for retired, survivor, since, until, change_id in self._fetch(sql.LEADS.of(golden_id=golden_id))
        ]
        return sorted(found, key=lambda lead: (lead.since, lead.retired, lead.survivor))

    def changes(self, change_ids: Collection[str]) -> dict[str, Change]:
        if not change_ids:
            return {}
        return {row[0]: _change(row) for row in self._fetch(sql.CHANGES.on(sorted(change_ids)))}

    def changes_at(self, moment: datetime) -> list[Change]:
        return [_change(row) for row in sorted(self._fetch(sql.CHANGES_AT.of(moment=moment)))]


def _move(row: tuple[Any, ...], *, came: bool) -> Move:
    at, source, record, other, change_id = row
    return Move(utc(at), RecordKey(source, record), came, other and GoldenId(other), change_id)


def _change(row: tuple[Any, ...]) -> Change:
    change_id, kind, actor, at, reason, correlation_id, model_version = row
    return Change(change_id, kind, actor, utc(at), reason, correlation_id, model_version)
