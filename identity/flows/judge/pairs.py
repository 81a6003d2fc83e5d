"""keep apart, keep together: a person says of records, or of everybody in two profiles, whether they are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from identity.flows.judge.judging import Decided, Wish, attempted, begun, concluded, held
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import Contention, DecisionRefused, LookupFailed
from identity.model.judgement import Judgement, Verdict, verdict
from identity.model.operation import OperationKind
from identity.model.record import RecordKey
from identity.ports import OnlineWork

__all__ = ["Side", "apart", "keep_apart", "keep_together"]

Side = GoldenId | RecordKey
"""A record, or everybody who is in a profile now."""
End = Callable[[OnlineWork, Decided], None]


def keep_apart(desk: Desk, one: Side, other: Side, wish: Wish, end: End = lambda _, __: None) -> Decided:
    """Never put a record of `one` with a record of `other`; those that are together come apart.

    Raises LookupFailed E501, E502; DecisionRefused NOT_LIVE, STALE_VERSION, CONTRADICTION, NOTHING_TO_DECIDE.
    """
    return _kept(desk, one, other, wish, OperationKind.KEEP_APART, end)


def keep_together(
    desk: Desk, one: RecordKey, other: RecordKey, wish: Wish, end: End = lambda _, __: None
) -> Decided:
    """Always put two records into one profile; who else belongs to it goes by the evidence. Raises as `keep_apart`."""
    return _kept(desk, one, other, wish, OperationKind.KEEP_TOGETHER, end)


def apart(one: Iterable[RecordKey], other: Sequence[RecordKey], operation_id: str) -> list[Verdict]:
    """Return the verdicts that keep every record of one side from every record of the other."""
    return [verdict(left, right, Judgement.NO_MATCH, operation_id) for left in one for right in other]


def _kept(desk: Desk, one: Side, other: Side, wish: Wish, kind: OperationKind, end: End) -> Decided:
    def unit(work: OnlineWork) -> Decided:
        homes = [_home(work, side) for side in (one, other)]
        images = held(work, desk, sorted(set(homes)), wish)
        if [_home(work, side) for side in (one, other)] != homes:
            raise Contention(
                "E409", "A record moved to another profile meanwhile; nothing was kept.", "Try again."
            )
        left, right = (
            [side] if isinstance(side, RecordKey) else list(images[side].records) for side in (one, other)
        )
        if set(left) & set(right):
            raise DecisionRefused("NOTHING_TO_DECIDE", "Nobody is kept from, or put with, themselves.")
        operation = begun(work, desk, kind, wish, images.values())
        decided = concluded(
            work, desk, operation, _said(kind, left, right, operation.operation_id), left + right
        )
        end(work, decided)
        return decided

    return attempted(desk, unit)


def _said(
    kind: OperationKind, left: Sequence[RecordKey], right: Sequence[RecordKey], operation_id: str
) -> list[Verdict]:
    if kind is OperationKind.KEEP_APART:
        return apart(left, right, operation_id)
    return [verdict(left[0], right[0], Judgement.MATCH, operation_id)]


def _home(work: OnlineWork, side: Side) -> GoldenId:
    if not isinstance(side, RecordKey):
        return side
    found = work.memberships([side])
    if side not in found:
        raise LookupFailed("E502", f"No record {side} is in any profile.")
    return found[side]
