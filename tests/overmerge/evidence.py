"""What a link rests on: records compared as they are, and without the values that are nobody's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from identity.bootstrap import Service
from identity.features.codes import identifier
from identity.features.contacts import email_address, phone_number
from identity.model.evidence import ScoredPair
from identity.model.match import MatchModel
from identity.model.record import NormalisedRecord
from identity.model.vocabulary import COMPARATOR_LEVELS
from identity.steps.compare import compare, levels
from identity.steps.normalise import normalise
from tests.overmerge.world import World

__all__ = [
    "CONTACTS",
    "Evidence",
    "generic_values",
    "lent_values",
    "names_per_value",
    "normalised",
    "without",
]

CONTACTS = frozenset({"email", "phone", "loyalty_id"})
"""What one person may have several of: that they differ does not tell two people apart for sure."""

Values = Mapping[str, frozenset[str]]
"""Feature → some of its values."""


def normalised(world: World) -> list[NormalisedRecord]:
    """The features of each row."""
    return [normalise(record) for record in world.sources()]


def names_per_value(records: Sequence[NormalisedRecord], feature: str) -> dict[str, int]:
    """How many differently named people hold each value: given initial and family name, both known."""
    names: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for record in records:
        value, given, family = (record.features.get(f, "") for f in (feature, "given_name", "family_name"))
        if value and given and family:
            names[value].add((given[0], family))
    return {value: len(held) for value, held in names.items()}


def generic_values(records: Sequence[NormalisedRecord], limits: Mapping[str, int]) -> Values:
    """The values that more differently named people hold than the limits allow."""
    return {
        feature: frozenset(
            value for value, names in names_per_value(records, feature).items() if names > limit
        )
        for feature, limit in limits.items()
    }


def lent_values(world: World) -> Values:
    """The values that stores and cashiers lend, as features."""
    makers = {"email": email_address, "loyalty_id": identifier}
    found = {
        name: frozenset(make(value) for value in world.nobodys[name]) - {""} for name, make in makers.items()
    }
    # A bare national number reads differently from country to country.
    phones = (
        phone_number(value, country) for value in world.nobodys["phone"] for country in ("US", "GB", "DE")
    )
    return found | {"phone": frozenset(phones) - {""}}


def without(record: NormalisedRecord, values: Values) -> NormalisedRecord:
    """The record with none of these values."""
    kept = {
        name: value for name, value in record.features.items() if value not in values.get(name, frozenset())
    }
    return replace(record, features=kept)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The rows of a set as one model sees them."""

    records: Sequence[NormalisedRecord]
    model: MatchModel
    service: Service

    def weigh(self, one: int, other: int) -> ScoredPair:
        """Compare two rows."""
        return compare(self.records[one], self.records[other], self.model, self.service.comparators)

    def weight(self, one: int, other: int) -> float:
        return float(self.weigh(one, other).match_weight)

    def disagreements(self, one: int, other: int) -> frozenset[str]:
        """The comparisons that tell two rows apart: both know the value, and nobody would take them for one."""
        reached = levels(self.records[one], self.records[other], self.model, self.service.comparators).levels
        compared = [comparison for factor in self.model.factors for comparison in factor.comparisons]
        names = {c.name: ("missing", *COMPARATOR_LEVELS[c.comparator])[reached[c.name]] for c in compared}
        return frozenset(name for name, level in names.items() if level in ("different", "swapped"))

    def share(self, one: int, other: int, values: Values) -> bool:
        """Say whether two rows have one of these values in common."""
        ours, theirs = self.records[one].features, self.records[other].features
        return any(
            ours.get(feature) in some and ours[feature] == theirs.get(feature)
            for feature, some in values.items()
        )

    def without(self, values: Values) -> Evidence:
        """The same rows with none of these values."""
        return replace(self, records=[without(record, values) for record in self.records])

    def holds_together(self, rows: Sequence[int], least: float) -> bool:
        """Say whether links of at least this weight lead from each of the rows to each other."""
        reached, waiting = {rows[0]}, [rows[0]]
        while waiting:
            at = waiting.pop()
            near = {row for row in rows if row not in reached and self.weight(at, row) >= least}
            reached |= near
            waiting += near
        return len(reached) == len(rows)
