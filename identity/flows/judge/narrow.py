"""narrow: a split says less of an earlier decision about whole profiles than it said: it holds for the other records.

Who merged two profiles said that they are one person, not that each record in them was told right. Without this the
record that was wrong all along could only leave by taking the whole merge back. What was said of just these two records
(keep together) is not narrowed: that is a contradiction.
"""

from __future__ import annotations

from collections.abc import Collection

from identity.flows.judge.judging import reachable_verdicts
from identity.flows.judge.merge import star
from identity.model.judgement import Judgement, Verdict
from identity.model.operation import OperationKind
from identity.model.record import RecordKey
from identity.ports import OnlineWork

__all__ = ["narrow"]


def narrow(work: OnlineWork, gone: Collection[RecordKey], by: str) -> list[str]:
    """Let earlier decisions hold on each side of a split by itself; return the operations that are narrowed by it."""
    leaving = set(gone)
    together = [v for v in reachable_verdicts(work, leaving) if v.judgement is Judgement.MATCH]
    crossing = {v.operation_id for v in together if (v.left in leaving) != (v.right in leaving)}
    narrowed = sorted(name for name in crossing if _about_profiles(work, name))
    for operation_id in narrowed:
        _narrow(work, [v for v in together if v.operation_id == operation_id], leaving, by)
    return narrowed


def _about_profiles(work: OnlineWork, operation_id: str) -> bool:
    operation = work.operation(operation_id)
    return operation is not None and operation.kind is not OperationKind.KEEP_TOGETHER


def _narrow(work: OnlineWork, said: Collection[Verdict], leaving: set[RecordKey], by: str) -> None:
    (operation_id,) = {v.operation_id for v in said}
    records = {key for v in said for key in (v.left, v.right)}
    sides = sorted(records & leaving), sorted(records - leaving)
    work.withdraw(operation_id, by, Judgement.MATCH)
    work.put_verdicts([v for side in sides if side for v in star(side, operation_id)])
