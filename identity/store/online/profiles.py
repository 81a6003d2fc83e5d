"""Memberships, profiles and the history of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from identity.model.cluster import GoldenId, Redirect
from identity.model.record import RecordKey
from identity.observing.traces import traceparent
from identity.ports import Change, Event, ProfileRow, ProfileState
from identity.store import mapping, refusals
from identity.store.dialect import Asked, utc
from identity.store.online import statements as sql
from identity.store.online.unit import Unit
from identity.store.redirects import in_one_hop

__all__ = ["ProfileReads", "ProfileSide", "members_by_id"]


def members_by_id(rows: Iterable[tuple[str, str, str]]) -> dict[GoldenId, tuple[RecordKey, ...]]:
    members: dict[GoldenId, list[RecordKey]] = defaultdict(list)
    for golden_id, source, record in sorted(rows):
        members[GoldenId(golden_id)].append(RecordKey(source, record))
    return {golden_id: tuple(records) for golden_id, records in members.items()}


class ProfileReads:
    """What a unit of work and a look that writes nothing ask alike."""

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def members_of(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, tuple[RecordKey, ...]]:
        if not golden_ids:
            return {}
        return members_by_id(self._fetch(sql.MEMBERS_OF.on(list(golden_ids))))


class ProfileSide(Unit, ProfileReads):
    def profiles(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, ProfileState]:
        if not golden_ids:
            return {}
        found = self._fetch(sql.PROFILES.on(list(golden_ids)))
        return {
            golden_id: ProfileState(golden_id, version, status, fingerprint, utc(created_at), consents)
            for golden_id, version, status, fingerprint, created_at, consents in found
        }

    def move(self, moved: Mapping[RecordKey, GoldenId | None], change_id: str) -> None:
        if moved:
            rows = [(key.source, key.source_record_id, golden_id) for key, golden_id in moved.items()]
            self._execute(
                sql.CLOSE_MOVED.on(rows, at=self.at), sql.OPEN_MOVED.on(rows, at=self.at, change_id=change_id)
            )

    def put_profiles(self, profiles: Collection[ProfileRow]) -> None:
        if profiles:
            at = self.at
            rows = [
                (p.golden_id, p.version, p.status, p.record_count, p.fingerprint, p.created_at, at,
                 self._fields.seal(mapping.ATTRIBUTES, p.attributes), p.consents)
                for p in profiles
            ]  # fmt: skip
            live = [profile.golden_id for profile in profiles if profile.status == "live"]
            # Most are new, and cannot have led anywhere: they need not be asked about.
            back = [
                profile.golden_id for profile in profiles if profile.status == "live" and profile.version > 1
            ]
            lived = [(golden_id, "live") for golden_id in live]
            self._execute(
                sql.PUT_PROFILES.on(rows),
                *(statement.on(back, at=at) for statement in sql.LEAD_BACK),
                sql.REMEMBER_UNREDIRECTED.on(lived, at=at),
                sql.UNREDIRECT.on(live),
            )

    def retire(self, redirects: Collection[Redirect], change_id: str) -> None:
        if not redirects:
            return
        fresh = {redirect.retired: redirect.survivor for redirect in redirects}
        if len(fresh) < len(redirects):
            raise refusals.contradiction("two rows for one retired")
        known = dict(self._fetch(sql.SURVIVORS.on(list(set(fresh.values())))))
        at = self.at
        rows = [(retired, end, at, change_id) for retired, end in in_one_hop(known, fresh).items()]
        self._execute(*(statement.on(rows) for statement in sql.RETIRE))

    def put_change(self, change: Change) -> None:
        self._execute(sql.PUT_CHANGE.of(**asdict(change)))

    def append_events(self, events: Sequence[Event]) -> None:
        if not events:
            return
        at, trace = self.at, traceparent()
        rows = [
            (
                f"{e.subject}.{e.version}",
                e.type,
                e.subject,
                e.version,
                at,
                e.correlation_id,
                e.body,
                trace,
                ordinal,
            )
            for ordinal, e in enumerate(events)
        ]
        self._connection.lock_log()
        self._execute(sql.APPEND_EVENTS.on(rows))
