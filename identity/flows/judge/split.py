"""split: a person says that some records of a profile are somebody else."""

from __future__ import annotations

from collections.abc import Callable, Collection

from identity.flows.judge.judging import Decided, Wish, attempted, begun, concluded, held
from identity.flows.judge.merge import star
from identity.flows.judge.narrow import narrow
from identity.flows.judge.pairs import apart
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.operation import OperationKind
from identity.model.record import RecordKey
from identity.ports import OnlineWork

__all__ = ["split"]


def split(
    desk: Desk,
    golden_id: GoldenId,
    records: Collection[RecordKey],
    wish: Wish,
    end: Callable[[OnlineWork, Decided], None] = lambda _, __: None,
) -> Decided:
    """Make one other profile of `records`, which are in `golden_id`. The larger part keeps the id.

    They stay together, and none of them is ever put with one of the others again. What is left goes by its evidence:
    if only those records held it together, it comes apart. Earlier merges hold for each side by itself from now on;
    two records that were kept together by name cannot be parted. Raises LookupFailed E501; DecisionRefused NOT_LIVE,
    STALE_VERSION, CONTRADICTION, NOTHING_TO_DECIDE.
    """

    def unit(work: OnlineWork) -> Decided:
        image = held(work, desk, [golden_id], wish)[golden_id]
        gone, rest = sorted(set(records)), sorted(set(image.records) - set(records))
        if not gone or not rest or not set(gone) <= set(image.records):
            raise DecisionRefused(
                "NOTHING_TO_DECIDE",
                f"A split takes some of the {len(image.records)} records of {golden_id}, and not all of them.",
                "Name records that are in it now.",
            )
        operation = begun(work, desk, OperationKind.SPLIT, wish, [image])
        narrow(work, gone, operation.operation_id)
        given = apart(gone, rest, operation.operation_id) + star(gone, operation.operation_id)
        decided = concluded(work, desk, operation, given, image.records)
        end(work, decided)
        return decided

    return attempted(desk, unit)
