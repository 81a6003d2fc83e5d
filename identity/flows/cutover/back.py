"""back: what went live is taken back: its records wait in shadow mode again, everybody else is as they were.

What people decided meanwhile holds, and so does what was refused: a no is not taken back with the record that told it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from identity.flows.cutover.covered import claims_on_sources
from identity.flows.cutover.live import Told, Turned, kept
from identity.flows.cutover.naming import as_of
from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.settle import AT_ONCE, Naming, attempt, refuse_another_index, settle
from identity.flows.redo import drain, restated_now
from identity.model.cutover import Cutover, CutoverStatus, Waiting
from identity.model.record import RecordKey
from identity.ports import Look, OnlineWork
from identity.steps.cover import covers
from identity.steps.keep import keep

__all__ = ["go_back"]

_AT_A_LOOK = 500
_INLINE = 200


def go_back(desk: Desk, source: str, country: str = "", told: Told = lambda _: None) -> list[Turned]:
    """Take back what went live of a source, the latest first ("": all of it); nothing where nothing did.

    A record stays live that was so before, or by another cutover that stands. Killed half-way it is run again with the
    same end. Raises StoreError E412.
    """
    done = []
    for cutover in reversed(_to_take_back(desk, source, country)):
        begun = attempt(desk, partial(kept, desk, cutover, CutoverStatus.GOING_BACK))
        records = _taken_back(desk, begun, told)
        ended = attempt(desk, partial(kept, desk, begun, CutoverStatus.BACK))
        done.append(Turned(ended, records))
    return done


def _to_take_back(desk: Desk, source: str, country: str) -> list[Cutover]:
    with desk.transactions.look() as look:
        return [
            each
            for each in look.cutovers(source)
            if each.status is not CutoverStatus.BACK and country in ("", each.country)
        ]


def _taken_back(desk: Desk, cutover: Cutover, told: Told) -> int:
    named = as_of(desk, cutover.started_at)
    turned = 0
    for keys in _gone_live(desk, cutover):
        done, queued = attempt(desk, partial(_turn, desk, cutover, keys, named))
        turned += done
        told(turned)
        if queued:
            drain(desk, _INLINE, named=named)
    drain(desk, named=named)
    for keys in _elsewhere(desk, cutover):
        attempt(desk, partial(_name, desk, cutover, keys, named))
    return turned


def _gone_live(desk: Desk, cutover: Cutover) -> Iterator[list[RecordKey]]:
    after = 0
    while True:
        with desk.transactions.look() as look:
            found = look.in_mode(cutover.source, "live", after, _AT_A_LOOK)
            keys = _by_it(look, cutover, found)
        if not found:
            return
        after = found[-1].number
        for start in range(0, len(keys), AT_ONCE):
            yield keys[start : start + AT_ONCE]


def _by_it(look: Look, cutover: Cutover, found: Sequence[Waiting]) -> list[RecordKey]:
    """Return which live records are so by this cutover alone."""
    others = [each for each in look.cutovers(cutover.source) if each.stands]
    left = [each.key for each in found if not any(covers(other, each.country) for other in others)]
    before = look.memberships_at(left, cutover.started_at)
    return [key for key in left if key not in before]


def _turn(
    desk: Desk, cutover: Cutover, keys: Sequence[RecordKey], named: Naming, work: OnlineWork
) -> tuple[int, int]:
    refuse_another_index(work, desk)
    work.share(claims_on_sources(desk, [cutover.source]))
    work.claim(claims_on_records(desk, keys))
    stored = {key: each for key, each in work.stored(keys).items() if each.live}
    work.put_facts(
        [fact for each in stored.values() for fact in keep(each.record, None, desk.consent, work.at)]
    )
    work.put_mode(stored, "shadow")
    restated = [Restated(key, each.number, each, None) for key, each in stored.items()]
    settled = settle(work, desk, restated, "go_back", cutover.cutover_id, named=named)
    return len(stored), settled.queued if settled else 0


def _elsewhere(desk: Desk, cutover: Cutover) -> Iterator[list[RecordKey]]:
    """Yield records that are under another id than before: some were decided again without being asked for names."""
    after = RecordKey("", "")
    while True:
        with desk.transactions.look() as look:
            keys = look.elsewhere(cutover.started_at, after, AT_ONCE)
        if not keys:
            return
        after = keys[-1]
        yield keys


def _name(desk: Desk, cutover: Cutover, keys: Sequence[RecordKey], named: Naming, work: OnlineWork) -> None:
    refuse_another_index(work, desk)
    work.claim(claims_on_records(desk, keys))
    settle(work, desk, restated_now(work, keys), "go_back", cutover.cutover_id, named=named)
