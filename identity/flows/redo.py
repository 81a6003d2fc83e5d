"""redo: what was queued to be decided again is decided again, until nothing is left."""

from __future__ import annotations

from collections.abc import Collection

from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.settle import AT_ONCE, attempt, refuse_another_index, settle
from identity.ports import OnlineWork, Redo, RedoKind
from identity.steps.file import file

__all__ = ["drain"]


def drain(desk: Desk, most: int | None = None) -> int:
    """Decide again what is queued, up to about `most` items; return how many were.

    Each unit takes its items off the queue together with their effect: killed half-way, nothing is lost.
    """
    done = 0
    while most is None or done < most:
        taken = attempt(desk, lambda work: _some(work, desk))
        if not taken:
            break
        done += taken
    return done


def _some(work: OnlineWork, desk: Desk) -> int:
    refuse_another_index(work, desk)
    items = work.take_redo(AT_ONCE)
    work.put_redo(_members(work, desk, [item.subject for item in items if item.kind is RedoKind.BLOCK]))
    numbers = {item.subject for item in items if item.kind is RedoKind.RECORD}
    keys = [record.key for record in work.filed(numbers).values()]
    work.claim(claims_on_records(desk, keys))
    restated = [
        Restated(key, found.number, found, found.record)
        for key, found in work.stored(keys).items()
        if found.live
    ]
    settle(work, desk, restated, "redo")
    return len(items)


def _members(work: OnlineWork, desk: Desk, blocks: Collection[int]) -> list[Redo]:
    """Return everybody in these blocks, in so far as they yield pairs: each meets the others again."""
    largest = max(key.cap for key in desk.rules.blocking)
    members = work.members(dict.fromkeys(blocks, largest + 1))
    some = work.filed({found[0] for found in members.values()})
    caps = {
        block: cap for record in some.values() for block, cap in file(record.features, desk.cabinet).items()
    }
    # Who was asked for the block's cap may be gone by now: to decide again what need not be does no harm.
    small = (found for block, found in members.items() if len(found) <= caps.get(block, largest))
    numbers = {number for found in small for number in found}
    return [Redo(RedoKind.RECORD, number, "block within its cap again") for number in sorted(numbers)]
