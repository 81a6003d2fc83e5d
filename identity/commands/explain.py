"""What `identity why`, `how` and `why-not` report: opaque names, numbers, and one sentence per cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from identity.bootstrap import Service
from identity.commands.ask import as_compared, pair_report, stored_record
from identity.flows.explain import (
    Absent,
    BelowThreshold,
    Cause,
    CompanySpeaksAgainst,
    KeptApart,
    LimitReached,
    NoSharedBlock,
    Passage,
    Said,
    Side,
    TooLarge,
    Waiting,
)
from identity.model.cluster import GoldenId
from identity.model.evidence import ScoredPair
from identity.model.record import RecordKey

__all__ = ["how_report", "why_not_report", "why_report"]


def why_report(service: Service, one: Side, other: Side) -> dict[str, Any]:
    """Return what holds two records or profiles together."""
    found = service.why(one, other)
    return {
        "together": found.together,
        "one": _plain(found.one),
        "other": _plain(found.other),
        "pair": _pair(service, found.pair),
        "path": _plain(found.path),
        "said": _plain(found.said),
    }


def why_not_report(service: Service, one: Side, other: Side) -> dict[str, Any]:
    """Return what keeps two records or profiles apart, the decisive cause first, each with its sentence."""
    found = service.why_not(one, other)
    return {
        "together": found.together,
        "one": _plain(found.one),
        "other": _plain(found.other),
        "pair": _pair(service, found.pair) if found.pair else None,
        "causes": [
            {"cause": cause.cause, "told": _TOLD[type(cause)](cause), **_plain(cause)}
            for cause in found.causes
        ],
    }


def how_report(service: Service, golden_id: str) -> dict[str, Any]:
    """Return how a profile came to be: its history, oldest first, and the order in which it holds together."""
    found = service.how(GoldenId(golden_id))
    history = [_passage(passage) for passage in found.history]
    return {**_plain(found), "history": history}


def _passage(passage: Passage) -> dict[str, Any]:
    sides = {"came": ("from", passage.came), "left": ("to", passage.left)}
    moved = {
        name: [{word: other, "records": _plain(keys)} for other, keys in moves.items()]
        for name, (word, moves) in sides.items()
    }
    told = {"at": passage.at, "change": passage.change, "merged_in": passage.merged_in}
    return {**{name: _plain(value) for name, value in told.items()}, **moved, "leads_to": passage.leads_to}


def _pair(service: Service, pair: ScoredPair) -> dict[str, Any]:
    keys = (pair.pair.left, pair.pair.right)
    records = as_compared(service, [stored_record(service, str(key)) for key in keys])
    return pair_report(service, service.active_model(), records, pair.match_weight, pair.contributions)


def _plain(value: Any) -> Any:
    """Return a result as plain data; records as source:id."""
    match value:
        case RecordKey() | StrEnum():
            return str(value)
        case datetime():
            return value.isoformat()
        case Said():
            spoken = {name: _plain(getattr(value.verdict, name)) for name in ("left", "right", "judgement")}
            change = {name: _plain(getattr(value.change, name)) for name in ("kind", "actor", "reason", "at")}
            return {**spoken, "operation_id": value.change.change_id, **change}
        case tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case _ if is_dataclass(value):
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


def _absent(cause: Absent) -> str:
    return f"{cause.asked} has no live record: {_NOBODY[cause.status]}."


_NOBODY = {
    "not stored": "its source never told it",
    "deleted": "its source has deleted it",
    "shadow": "its source is only listened to, and takes no effect",
    "empty": "its records were all taken out",
    "erased": "it was erased",
}


def _kept_apart(cause: KeptApart) -> str:
    said = cause.said
    why = f": {said.change.reason}" if said.change.reason else ""
    when = f"{said.change.actor} said so on {said.change.at:%Y-%m-%d} ({said.change.change_id}){why}"
    return _APART[cause.how].format(left=said.verdict.left, right=said.verdict.right, when=when)


_APART = {
    "directly": "A person keeps them apart: {when}",
    "through others": "A person keeps {left} and {right} apart, who are decided to be the same as these: {when}",
    "in company": "A person keeps {left} and {right} apart, who belong to these: {when}",
}


def _limit_reached(cause: LimitReached) -> str:
    return (
        f"Together they would have more than {cause.limit} different values of {cause.identifier}, "
        "and neither side has all of the other's."
    )


def _too_large(cause: TooLarge) -> str:
    return f"{cause.records:,} records hang together, more than {cause.largest:,}: the weakest links are cut."


def _below(cause: BelowThreshold) -> str:
    against = ", ".join(f"{c.comparison} {c.match_weight:+.1f}" for c in cause.against[:3])
    speaks = f"; against it speak {against}" if against else ""
    return f"Their weight of {cause.match_weight:+.1f} bits is not above {cause.threshold:+g}{speaks}."


def _unblocked(cause: NoSharedBlock) -> str:
    told = "No block proposes to compare them."
    if cause.overfull:
        told += f" Too many share what they have in common: {', '.join(cause.overfull)}."
    if cause.generic:
        told += f" Their {' and '.join(cause.generic)} is shared by so many names that it counts as nobody's."
    return told


def _company(cause: CompanySpeaksAgainst) -> str:
    return (
        "Links connect them, but the company they keep speaks against: the best link is "
        f"{cause.best:+.1f}, the mean of all is {cause.mean:+.1f}, together worth {cause.worth:+.1f} bits, "
        f"not above {cause.threshold:+g}."
    )


def _waiting(_: Waiting) -> str:
    return "By what is known they belong together: it waits to be decided again (`identity redo --drain`)."


_TOLD: Mapping[type[Cause], Callable[[Any], str]] = {
    Absent: _absent,
    KeptApart: _kept_apart,
    LimitReached: _limit_reached,
    TooLarge: _too_large,
    BelowThreshold: _below,
    NoSharedBlock: _unblocked,
    CompanySpeaksAgainst: _company,
    Waiting: _waiting,
}
