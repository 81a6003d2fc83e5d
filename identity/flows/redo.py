"""redo: what was queued to be decided again is decided again, until nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Collection

from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.settle import AT_ONCE, Naming, Settled, attempt, refuse_another_index, settle
from identity.model.record import RecordKey
from identity.ports import OnlineWork, Redo, RedoKind
from identity.steps.file import file

__all__ = ["drain", "restated_now"]


def drain(
    desk: Desk,
    most: int | None = None,
    seen: Callable[[Settled], bool] = lambda _: True,
    reason: str = "redo",
    named: Naming = lambda _, __: {},
) -> int:
    """Decide again what is queued, up to about `most` items; return how many were.

    Each unit takes its items off the queue together with their effect: killed half-way, nothing is lost. `seen` is
    told what each unit did, and says whether to go on.
    """
    done = 0
    while most is None or done < most:
        taken, settled = attempt(desk, lambda work: _some(work, desk, reason, named))
        if not taken:
            break
        done += taken
        if settled and not seen(settled):
            break
    return done


def _some(work: OnlineWork, desk: Desk, kind: str, named: Naming) -> tuple[int, Settled | None]:
    refuse_another_index(work, desk)
    items = work.take_redo(AT_ONCE)
    work.put_redo(_members(work, desk, [item.subject for item in items if item.kind is RedoKind.BLOCK]))
    numbers = {item.subject for item in items if item.kind is RedoKind.RECORD}
    keys = [record.key for record in work.filed(numbers).values()]
    work.claim(claims_on_records(desk, keys))
    return len(items), settle(work, desk, restated_now(work, keys), kind, named=named)


def restated_now(work: OnlineWork, keys: Collection[RecordKey]) -> list[Restated]:
    """Return live records as told once more just as they are."""
    return [
        Restated(key, found.number, found, found.record)
        for key, found in work.stored(keys).items()
        if found.live
    ]


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
