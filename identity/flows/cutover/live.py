"""live: the records of a source that wait in shadow mode are resolved as if they were told now, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from identity.flows.cutover.covered import claims_on_sources
from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.settle import AT_ONCE, attempt, refuse_another_index, settle
from identity.flows.privacy.keep_away import of_the_erased
from identity.flows.redo import drain
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cutover import Cutover, CutoverStatus
from identity.model.errors import DecisionRefused
from identity.model.record import RecordKey
from identity.ports import Arrival, Change, OnlineWork
from identity.steps.cover import covers

__all__ = ["Told", "Turned", "go_live", "kept"]

_AT_A_LOOK = 500
_INLINE = 200

Told = Callable[[int], None]
"""Hears how many records have been turned so far."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A cutover, how many records were turned just now, and how many were not: they are of somebody who was erased."""

    cutover: Cutover
    records: int
    refused: int = 0


def go_live(
    desk: Desk, source: str, country: str, home: str, actor: str, told: Told = lambda _: None
) -> Turned:
    """Have the records of a source ("": of every country) take effect, and those that it tells from now on.

    Each unit of work turns up to AT_ONCE of them, with links, profiles and events as for records told now; the id of
    the cutover is their correlation id. Killed half-way it is run again with the same end; run again when it is done
    it turns what is left, which is nothing. Raises StoreError E412; DecisionRefused GOING_BACK while it is taken back.
    """
    cutover = attempt(desk, partial(_begun, desk, source, country, home, actor))
    turned = refused = 0
    for keys in _waiting(desk, cutover):
        done, kept_away, queued = attempt(desk, partial(_turn, desk, cutover, keys))
        turned += done
        refused += kept_away
        told(turned)
        if queued:
            drain(desk, _INLINE)
    drain(desk)
    return Turned(attempt(desk, partial(kept, desk, cutover, CutoverStatus.LIVE)), turned, refused)


def _begun(desk: Desk, source: str, country: str, home: str, actor: str, work: OnlineWork) -> Cutover:
    refuse_another_index(work, desk)
    work.claim(claims_on_sources(desk, [source]))
    for known in work.cutovers(source):
        if known.status is CutoverStatus.GOING_BACK:
            raise DecisionRefused(
                "GOING_BACK",
                f"Records of {source} are being taken back.",
                "Run `identity go-back` until it is done.",
            )
        if known.stands and known.country in ("", country):
            return known
    fresh = Cutover(desk.new_id(), source, country, home, CutoverStatus.GOING, actor, work.at)
    work.put_cutover(fresh)
    # A change of its own: whatever follows, be it by a clock that was set back, is later than this moment.
    work.put_change(Change(fresh.cutover_id, "cutover", actor, work.at, "", fresh.cutover_id))
    work.audit(_entry(fresh))
    return fresh


def _waiting(desk: Desk, cutover: Cutover) -> Iterator[list[RecordKey]]:
    after = 0
    while True:
        with desk.transactions.look() as look:
            found = look.in_mode(cutover.source, "shadow", after, _AT_A_LOOK)
        if not found:
            return
        after = found[-1].number
        keys = [each.key for each in found if covers(cutover, each.country)]
        for start in range(0, len(keys), AT_ONCE):
            yield keys[start : start + AT_ONCE]


def _turn(desk: Desk, cutover: Cutover, keys: list[RecordKey], work: OnlineWork) -> tuple[int, int, int]:
    refuse_another_index(work, desk)
    work.share(claims_on_sources(desk, [cutover.source]))
    _refuse_another_status(work, cutover)
    work.claim(claims_on_records(desk, keys))
    stored = {
        key: each for key, each in work.stored(keys).items() if each.mode == "shadow" and not each.deleted_at
    }
    erased = of_the_erased(work, desk, [Arrival(each.record, each.content_hash) for each in stored.values()])
    fresh = {key: each for key, each in stored.items() if key not in erased}
    work.put_mode(fresh, "live")
    restated = [Restated(key, each.number, each, each.record) for key, each in fresh.items()]
    settled = settle(work, desk, restated, "go_live", cutover.cutover_id)
    return len(fresh), len(erased), settled.queued if settled else 0


def _refuse_another_status(work: OnlineWork, cutover: Cutover) -> None:
    now = {each.cutover_id: each for each in work.cutovers(cutover.source)}[cutover.cutover_id]
    if not now.stands:
        raise DecisionRefused(
            "GOING_BACK",
            f"Somebody takes the records of {cutover.source} back.",
            "What went live until now goes back too.",
        )


def kept(desk: Desk, cutover: Cutover, status: CutoverStatus, work: OnlineWork) -> Cutover:
    """Store what became of a cutover; what ended before keeps its end."""
    work.claim(claims_on_sources(desk, [cutover.source]))
    now = {each.cutover_id: each for each in work.cutovers(cutover.source)}[cutover.cutover_id]
    if now.status is status:
        return now
    if status is CutoverStatus.LIVE and not now.stands:
        _refuse_another_status(work, cutover)
    done = replace(now, status=status, ended_at=None if status is CutoverStatus.GOING_BACK else work.at)
    work.put_cutover(done)
    work.audit(_entry(done))
    return done


def _entry(cutover: Cutover) -> AuditEntry:
    told = {
        "cutover": cutover.cutover_id, "source": cutover.source, "country": cutover.country,
        "status": cutover.status.value,
    }  # fmt: skip
    return AuditEntry(cutover.actor, AuditAction.RUN, details=told)
