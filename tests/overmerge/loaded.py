"""What a database holds of the set, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from identity.bootstrap import Service
from identity.model.record import RecordKey
from tests.flows.world import links
from tests.overmerge.deliveries import stored_profiles
from tests.overmerge.evidence import Evidence, Values, generic_values, normalised
from tests.overmerge.judging import Merged, keys, merged
from tests.overmerge.world import Pair, World


@dataclass(frozen=True)
class Loaded:
    """What a database says of the set."""

    world: World
    service: Service
    database: Path

    @cached_property
    def profiles(self) -> dict[RecordKey, str]:
        return stored_profiles(self.database)

    @cached_property
    def merged(self) -> Merged:
        return merged(self.world, self.profiles)

    @cached_property
    def links(self) -> dict[Pair, float]:
        """The match weight of every stored link, by the rows of its records."""
        row = {key: at for at, key in enumerate(keys(self.world))}
        return {
            (row[RecordKey(one, left)], row[RecordKey(other, right)]): weight
            for one, left, other, right, weight, *_ in links(self.database)
        }

    @cached_property
    def evidence(self) -> Evidence:
        return Evidence(normalised(self.world), self.service.active_model(), self.service)

    @cached_property
    def generic(self) -> Values:
        return generic_values(self.evidence.records, self.service.match_rules.generic_limits)
