"""The unit of work of real time: a few records, what stands near them, and the index they are found by.

Records are known inside the index by a number that the store gives them; it never changes and is never reused.
Blocks, identifier values and names are keyed 64-bit digests (signed): nothing personal stands in the index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from identity.model.audit import AuditEntry
from identity.model.cluster import GoldenId, Redirect
from identity.model.judgement import Link
from identity.model.match import MatchModel
from identity.model.record import NormalisedRecord, RecordKey, SourceRecord
from identity.ports.consents import ConsentReads, ConsentWork
from identity.ports.cutover import CutoverReads, CutoverWork
from identity.ports.decisions import DecisionWork
from identity.ports.history import History, Surroundings
from identity.ports.overrides import OverrideReads, OverrideWork
from identity.ports.privacy import PrivacyReads, PrivacyWork
from identity.ports.restrictions import RestrictionReads, RestrictionWork
from identity.ports.reviews import ReviewWork
from identity.ports.work import Change, Clock, StoredModel

__all__ = [
    "Arrival",
    "Event",
    "Holding",
    "Look",
    "OnlineTransactions",
    "OnlineWork",
    "ProfileRow",
    "ProfileState",
    "Redo",
    "RedoKind",
    "Scorer",
    "StoredLink",
    "StoredRecord",
]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record on its way in: what the source tells now, or (`deleted`) that it tells no more.

    `consents` is JSON with all that the source says of them (status, when captured); None: the record's statuses.
    `ordered` ones may come in any order: of two that were observed at one moment the one with the greater hash holds.
    Of others the later one does.
    """

    record: SourceRecord
    content_hash: str
    mode: str = "live"
    load_id: str = ""
    deleted: bool = False
    original: str | None = None
    consents: str | None = None
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it is stored. `features` are the ones it is filed by; empty when it is not filed."""

    number: int
    record: SourceRecord
    mode: str
    content_hash: str
    deleted_at: datetime | None
    features: Mapping[str, str]

    @property
    def live(self) -> bool:
        return self.mode == "live" and self.deleted_at is None


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link and how it came about: `blocked`, because the pair shares a block; otherwise by the company it keeps."""

    link: Link
    blocked: bool


@dataclass(frozen=True, slots=True, order=True)
class Holding:
    """An identifier value that a record holds, and the name it holds it under (None: no whole name)."""

    value: int
    record: int
    name: int | None


class RedoKind(StrEnum):
    RECORD = "record"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, order=True)
class Redo:
    """Something to decide again: a record (by its number) or everybody in a block."""

    kind: RedoKind
    subject: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProfileState:
    """A profile as it is stored; `consents` are JSON."""

    golden_id: GoldenId
    version: int
    status: str
    fingerprint: str
    created_at: datetime
    consents: str = "{}"


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A golden profile to store; `attributes` and `consents` are JSON."""

    golden_id: GoldenId
    version: int
    status: str
    record_count: int
    fingerprint: str
    created_at: datetime
    attributes: str
    consents: str


@dataclass(frozen=True, slots=True)
class Event:
    """A fact for the log; its id is `subject.version`. `body` is JSON."""

    type: str
    subject: GoldenId
    version: int
    correlation_id: str | None
    body: str


class Look(History, ConsentReads, PrivacyReads, RestrictionReads, OverrideReads, CutoverReads, Protocol):
    """Questions about a few records, each answered from what is committed at that moment. Nobody waits for them."""

    def index_version(self) -> str | None:
        """Return what the content of the index was built with, also while it is being built anew; None before."""
        ...

    def model_version(self) -> str | None: ...

    def active_model(self) -> StoredModel | None: ...

    def stored(self, keys: Collection[RecordKey]) -> dict[RecordKey, StoredRecord]:
        """Return those of these records that were ever told, deleted and shadow ones too."""
        ...

    def filed(self, numbers: Collection[int]) -> dict[int, NormalisedRecord]:
        """Return key and features of the records with these numbers that are filed, be it by no feature at all."""
        ...

    def members(self, blocks: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
        """Return the numbers of the records in each block, the first so many of them; absent for an empty block."""
        ...

    def generic(self, values: Collection[int]) -> frozenset[int]:
        """Return those of these identifier values that count as nobody's own."""
        ...

    def holders(self, values: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the numbers of the records that hold each of these identifier values, in order."""
        ...

    def homes(self, values: Collection[int]) -> dict[int, tuple[GoldenId, ...]]:
        """Return the golden ids that hold each of these identifier values, in order. A generic value is absent."""
        ...

    def answering(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, tuple[GoldenId, str]]:
        """Return who answers for each of these ids that was ever issued, after at most one redirect, and its status."""
        ...


class OnlineWork(
    Surroundings,
    DecisionWork,
    ReviewWork,
    ConsentWork,
    PrivacyWork,
    RestrictionWork,
    OverrideWork,
    CutoverWork,
    Protocol,
):
    """Changes around a few records, visible together or not at all. Reads see what this unit wrote before them,
    and what others committed before the read."""

    @property
    def at(self) -> datetime:
        """The moment of this unit: the clock when it began, and always after every earlier change."""
        ...

    def claim(self, things: Iterable[int]) -> bool:
        """Wait until no other unit holds any of these numbers, and hold them until this unit ends.

        They are taken in ascending order; the wait may come with the next question, which sees what was waited for.
        Returns False where nobody else can have changed anything since this unit began, so that what was read before
        stays true; True where it has to be read again.
        """
        ...

    def share(self, things: Iterable[int]) -> bool:
        """Claim numbers beside others who share them: only who claims them alone waits for all of those."""
        ...

    def audit(self, entry: AuditEntry) -> None:
        """Have an entry of the audit trail kept with this unit, or not at all."""
        ...

    # What is in force

    def index_version(self) -> str | None:
        """Return what the index was built with, None while it is being built."""
        ...

    def model_version(self) -> str | None: ...

    def active_model(self) -> StoredModel | None: ...

    # Records, and what they are found by

    def stored(self, keys: Collection[RecordKey]) -> dict[RecordKey, StoredRecord]:
        """Return those of these records that were ever told, deleted and shadow ones too."""
        ...

    def filed(self, numbers: Collection[int]) -> dict[int, NormalisedRecord]:
        """Return key and features of the records with these numbers that are filed, be it by no feature at all."""
        ...

    def members(self, blocks: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
        """Return the numbers of the records in each block, the first so many of them; absent for an empty block."""
        ...

    def generic(self, values: Collection[int]) -> frozenset[int]:
        """Return those of these identifier values that count as nobody's own."""
        ...

    def names(self, values: Collection[int]) -> dict[int, int]:
        """Return how many different names hold each of these identifier values."""
        ...

    def holders(self, values: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the numbers of the records that hold each of these identifier values, in order."""
        ...

    def put(self, arrivals: Sequence[Arrival]) -> dict[RecordKey, int]:
        """Insert or replace records as they were told at this moment; return their numbers.

        A deleted one keeps what was last told and gets its `deleted_at`. Features are left as they are.
        """
        ...

    def file(
        self,
        features: Mapping[int, Mapping[str, str] | None],
        into: Iterable[tuple[int, int]],
        out_of: Iterable[tuple[int, int]],
    ) -> None:
        """Store the features that records are filed by now (None: not filed), and put them into and out of blocks.

        `into` and `out_of` are pairs of block and record number.
        """
        ...

    def hold(self, added: Collection[Holding], dropped: Collection[Holding]) -> None:
        """Store who holds which identifier value."""
        ...

    def put_generic(self, added: Collection[int], dropped: Collection[int]) -> None:
        """Store which identifier values count as nobody's own from now on, and which do so no more."""
        ...

    # Links

    def links(self, keys: Collection[RecordKey]) -> list[StoredLink]:
        """Return every link that touches one of these records, each once, in the order of the pairs."""
        ...

    def replace_links(
        self, dropped: Collection[StoredLink], added: Collection[StoredLink], model_version: str
    ) -> None:
        """Forget links and store others."""
        ...

    # Memberships and profiles

    def memberships(self, keys: Collection[RecordKey]) -> dict[RecordKey, GoldenId]:
        """Return the golden id that each of these records is under now."""
        ...

    def members_of(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, tuple[RecordKey, ...]]:
        """Return the records under each of these golden ids now, in key order."""
        ...

    def profiles(self, golden_ids: Collection[GoldenId]) -> dict[GoldenId, ProfileState]:
        """Return the state of each of these golden ids that was ever issued."""
        ...

    def move(self, moved: Mapping[RecordKey, GoldenId | None], change_id: str) -> None:
        """Put each record under its golden id from this moment on; None takes it out. The history stays."""
        ...

    def put_profiles(self, profiles: Collection[ProfileRow]) -> None:
        """Insert profiles or update those known (created_at stays). A live one loses its redirect, and
        ids that led to it when it was merged away lead to it again. Records have been moved before."""
        ...

    def retire(self, redirects: Collection[Redirect], change_id: str) -> None:
        """Merge golden ids away; every redirect stays a single hop, and the retired version rises by one."""
        ...

    def put_change(self, change: Change) -> None: ...

    def append_events(self, events: Sequence[Event]) -> None:
        """Append events to the log in this order. Comes last: from here on other units wait to append theirs."""
        ...

    # What is to be decided again

    def put_redo(self, items: Collection[Redo]) -> None:
        """Queue items; one that is queued already stays where it is."""
        ...

    def take_redo(self, most: int) -> list[Redo]:
        """Take up to `most` items off the queue, oldest first, passing over those another unit has taken."""
        ...


class OnlineTransactions(Protocol):
    """Opens units of work."""

    def look(self) -> AbstractContextManager[Look]:
        """Return a look that ends with its `with` block."""
        ...

    def online(self, clock: Clock) -> AbstractContextManager[OnlineWork]:
        """Return a unit that commits when its `with` block ends well, and leaves nothing when it raises.

        Raises Contention when another unit got in the way: the whole unit may be tried again.
        """
        ...


class Scorer(Protocol):
    """Weighs pairs of a few records, exactly as `steps/compare.py` does."""

    @property
    def model(self) -> MatchModel: ...

    def weigh(self, records: Sequence[NormalisedRecord], pairs: Sequence[tuple[int, int]]) -> list[float]:
        """Return the match weight of each pair of places in `records`."""
        ...
