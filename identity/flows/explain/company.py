"""The records around those asked about, and how the partition goes among them: what `flows/online/regroup.py` sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from identity.flows.online.desk import Desk
from identity.flows.online.regroup import Gathered, evidence, gather, in_force, reach, weigh
from identity.model.judgement import Judgement, Verdict
from identity.model.record import RecordKey
from identity.ports import Look
from identity.steps.cluster import Trace, trace

__all__ = ["Company", "company", "traced"]

_UNBOUNDED = 1 << 62


@dataclass(frozen=True, slots=True)
class Company:
    """Everybody reached, their components, and the weight of every pair inside a component.

    `whole` are the components as they were before any of them was cut for being too large.
    """

    gathered: Gathered
    whole: Sequence[Sequence[int]]
    weights: Mapping[tuple[int, int], float]
    verdicts: frozenset[Verdict]
    places: Mapping[RecordKey, int]

    def component(self, key: RecordKey) -> Sequence[int]:
        """Return the places of the component that a record is in."""
        return next(found for found in self.gathered.components if self.places[key] in found)

    def uncut(self, key: RecordKey) -> Sequence[int]:
        """Return the same before it was cut."""
        return next(found for found in self.whole if self.places[key] in found)

    def named(self, component: Sequence[int], numbers: Collection[int]) -> tuple[RecordKey, ...]:
        """Return the records with these numbers inside a component."""
        return tuple(self.gathered.records[component[number]].record.key for number in numbers)

    def said(
        self, one: Collection[RecordKey], other: Collection[RecordKey], what: Judgement
    ) -> list[Verdict]:
        """Return the verdicts of one kind that have an end on each side."""
        return sorted(
            v
            for v in self.verdicts
            if v.judgement is what
            and ((v.left in one and v.right in other) or (v.left in other and v.right in one))
        )


def company(look: Look, desk: Desk, around: Collection[RecordKey]) -> Company:
    """Return the company that live records keep."""
    reached = reach(look, desk, around)
    live = {key: found for key, found in look.stored(reached.keys).items() if found.live}
    records, links = [live[key] for key in sorted(live)], in_force(reached)
    gathered = gather(desk, records, links, reached.verdicts)
    return Company(
        gathered,
        gather(desk, records, links, reached.verdicts, _UNBOUNDED).components,
        weigh(desk, desk.scorer(look), gathered),
        frozenset(reached.verdicts),
        {stored.record.key: at for at, stored in enumerate(records)},
    )


def traced(
    desk: Desk, found: Company, component: Sequence[int], between: Collection[tuple[int, int]] = ()
) -> Trace:
    """Return how a component is partitioned, by numbers inside it."""
    given = evidence(desk, component, found.gathered, found.weights)
    return trace(
        given.weights,
        desk.rules.partition,
        desk.rules.thresholds.match,
        together=given.together,
        apart=given.apart,
        identifiers=given.identifiers,
        between=between,
    )
