"""refile: changed records are put where they can be found now; what that changes for others is queued.

A value that too many different names hold becomes nobody's (generic), and its holders are decided again without it.
A block that outgrows its cap yields no pairs any more, and one that shrinks to it does again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from identity.flows.online.desk import Desk
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Holding, OnlineWork, Redo, RedoKind, StoredRecord
from identity.steps.file import file, hold
from identity.steps.normalise import normalise

__all__ = ["Refiled", "Restated", "refile"]

_BRINK = 12
"""Blocks this far above their cap are claimed too: so many units could shrink one at the same time."""


@dataclass(frozen=True, slots=True)
class Restated:
    """A record (by its number) as it was stored and filed, and as it is told now; None: it is not live."""

    key: RecordKey
    number: int
    before: StoredRecord | None
    now: SourceRecord | None


@dataclass(frozen=True, slots=True)
class Refiled:
    """`features` each record is filed by now, `candidates` that share a block with it, and `outgrown` blocks with the
    records that were candidates of each other there."""

    features: Mapping[int, Mapping[str, str]]
    candidates: Mapping[int, frozenset[int]]
    outgrown: Sequence[Collection[int]]
    redo: Sequence[Redo]


@dataclass(slots=True)
class _Change:
    """What one record was and is found by. `had` and `holds` are its identifier values by kind."""

    number: int
    live: bool
    raw: Mapping[str, str]
    had: Mapping[str, Holding]
    holds: Mapping[str, Holding]
    was_in: Mapping[int, int]
    could_be_in: Mapping[int, int]
    features: Mapping[str, str] = field(default_factory=dict)
    is_in: Mapping[int, int] = field(default_factory=dict)

    @property
    def came_into(self) -> frozenset[int]:
        return frozenset(self.is_in.keys() - self.was_in.keys())

    @property
    def left(self) -> frozenset[int]:
        return frozenset(self.was_in.keys() - self.is_in.keys())


def refile(work: OnlineWork, desk: Desk, restated: Sequence[Restated]) -> Refiled:
    """File records anew. Holds every block and identifier value in which somebody else could meet them."""
    changes = [_change(desk, each) for each in restated]
    members, were_generic = _claimed(work, changes)
    generic, holders = _generic_values(work, desk, changes, were_generic)
    for change in changes:
        nobodys = {kind for kind, holding in change.holds.items() if holding.value in generic}
        change.features = {name: value for name, value in change.raw.items() if name not in nobodys}
        change.is_in = file(change.features, desk.cabinet) if nobodys else change.could_be_in
    work.file(
        {change.number: change.features if change.live else None for change in changes},
        [(block, change.number) for change in changes for block in change.came_into],
        [(block, change.number) for change in changes for block in change.left],
    )
    again = [Redo(RedoKind.RECORD, number, "generic value") for number in sorted(holders)]
    return _met(changes, members, again)


def _change(desk: Desk, restated: Restated) -> _Change:
    before, now = restated.before, restated.now
    filed = before.features if before else {}
    raw = normalise(now, desk.rules.custom).features if now else {}
    raw_before = normalise(before.record, desk.rules.custom).features if before and filed else {}
    could_be_in = file(raw, desk.cabinet)
    return _Change(
        restated.number,
        now is not None,
        raw,
        had=_holdings(desk, raw_before, restated.number),
        holds=_holdings(desk, raw, restated.number),
        was_in=could_be_in if filed == raw else file(filed, desk.cabinet),
        could_be_in=could_be_in,
    )


def _holdings(desk: Desk, raw: Mapping[str, str], number: int) -> dict[str, Holding]:
    values, name = hold(raw, desk.cabinet)
    return {kind: Holding(value, number, name) for kind, value in values.items()}


def _claimed(
    work: OnlineWork, changes: Sequence[_Change]
) -> tuple[dict[int, tuple[int, ...]], frozenset[int]]:
    """Return who is in each block and which values are generic, after claiming those in which others could be met.

    A block that many share is not claimed: nobody meets there, and strangers need not wait for each other. A generic
    value is shared by all who hold it, and claimed by who lets go of it, for that may make it somebody's own again.
    """
    caps = {b: cap for c in changes for b, cap in (*c.was_in.items(), *c.could_be_in.items())}
    had = {holding for change in changes for holding in change.had.values()}
    holds = {holding for change in changes for holding in change.holds.values()}
    values, let_go = {holding.value for holding in had | holds}, {holding.value for holding in had - holds}
    # Whoever leaves is counted too: a block must not look smaller than its cap because it was read in part.
    room = _BRINK + 1 + sum(1 for change in changes if change.was_in)
    most = {block: cap + room for block, cap in caps.items()}
    members = work.members(most)
    claimed: set[int] = set()
    while True:
        near = {block for block, cap in caps.items() if len(members.get(block, ())) <= cap + _BRINK}
        generic = work.generic(values)
        calm = generic - let_go
        wanted = (near | (values - calm)) - claimed
        taken = [work.share(calm - claimed), work.claim(wanted)]
        if not any(taken):
            return members, generic
        claimed |= wanted
        fresh = work.members({block: most[block] for block in wanted & caps.keys()})
        members = {block: found for block, found in members.items() if block not in wanted} | fresh


def _generic_values(
    work: OnlineWork, desk: Desk, changes: Sequence[_Change], generic: frozenset[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """Store who holds what now; return those of the values concerned that are nobody's own, and the records that
    have to be decided again because a value of theirs has become so, or is so no more."""
    had = {holding for change in changes for holding in change.had.values()}
    holds = {holding for change in changes for holding in change.holds.values()}
    work.hold(added=holds - had, dropped=had - holds)
    limits = {
        holding.value: desk.rules.generic_limits[kind]
        for change in changes
        for kind, holding in (*change.had.items(), *change.holds.items())
        if kind in desk.rules.generic_limits
    }
    were, shrunk = generic & limits.keys(), {holding.value for holding in had - holds}
    # A generic value can only get more generic by being held once more: its holders need not be counted.
    names = work.names({value for value in limits if value not in were or value in shrunk})
    turned = {value for value in limits.keys() - were if names.get(value, 0) > limits[value]}
    returned = {value for value in were & shrunk if names.get(value, 0) <= limits[value]}
    if not turned | returned:
        return were, frozenset()
    work.put_generic(turned, returned)
    holders = frozenset(number for numbers in work.holders(turned | returned).values() for number in numbers)
    return (were | turned) - returned, holders - {change.number for change in changes}


def _met(
    changes: Sequence[_Change], members: Mapping[int, Collection[int]], again: Sequence[Redo]
) -> Refiled:
    """Return whom the records meet now. Blocks that have shrunk to their cap are queued: their others meet again."""
    caps = {b: cap for c in changes for b, cap in (*c.was_in.items(), *c.is_in.items())}
    before = {block: set(members.get(block, ())) for block in caps}
    after = {block: set(found) for block, found in before.items()}
    for change in changes:
        for block in change.left:
            after[block].discard(change.number)
        for block in change.came_into:
            after[block].add(change.number)
    small = {block for block, cap in caps.items() if len(after[block]) <= cap}
    reopened = sorted(block for block in small if len(before[block]) > caps[block])
    candidates = {
        change.number: frozenset(
            number for block in change.is_in if block in small for number in after[block]
        )
        - {change.number}
        for change in changes
    }
    return Refiled(
        features={change.number: change.features for change in changes},
        candidates=candidates,
        outgrown=[
            found for block, found in before.items() if block not in small and 1 < len(found) <= caps[block]
        ],
        redo=[*again, *(Redo(RedoKind.BLOCK, block, "block within its cap again") for block in reopened)],
    )
