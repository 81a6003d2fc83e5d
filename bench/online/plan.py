"""How much is measured: enough for a percentile to mean something, little enough to end in time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bench.measure import SIZES

__all__ = ["SEED", "Plan", "Round", "Share", "plan_for", "rounds"]

SEED = 41
"""Of every choice made here: the same records are held back, altered and asked about in every run."""

_RECORDS_A_PERSON = 2.5
_QUICK = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """`people` are made up, and `held_back` of their records not loaded. `altered` is the share of what is written
    that is a stored record with a changed phone or a misspelt name; the rest was held back. One round writes `singles`
    one by one, the others `batched` each in batches of `at_once`; every writer warms up on `warm` records first.
    `lookups` and `batches` are asked of each kind, `matches` and `peer` are records compared with all that is stored.
    No phase takes longer than `seconds`: what it has not done by then is left out, and so are its figures."""

    people: int
    held_back: int = 4_000
    altered: float = 0.4
    singles: int = 500
    batched: int = 1_200
    at_once: int = 100
    writers: tuple[int, ...] = (1, 2, 4)
    warm: int = 10
    lookups: int = 1_000
    batches: int = 100
    lookers: tuple[int, ...] = (1, 2)
    matches: int = 500
    peer: int = 60
    seconds: float = 90.0

    @property
    def written(self) -> int:
        """How many records all rounds write."""
        return sum(share.stop - share.first for round_ in rounds(self) for share in round_.shares)

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Plan:
        told: dict[str, Any] = json.loads(text)
        return cls(**told | {name: tuple(told[name]) for name in ("writers", "lookers")})


def plan_for(size: str) -> Plan:
    """Return the plan of a size; as many records are loaded as its name says, as near as people can be counted."""
    people = SIZES[size]
    if people * _RECORDS_A_PERSON >= _QUICK:
        return _with_room(Plan(people))
    return _with_room(
        Plan(people, 1_200, singles=200, batched=400, warm=5, lookups=300, batches=20, matches=200, peer=20)
    )


def _with_room(plan: Plan) -> Plan:
    return replace(plan, people=plan.people + round(plan.held_back / _RECORDS_A_PERSON))


@dataclass(frozen=True, slots=True)
class Share:
    """What one writer writes: the records from `first` to before `stop`, of which the first `warm` do not count."""

    first: int
    stop: int
    warm: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Round:
    """Writers side by side."""

    at_once: int
    shares: Sequence[Share]


def rounds(plan: Plan) -> list[Round]:
    """Return who writes what. No record is written twice."""
    found, first = [], 0
    for writers, at_once, records in (
        (1, 1, plan.singles),
        *((n, plan.at_once, plan.batched) for n in plan.writers),
    ):
        each = plan.warm + records // writers
        shares = [Share(first + n * each, first + (n + 1) * each, plan.warm, at_once) for n in range(writers)]
        found.append(Round(at_once, shares))
        first = shares[-1].stop
    return found
