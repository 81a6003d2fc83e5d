"""undo: an operation, or a merge by the machine, is taken back: records, ids, values and consents as before it.

What was written in between follows its source record. Consent that was withdrawn in between is withdrawn on both
sides: whoever said it was taken for both. A merge that was taken back is not made again by the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import combinations

from identity.flows.judge.judging import (
    Decided,
    Wish,
    attempted,
    begun,
    concluded,
    held,
    refuse_contradictions,
)
from identity.flows.judge.merge import star
from identity.flows.judge.pairs import apart
from identity.flows.online.consents import book_about
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.consent import REFUSALS, UNKNOWN, most_restrictive, stricter
from identity.model.consent_fact import ConsentFact
from identity.model.errors import Contention, DecisionRefused, LookupFailed
from identity.model.operation import Operation, OperationKind, OperationStatus, ProfileImage
from identity.model.record import RecordKey
from identity.ports import OnlineWork
from identity.steps.agree import Book, agree
from identity.steps.keep import kept

__all__ = ["undo"]

Sides = Mapping[GoldenId, Sequence[RecordKey]]


@dataclass(frozen=True, slots=True)
class _Past:
    """What is to be taken back: its kind, who had which records before it, and since when that is past."""

    of: str
    kind: OperationKind
    at: datetime
    sides: Sides
    stored: Operation | None = None


def undo(
    desk: Desk,
    operation_id: str,
    wish: Wish,
    end: Callable[[OnlineWork, Decided], None] = lambda _, __: None,
) -> Decided:
    """Take back an operation by its id, or a merge by the machine by the golden id that it merged away.

    An undo can be taken back too: what a person parted by it would otherwise stay apart for good.

    Raises LookupFailed E504 for what nobody knows; DecisionRefused MERGE_ALREADY_REVERSED, MERGE_SUPERSEDED (later
    decisions or merges rest on it: take those back first), MERGE_NOT_REVERSIBLE, STALE_VERSION.
    """

    def unit(work: OnlineWork) -> Decided:
        homes = _homes(work, _past(work, operation_id))
        images = held(work, desk, sorted(set(homes.values())), wish)
        past = _past(work, operation_id)  # somebody else may have taken it back until its profiles were held
        if _homes(work, past) != homes:
            raise Contention("E409", "Its records moved meanwhile; nothing was kept.", "Try again.")
        sides = {name: [key for key in keys if key in homes] for name, keys in past.sides.items()}
        past = replace(past, sides=_still_there(past, sides, images))
        operation = replace(begun(work, desk, OperationKind.UNDO, wish, images.values()), reverses=past.of)
        if past.stored:
            work.withdraw(past.stored.operation_id, operation.operation_id)
            work.reverse(past.stored.operation_id, operation.operation_id)
        decided = _TAKEN_BACK[past.kind](work, desk, past, operation)
        end(work, decided)
        return decided

    return attempted(desk, unit)


def _homes(work: OnlineWork, past: _Past) -> dict[RecordKey, GoldenId]:
    """Return where the records concerned are now, as far as they are still there."""
    return work.memberships([key for keys in past.sides.values() for key in keys])


def _past(work: OnlineWork, operation_id: str) -> _Past:
    stored = work.operation(operation_id)
    if stored is None:
        return _merge_by_machine(work, GoldenId(operation_id))
    if stored.status is OperationStatus.REVERSED:
        raise DecisionRefused(
            "MERGE_ALREADY_REVERSED", f"Operation {operation_id} was taken back by {stored.reversed_by}."
        )
    sides = {image.golden_id: image.records for image in stored.before}
    return _Past(operation_id, _effect(work, stored), stored.at, sides, stored)


def _effect(work: OnlineWork, stored: Operation) -> OperationKind:
    """Return what an operation did: to take back a merge is to split, and the other way round."""
    if stored.kind is not OperationKind.UNDO:
        return stored.kind
    undone = work.operation(stored.reverses or "")
    reverse = _REVERSE.get(_effect(work, undone) if undone else OperationKind.MERGE)
    if reverse is None:
        raise DecisionRefused(
            "MERGE_NOT_REVERSIBLE",
            f"Operation {stored.operation_id} only took back what was said of a pair.",
            "Say it again.",
        )
    return reverse


_REVERSE = {OperationKind.MERGE: OperationKind.SPLIT, OperationKind.SPLIT: OperationKind.MERGE}


def _merge_by_machine(work: OnlineWork, retired: GoldenId) -> _Past:
    found = work.retirement(retired)
    if found is None:
        if not work.images([retired]):
            raise LookupFailed("E504", f"No operation and no golden id is known as {retired}.")
        raise DecisionRefused("MERGE_NOT_REVERSIBLE", f"Profile {retired} is not merged away.")
    operation = work.operation(found.change_id)
    if operation is not None and operation.kind is OperationKind.MERGE:
        return _past(work, found.change_id)
    if found.survivor != found.led_to:
        raise _superseded(f"the merge of {found.led_to} into {found.survivor}")
    sides = {retired: found.retired_records, found.led_to: found.led_to_records}
    return _Past(retired, OperationKind.MERGE, found.since, sides)


def _still_there(past: _Past, sides: Sides, images: Mapping[GoldenId, ProfileImage]) -> Sides:
    """Return the sides as far as their records are still there; refuse what cannot be told apart any more."""
    if past.kind is OperationKind.MERGE:
        if not all(sides.values()):
            raise DecisionRefused(
                "MERGE_NOT_REVERSIBLE",
                "One side of the merge has no records any more.",
                "There is nothing to part.",
            )
        if len(images) > 1 or not images.keys() <= _survivors(past):
            raise _superseded("what happened to its profiles since")
    return sides


def _survivors(past: _Past) -> set[GoldenId]:
    """Return the ids under which a merge's records lived on just after it."""
    if past.stored is None:
        return set(past.sides)
    return {image.golden_id for image in past.stored.after if image.status == "live"}


def _superseded(by: str) -> DecisionRefused:
    return DecisionRefused(
        "MERGE_SUPERSEDED", f"It is overtaken by {by}; nothing was changed.", "Take that back first."
    )


def _merge_undone(work: OnlineWork, desk: Desk, past: _Past, operation: Operation) -> Decided:
    sides = list(past.sides.values())
    given = [
        said for one, other in combinations(sides, 2) for said in apart(one, other, operation.operation_id)
    ]
    refuse_contradictions(work, given, "MERGE_SUPERSEDED")
    records = [key for keys in sides for key in keys]
    work.put_facts(_withdrawn_since(work, desk, past, operation))
    return concluded(work, desk, operation, given, records, _names(past))


def _split_undone(work: OnlineWork, desk: Desk, past: _Past, operation: Operation) -> Decided:
    records = [key for keys in past.sides.values() for key in keys]
    given = star(sorted(records), operation.operation_id)
    refuse_contradictions(work, given, "MERGE_SUPERSEDED")
    return concluded(work, desk, operation, given, records, _names(past))


def _pairs_undone(work: OnlineWork, desk: Desk, past: _Past, operation: Operation) -> Decided:
    """Records that were kept apart, or together, go by their evidence again."""
    records = [key for keys in past.sides.values() for key in keys]
    return concluded(work, desk, operation, [], records, _names(past))


def _override_undone(work: OnlineWork, desk: Desk, past: _Past, operation: Operation) -> Decided:
    """What records say holds again."""
    work.end_overrides(past.of)
    records = [key for keys in past.sides.values() for key in keys]
    return concluded(work, desk, operation, [], records)


_TAKEN_BACK: Mapping[OperationKind, Callable[[OnlineWork, Desk, _Past, Operation], Decided]] = {
    OperationKind.MERGE: _merge_undone,
    OperationKind.SPLIT: _split_undone,
    OperationKind.KEEP_APART: _pairs_undone,
    OperationKind.KEEP_TOGETHER: _pairs_undone,
    OperationKind.OVERRIDE: _override_undone,
}


def _names(past: _Past) -> dict[RecordKey, GoldenId]:
    return {key: golden_id for golden_id, keys in past.sides.items() for key in keys}


def _withdrawn_since(work: OnlineWork, desk: Desk, past: _Past, operation: Operation) -> list[ConsentFact]:
    """Return what was refused while both sides were taken for one person: it holds for each of them."""
    now = {consent: status for image in operation.before for consent, status in image.consents.items()}
    before = _consents_before(work, desk, past)
    refused = {
        consent: status
        for consent, status in now.items()
        if status in REFUSALS
        and stricter(status, most_restrictive(told.get(consent, UNKNOWN) for told in before))
    }
    return [
        kept(min(keys), consent, status, operation.at, operation.at, operation.operation_id)
        for keys in past.sides.values()
        for consent, status in sorted(refused.items())
    ]


def _consents_before(work: OnlineWork, desk: Desk, past: _Past) -> list[Mapping[str, str]]:
    """Return the consents as they were when the merge was made; by the machine, what was known of each side by then."""
    if past.stored:
        return [image.consents for image in past.stored.before]
    keys = [key for keys in past.sides.values() for key in keys]
    since = work.told_since(keys, past.at)
    records = {key: found.record for key, found in work.stored(keys).items() if key not in since}
    book = book_about(work, desk, list(records.values()), work.at)
    book = Book.of(book.policy, book.now, filter(partial(_known_before, past.at), book.facts()), book.live)
    sides = [[records[key] for key in keys if key in records] for keys in past.sides.values()]
    return [{consent: found.held.status for consent, found in agree(side, book).items()} for side in sides]


def _known_before(moment: datetime, fact: ConsentFact) -> bool:
    return fact.received_at < moment
