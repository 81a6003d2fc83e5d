"""What a person did to profiles: one operation each, with what was there before, so that it can be taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from identity.model.cluster import GoldenId
from identity.model.golden import GoldenValue
from identity.model.record import RecordKey

__all__ = ["Operation", "OperationKind", "OperationStatus", "ProfileImage"]


class OperationKind(StrEnum):
    MERGE = "merge"
    SPLIT = "split"
    KEEP_APART = "keep_apart"
    KEEP_TOGETHER = "keep_together"
    OVERRIDE = "override"
    UNDO = "undo"


class OperationStatus(StrEnum):
    DONE = "done"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class ProfileImage:
    """A profile at one moment: its records in key order, its surviving values and its consents."""

    golden_id: GoldenId
    version: int
    status: str
    records: tuple[RecordKey, ...]
    attributes: Mapping[str, GoldenValue]
    consents: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """Who did what, when and why, and the profiles concerned `before` and `after` it.

    `reverses` names the operation an undo took back (for a merge by the machine: the id it had retired), and
    `reversed_by` the undo that took this one back.
    """

    operation_id: str
    kind: OperationKind
    actor: str
    reason: str
    at: datetime
    before: tuple[ProfileImage, ...]
    after: tuple[ProfileImage, ...] = ()
    correlation_id: str | None = None
    status: OperationStatus = OperationStatus.DONE
    reverses: str | None = None
    reversed_by: str | None = None

    def redirects(self) -> list[tuple[GoldenId, GoldenId]]:
        """Return the golden ids that it merged away, each with the one that most of its records are under since."""
        homes = {
            key: image.golden_id for image in self.after if image.status == "live" for key in image.records
        }
        gone = {image.golden_id for image in self.after if image.status == "merged"}
        found = []
        for image in self.before:
            went = Counter(homes[key] for key in image.records if key in homes)
            if image.golden_id in gone and went:
                found.append((image.golden_id, min(went, key=lambda home: (-went[home], home))))
        return found
