"""What is asked of the past, and of what surrounds records, by those who only look."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from identity.model.cluster import GoldenId
from identity.model.judgement import Verdict
from identity.model.record import RecordKey
from identity.ports.work import Change

if TYPE_CHECKING:
    from identity.ports.online import StoredLink

__all__ = ["History", "Lead", "Move", "Surroundings"]


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """A record that came under a golden id at a moment, from another one (None: from none), or that left it for
    another one (None: for none). The change is unknown for one that left for none."""

    at: datetime
    key: RecordKey
    came: bool
    other: GoldenId | None
    change_id: str | None


@dataclass(frozen=True, slots=True)
class Lead:
    """A golden id that led to another one from a moment until another (None: now)."""

    retired: GoldenId
    survivor: GoldenId
    since: datetime
    until: datetime | None
    change_id: str


class Surroundings(Protocol):
    """What stands around some records now."""

    def links(self, keys: Collection[RecordKey]) -> list[StoredLink]:
        """Return every link that touches one of these records, each once, in the order of the pairs."""
        ...

    def verdicts(self, keys: Collection[RecordKey]) -> list[Verdict]:
        """Return every verdict in force that touches one of these records, in order."""
        ...

    def memberships(self, keys: Collection[RecordKey]) -> dict[RecordKey, GoldenId]:
        """Return the golden id that each of these records is under now."""
        ...

    def members_of(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, tuple[RecordKey, ...]]:
        """Return the records under each of these golden ids now, in key order."""
        ...

    def around(
        self, keys: Collection[RecordKey]
    ) -> tuple[list[StoredLink], dict[GoldenId, tuple[RecordKey, ...]], list[Verdict]]:
        """Return the links that touch these records, the golden ids they are under with everybody under those, and
        people's verdicts in force that touch them."""
        ...


class History(Surroundings, Protocol):
    """What was so at a past moment. Something holds from its start until just before its end."""

    def memberships_at(self, keys: Collection[RecordKey], moment: datetime) -> dict[RecordKey, GoldenId]:
        """Return the golden id that each of these records was under."""
        ...

    def members_at(
        self, golden_ids: Collection[GoldenId], moment: datetime
    ) -> dict[GoldenId, tuple[RecordKey, ...]]:
        """Return the records that were under each of these golden ids, in key order."""
        ...

    def answering_at(self, golden_ids: Collection[GoldenId], moment: datetime) -> dict[GoldenId, GoldenId]:
        """Return who answered for each of these ids that had been issued, after at most one redirect."""
        ...

    def moves(self, golden_id: GoldenId) -> list[Move]:
        """Return every record that ever came under this golden id or left it, in order."""
        ...

    def leads(self, golden_id: GoldenId) -> list[Lead]:
        """Return every redirect there ever was from or to this golden id, in the order in which they began."""
        ...

    def changes(self, change_ids: Collection[str]) -> Mapping[str, Change]:
        """Return those of these changes that are known."""
        ...

    def changes_at(self, moment: datetime) -> list[Change]:
        """Return the changes of one moment."""
        ...
