"""merge: a person says that profiles are one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from identity.flows.judge.judging import Decided, Wish, attempted, begun, concluded, held
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.judgement import Judgement, Verdict, verdict
from identity.model.operation import OperationKind
from identity.model.record import RecordKey
from identity.ports import OnlineWork

__all__ = ["merge", "star"]


def merge(
    desk: Desk,
    golden_ids: Sequence[GoldenId],
    wish: Wish,
    into: GoldenId | None = None,
    end: Callable[[OnlineWork, Decided], None] = lambda _, __: None,
) -> Decided:
    """Make one profile of several. It lives on under `into`, else under the id of the one with the most records.

    Raises LookupFailed E501; DecisionRefused NOT_LIVE, STALE_VERSION, CONTRADICTION, NOTHING_TO_DECIDE.
    """

    def unit(work: OnlineWork) -> Decided:
        if len(set(golden_ids)) < 2 or (into and into not in golden_ids):
            raise DecisionRefused(
                "NOTHING_TO_DECIDE", "A merge takes two or more profiles, one of which lives on."
            )
        images = held(work, desk, golden_ids, wish)
        operation = begun(work, desk, OperationKind.MERGE, wish, images.values())
        records = sorted(key for image in images.values() for key in image.records)
        names = dict.fromkeys(records, into) if into else {}
        decided = concluded(work, desk, operation, star(records, operation.operation_id), records, names)
        end(work, decided)
        return decided

    return attempted(desk, unit)


def star(records: Sequence[RecordKey], operation_id: str) -> list[Verdict]:
    """Return the verdicts that make records one person: each is the first of them."""
    return [verdict(records[0], key, Judgement.MATCH, operation_id) for key in records[1:]]
