"""What goes live, what goes back, and what an earlier master called it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import astuple
from datetime import datetime
from typing import Any

from identity.model.cluster import GoldenId
from identity.model.cutover import Cutover, CutoverStatus, Waiting
from identity.model.record import RecordKey
from identity.store.dialect import Asked, utc
from identity.store.online import cutover_statements as sql
from identity.store.online.history_statements import MEMBERSHIPS_AT
from identity.store.online.unit import Unit

__all__ = ["CutoverReads", "CutoverSide"]


class CutoverReads:
    """See `ports.cutover` for what each promises."""

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def cutovers(self, source: str = "") -> list[Cutover]:
        found = [_cutover(row) for row in self._fetch(sql.CUTOVERS.of())]
        return [each for each in found if source in ("", each.source)]

    def in_mode(self, source: str, mode: str, after: int, most: int) -> list[Waiting]:
        found = self._fetch(sql.IN_MODE.of(source=source, mode=mode, after=after, most=most))
        return [
            Waiting(number, RecordKey(name, record), country or "") for number, name, record, country in found
        ]

    def memberships_at(self, keys: Collection[RecordKey], moment: datetime) -> dict[RecordKey, GoldenId]:
        if not keys:
            return {}
        found = self._fetch(MEMBERSHIPS_AT.on(_rows(keys), moment=moment))
        return {RecordKey(source, record): GoldenId(golden_id) for source, record, golden_id in found}

    def elsewhere(self, moment: datetime, after: RecordKey, most: int) -> list[RecordKey]:
        asked = sql.ELSEWHERE.of(moment=moment, source=after.source, record=after.source_record_id, most=most)
        return [RecordKey(*row) for row in self._fetch(asked)]

    def living_on(self, former: Collection[RecordKey]) -> dict[RecordKey, tuple[GoldenId, ...]]:
        if not former:
            return {}
        homes: dict[RecordKey, list[GoldenId]] = defaultdict(list)
        for system, former_id, golden_id in sorted(self._fetch(sql.LIVING_ON.on(_rows(former)))):
            homes[RecordKey(system, former_id)].append(GoldenId(golden_id))
        return {key: tuple(found) for key, found in homes.items()}


class CutoverSide(Unit, CutoverReads):
    def put_cutover(self, cutover: Cutover) -> None:
        self._execute(sql.PUT_CUTOVER.on([astuple(cutover)]))

    def put_mode(self, keys: Collection[RecordKey], mode: str) -> None:
        if keys:
            self._execute(sql.PUT_MODE.on(_rows(keys), mode=mode, at=self.at))

    def put_former(self, former: Collection[tuple[RecordKey, RecordKey]]) -> None:
        rows = [
            (old.source, old.source_record_id, key.source, key.source_record_id)
            for old, key in sorted(set(former))
        ]
        self._execute(sql.PUT_FORMER.on(rows))


def _rows(keys: Collection[RecordKey]) -> list[tuple[str, str]]:
    return [(key.source, key.source_record_id) for key in keys]


def _cutover(row: tuple[Any, ...]) -> Cutover:
    cutover_id, source, country, home, status, actor, started_at, ended_at = row
    began, ended = utc(started_at), utc(ended_at) if ended_at else None
    return Cutover(cutover_id, source, country, home, CutoverStatus(status), actor, began, ended)
