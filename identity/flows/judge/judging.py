"""What every decision shares: it holds the profiles concerned, contradicts nothing, and is stored as an operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NoReturn, TypeVar

from identity.flows.online.desk import Desk, claims_on_profiles
from identity.flows.online.regroup import regroup
from identity.flows.online.restate import Restatement, restate
from identity.flows.online.settle import attempt, refuse_another_index
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId, Redirect
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.judgement import Verdict
from identity.model.operation import Operation, OperationKind, ProfileImage
from identity.model.record import RecordKey
from identity.ports import Change, OnlineWork
from identity.steps.contradict import contradictions, decided_together

__all__ = [
    "Blocker",
    "Decided",
    "Preview",
    "Wish",
    "attempted",
    "begun",
    "concluded",
    "held",
    "preview",
    "reachable_verdicts",
    "refuse_contradictions",
]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants it and why. `expected` are versions of profiles as they were seen: another one is refused as stale.
    `operation_id` is what it shall be known by; by default a new one."""

    actor: str
    reason: str = ""
    correlation_id: str | None = None
    expected: Mapping[GoldenId, int] = field(default_factory=lambda: MappingProxyType({}))
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of it: the operation with its profiles before and after, where each record concerned is now, and
    the golden ids that lead to another one from now on."""

    operation: Operation
    golden_ids: Mapping[RecordKey, GoldenId]
    redirects: Sequence[Redirect]


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why something cannot be decided as things stand."""

    code: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision would lead to; None, and why, where it would be refused. Nothing is written.

    `accounts` are the records concerned by their source: the accounts in other systems that would follow.
    """

    decided: Decided | None
    blockers: tuple[Blocker, ...]
    accounts: Mapping[str, tuple[str, ...]]


class _NotKept(Exception):
    """Ends a unit of work that was only to show what it leads to."""

    def __init__(self, decided: Decided) -> None:
        super().__init__()
        self.decided = decided


def attempted(desk: Desk, unit: Callable[[OnlineWork], Decided]) -> Decided:
    """Return what `unit` decides in a unit of work of its own. StoreError E412 where the index is not built."""

    def checked(work: OnlineWork) -> Decided:
        refuse_another_index(work, desk)
        return unit(work)

    return attempt(desk, checked)


def preview(decide: Callable[[Callable[[OnlineWork, Decided], None]], Decided]) -> Preview:
    """Return what `decide` leads to. It is given what to do at the end of its unit of work."""
    try:
        decide(_not_kept)
    except _NotKept as ended:
        return Preview(ended.decided, (), _accounts(ended.decided.operation.before))
    except (DecisionRefused, LookupFailed) as refusal:
        blocker = Blocker(refusal.code, refusal.message, refusal.remedy)
        return Preview(None, (blocker,), MappingProxyType({}))
    raise AssertionError("what is decided ends its unit of work")


def _not_kept(_: OnlineWork, decided: Decided) -> NoReturn:
    raise _NotKept(decided)


def _accounts(images: Iterable[ProfileImage]) -> dict[str, tuple[str, ...]]:
    keys = sorted(key for image in images for key in image.records)
    return {
        source: tuple(key.source_record_id for key in keys if key.source == source)
        for source in sorted({key.source for key in keys})
    }


def held(
    work: OnlineWork, desk: Desk, golden_ids: Collection[GoldenId], wish: Wish
) -> dict[GoldenId, ProfileImage]:
    """Return live profiles as they are now, which nobody else can change before this unit ends.

    LookupFailed E501 for an id never issued; DecisionRefused NOT_LIVE for one that another answers for or nobody,
    STALE_VERSION for one that is not as the wish expects.
    """
    work.claim(claims_on_profiles(desk, golden_ids))
    images = work.images({*golden_ids, *wish.expected})
    for golden_id in (*golden_ids, *wish.expected):
        if golden_id not in images:
            raise LookupFailed("E501", f"No profile was ever issued as {golden_id}.")
    for golden_id in golden_ids:
        if images[golden_id].status != "live":
            raise DecisionRefused(
                "NOT_LIVE",
                f"Profile {golden_id} is {images[golden_id].status}; nothing was changed.",
                "Look it up to see who answers for it.",
            )
    _refuse_stale(images, wish)
    return {golden_id: images[golden_id] for golden_id in sorted(set(golden_ids))}


def _refuse_stale(images: Mapping[GoldenId, ProfileImage], wish: Wish) -> None:
    for golden_id, version in wish.expected.items():
        if images[golden_id].version != version:
            raise DecisionRefused(
                "STALE_VERSION",
                f"Profile {golden_id} is at version {images[golden_id].version}, not {version}; nothing was changed.",
                "Look at it again, and decide on what it is now.",
            )


def refuse_contradictions(work: OnlineWork, fresh: Sequence[Verdict], code: str = "CONTRADICTION") -> None:
    """Raise DecisionRefused where new verdicts and those in force cannot all hold."""
    touched = {key for each in fresh for key in (each.left, each.right)}
    against = contradictions([*reachable_verdicts(work, touched), *fresh])
    others = sorted({each.operation_id for each in against} - {each.operation_id for each in fresh})
    if others:
        raise DecisionRefused(
            code,
            f"It contradicts what was decided in {', '.join(others)}; nothing was changed.",
            "Take that decision back first.",
        )


def reachable_verdicts(work: OnlineWork, keys: Collection[RecordKey]) -> list[Verdict]:
    """Return every verdict in force on these records and on those decided to be the same person as one of them."""
    seen: set[RecordKey] = set()
    found: set[Verdict] = set()
    frontier = set(keys)
    while frontier:
        seen |= frontier
        found |= set(work.verdicts(frontier))
        frontier = decided_together(found, seen) - seen
    return sorted(found)


def begun(
    work: OnlineWork, desk: Desk, kind: OperationKind, wish: Wish, before: Iterable[ProfileImage]
) -> Operation:
    """Return an operation that begins now."""
    images = tuple(sorted(before, key=lambda image: image.golden_id))
    known_by = wish.operation_id or desk.new_id()
    return Operation(
        known_by, kind, wish.actor, wish.reason, work.at, images, correlation_id=wish.correlation_id
    )


def concluded(
    work: OnlineWork,
    desk: Desk,
    operation: Operation,
    verdicts: Sequence[Verdict],
    around: Collection[RecordKey],
    names: Mapping[RecordKey, GoldenId] = MappingProxyType({}),
) -> Decided:
    """Give the verdicts, partition everybody they reach anew, and store what is different with the operation."""
    refuse_contradictions(work, verdicts)
    work.put_verdicts(verdicts)
    restated = _restated(work, desk, operation, around, names)
    ids = {image.golden_id for image in operation.before} | set(restated.changed)
    after = work.images(ids | {restated.golden_ids[key] for key in around if key in restated.golden_ids})
    done = replace(operation, after=tuple(after[golden_id] for golden_id in sorted(after)))
    work.put_operation(done)
    work.audit(_entry(done))
    return Decided(done, restated.golden_ids, restated.retired)


def _entry(operation: Operation) -> AuditEntry:
    ids = sorted({image.golden_id for image in (*operation.before, *operation.after)})
    told = {"kind": operation.kind.value, "operation_id": operation.operation_id, "golden_ids": ids}
    return AuditEntry(operation.actor, AuditAction.DECIDE, ids[0] if ids else "", details=told)


def _restated(
    work: OnlineWork,
    desk: Desk,
    operation: Operation,
    around: Collection[RecordKey],
    names: Mapping[RecordKey, GoldenId],
) -> Restatement:
    scorer = desk.scorer(work)
    regrouped = regroup(work, desk, scorer, around)
    change = Change(
        operation.operation_id, operation.kind.value, operation.actor, work.at, operation.reason,
        operation.correlation_id, scorer.model.version,
    )  # fmt: skip
    return restate(work, desk, regrouped, list(around), change, names)
