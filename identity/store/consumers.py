"""Those who follow the log, and how far they came; see `ports.consumers.Consumers` for what each call promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, union

from identity.model.delivery import Lease
from identity.model.errors import DeliveryError, LookupFailed
from identity.model.following import Consumer, Followed, FollowedOutcome, Propagated
from identity.ports import Clock
from identity.ports.consumers import Progress, Settled
from identity.store.consumer_reviews import ConsumerReviews, put_concerns
from identity.store.dead_letters import HOLD, LET_GO, PUT_DEAD, DeadLetters, dead_row, held_row, moments
from identity.store.dialect import Asked, Database, Kind, Statement
from identity.store.facts import put_facts
from identity.store.meanwhile import kept_of_the_living, passed_over, without
from identity.store.propagation import PUT_REACHED, propagation
from identity.store.tables import TABLES
from identity.store.views import EventView, Views

__all__ = ["MOST_LAG", "Consumers"]

_CONSUMER = TABLES["consumer"].c
_INBOX = TABLES["inbox"].c
_HELD = TABLES["held_event"].c
_EVENT = TABLES["event"].c
_AT_ONCE = 500
MOST_LAG = 100_000
"""So far the events behind a consumer are counted."""

_REGISTER = Statement(
    "INSERT INTO consumer (name, position, failures, epoch) VALUES (:name, 0, 0, 0) ON CONFLICT (name) DO NOTHING"
)
_SUBSCRIBED = Statement("SELECT name FROM subscriber WHERE name = :name")
_TAKE = Statement(
    "UPDATE consumer SET holder = :holder, epoch = epoch + 1, held_until = :until, beat_at = :now"
    " WHERE name = :name AND (held_until IS NULL OR held_until <= :now) RETURNING epoch"
)
_MINE = "WHERE name = :name AND epoch = :epoch RETURNING name"
_BEAT = Statement(f"UPDATE consumer SET held_until = :until, beat_at = :now {_MINE}")
_RELEASE = Statement(f"UPDATE consumer SET held_until = NULL {_MINE}")
_SETTLE = Statement(
    "UPDATE consumer SET held_until = :until, beat_at = :now, failures = :failures,"
    f" failing_since = :failing_since, retry_at = :retry_at {_MINE}"
)
_PUT_INBOX = Statement(
    'INSERT INTO inbox (consumer, event_id, "at", outcome)'
    " SELECT :name, s.event_id, :now, s.outcome FROM {rows} AS s WHERE TRUE"
    ' ON CONFLICT (consumer, event_id) DO UPDATE SET "at" = excluded."at", outcome = excluded.outcome',
    {"event_id": Kind.TEXT, "outcome": Kind.TEXT},
)
_REVIVE = Statement("UPDATE held_event SET next_at = :now WHERE follower = :name AND next_at > :now")
# Up to just before the first event that is neither done nor held; to the end where there is none. Never back.
_ADVANCE = Statement(
    "UPDATE consumer SET position = COALESCE((SELECT e.position - 1 FROM event AS e"
    " WHERE e.position > consumer.position"
    " AND NOT EXISTS (SELECT 1 FROM inbox AS i WHERE i.consumer = :name AND i.event_id = e.event_id)"
    " AND NOT EXISTS (SELECT 1 FROM held_event AS h WHERE h.follower = :name AND h.position = e.position)"
    " ORDER BY e.position LIMIT 1), (SELECT max(position) FROM event), position)"
    " WHERE name = :name RETURNING position"
)
_AGAIN = Statement(
    "INSERT INTO held_event (follower, position, subject, attempts, first_at, next_at, code, detail)"
    " SELECT :name, max(e.position), e.subject, 0, :now, :now, :code, '' FROM event AS e"
    " JOIN {rows} AS s ON s.subject = e.subject WHERE TRUE GROUP BY e.subject"
    " ON CONFLICT (follower, position) DO UPDATE SET next_at = excluded.next_at",
    {"subject": Kind.TEXT},
)
_KNOWN = Statement(
    "SELECT count(DISTINCT e.subject) FROM event AS e JOIN {rows} AS s ON s.subject = e.subject",
    {"subject": Kind.TEXT},
)
_REWIND = (
    Statement("DELETE FROM inbox WHERE consumer = :name"),
    Statement("DELETE FROM held_event WHERE follower = :name"),
    Statement(
        "UPDATE dead_letter SET status = 'redriven', closed_at = :now WHERE follower = :name AND status = 'open'"
    ),
    Statement(
        "UPDATE consumer SET position = 0, epoch = epoch + 1, held_until = NULL, failures = 0,"
        " failing_since = NULL, retry_at = NULL WHERE name = :name AND :now IS NOT NULL"
    ),
)


class Consumers(ConsumerReviews, DeadLetters):
    def __init__(self, database: Database, clock: Clock) -> None:
        DeadLetters.__init__(self, database, clock)
        self._views = Views(database)

    def events(self, after: int = 0, limit: int = 100) -> tuple[EventView, ...]:
        return self._views.events(after, limit)

    def register(self, name: str) -> None:
        with self._database.write() as connection:
            if connection.ask(_SUBSCRIBED.of(name=name))():
                # What is held and given up is kept under the name.
                raise DeliveryError("E722", f"A subscriber is called {name}.", "Add it under another name.")
            connection.execute(_REGISTER.of(name=name))

    def consumer(self, name: str) -> Consumer:
        found = next((each for each in self.consumers() if each.name == name), None)
        if found is None:
            raise LookupFailed(
                "E523", f"No consumer is known as {name}.", "One is known once it has been started."
            )
        return found

    def consumers(self) -> tuple[Consumer, ...]:
        names = ("name", "position", "beat_at", "failures", "failing_since", "retry_at")
        asked = select(*(_CONSUMER[name] for name in names)).order_by(_CONSUMER.name)
        with self._database.read() as look:
            found = look.execute(asked).all()
            return tuple(Consumer(**row._mapping, lag=_lag(look, row.name, row.position)) for row in found)

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        now, until = moments(self._clock, seconds)
        with self._database.write() as connection:
            taken = connection.ask(_TAKE.of(name=name, holder=holder, until=until, now=now))()
        return Lease(name, holder, int(taken[0][0]), until) if taken else None

    def beat(self, lease: Lease, seconds: float) -> bool:
        now, until = moments(self._clock, seconds)
        with self._database.write() as connection:
            return bool(connection.ask(_BEAT.of(**_mine(lease), until=until, now=now))())

    def release(self, lease: Lease) -> None:
        with self._database.write() as connection:
            connection.ask(_RELEASE.of(**_mine(lease)))()

    def seen(self, name: str, event_ids: Collection[str]) -> frozenset[str]:
        wanted, found = sorted(set(event_ids)), set[str]()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            held = select(_EVENT.event_id).join_from(
                TABLES["event"], TABLES["held_event"], _HELD.position == _EVENT.position
            )
            asked = union(
                select(_INBOX.event_id).where(_INBOX.consumer == name, _INBOX.event_id.in_(some)),
                held.where(_HELD.follower == name, _EVENT.event_id.in_(some)),
            )
            found.update(row.event_id for row in self._rows(asked))
        return frozenset(found)

    def missing(self, name: str, subjects: Collection[str], before: int, limit: int) -> tuple[EventView, ...]:
        wanted, found = sorted(set(subjects)), list[Any]()
        at = select(_CONSUMER.position).where(_CONSUMER.name == name).scalar_subquery()
        held = select(_HELD.position).where(_HELD.follower == name, _HELD.position == _EVENT.position)
        for start in range(0, len(wanted), _AT_ONCE):
            some = _EVENT.subject.in_(wanted[start : start + _AT_ONCE])
            asked = select(*_EVENT).where(some, _EVENT.position > at, _EVENT.position < before)
            asked = asked.where(~_is_done(name).exists(), ~held.exists())
            found += self._rows(asked.order_by(_EVENT.position).limit(limit))
        ordered = sorted(found, key=lambda row: int(row.position))[:limit]
        return tuple(EventView(**{**row._mapping, "body": orjson.loads(row.body)}) for row in ordered)

    def note(self, lease: Lease, facts: Sequence[object], seconds: float) -> bool:
        now, until = moments(self._clock, seconds)
        with self._database.write() as connection:
            if not connection.ask(_BEAT.of(**_mine(lease), until=until, now=now))():
                return False
            (kept,) = kept_of_the_living(connection, [Followed(FollowedOutcome.DONE, facts=facts)])
            connection.execute(*put_facts(kept.facts))
        return True

    def settle(self, lease: Lease, progress: Progress, seconds: float) -> Settled | None:
        now, until = moments(self._clock, seconds)
        kept = {name: getattr(progress, name) for name in ("failures", "failing_since", "retry_at")}
        with self._database.write() as connection:
            if not connection.ask(_SETTLE.of(**_mine(lease), **kept, until=until, now=now))():
                return None
            passed = passed_over(connection, progress.held, progress.dead)
            followed = kept_of_the_living(connection, [each.followed for each in progress.done])
            connection.execute(*_consequences(lease.name, progress, passed, now), *_facts(followed))
            for each in followed:
                put_concerns(connection, each, now)
            ((position,),) = connection.ask(_ADVANCE.of(name=lease.name))()
        return Settled(int(position))

    def again(self, name: str, subjects: Collection[str], code: str) -> int:
        wanted = sorted(set(subjects))
        if not wanted:
            return 0
        with self._database.write() as connection:
            ((count,),) = connection.ask(_KNOWN.on(wanted))()
            # One at a time: rows are bound where they are written.
            for subject in wanted:
                connection.execute(_AGAIN.on([subject], name=name, now=self._clock.now(), code=code))
        return int(count)

    def rewind(self, name: str) -> None:
        with self._database.write() as connection:
            for statement in _REWIND:
                told = {"now": self._clock.now()} if ":now" in statement.sql else {}
                connection.execute(statement.of(name=name, **told))

    def propagation(self, causation: str) -> tuple[Propagated, ...]:
        with self._database.read() as look:
            return propagation(look, causation)


def _mine(lease: Lease) -> dict[str, Any]:
    return {"name": lease.name, "epoch": lease.epoch}


def _lag(look: Connection, name: str, position: int) -> int:
    """Return how many events are to be followed yet; more than can be told at a glance are not counted."""
    behind = select(_EVENT.position).where(_EVENT.position > position, ~_is_done(name).exists())
    held = select(_HELD.position).where(_HELD.follower == name, _HELD.position <= position)
    return sum(
        int(look.execute(select(func.count()).select_from(some.limit(MOST_LAG).subquery())).scalar_one())
        for some in (behind, held)
    )


def _is_done(name: Any) -> Any:
    return select(_INBOX.event_id).where(_INBOX.consumer == name, _INBOX.event_id == _EVENT.event_id)


def _facts(followed: Sequence[Followed]) -> list[Asked]:
    return [asked for each in followed for asked in put_facts(each.facts)]


def _consequences(name: str, progress: Progress, passed: Mapping[int, str], now: datetime) -> list[Asked]:
    asked: list[Asked] = []
    held, dead = without(progress.held, passed), without(progress.dead, passed)
    dealt = [(each.event.event_id, each.followed.outcome.value) for each in progress.done]
    dealt += [(letter.event_id, "dead") for letter in dead]
    dealt += [(event_id, FollowedOutcome.NOTHING.value) for event_id in passed.values()]
    gone = [*(each.event.position for each in progress.done), *(letter.position for letter in dead), *passed]
    if dealt:
        asked += [_PUT_INBOX.on(dealt, name=name, now=now), LET_GO.on(gone, name=name)]
    if held:
        asked.append(HOLD.on([held_row(event) for event in held], name=name))
    if dead:
        asked.append(PUT_DEAD.on([dead_row(letter) for letter in dead]))
    if progress.revived:
        asked.append(_REVIVE.of(name=name, now=now))
    told = [*(said for each in progress.done for said in each.reached), *progress.missed]
    if told:
        # What was heard last of each counts.
        latest = {said.causation: said for said in told}.values()
        rows = [(said.causation, said.status.value, said.code) for said in latest]
        asked.append(PUT_REACHED.on(rows, name=name, now=now))
    return asked
