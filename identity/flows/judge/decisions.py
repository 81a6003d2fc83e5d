"""All decisions over one desk: each is taken, or only shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from identity.flows.judge.judging import Decided, Preview, Wish, preview
from identity.flows.judge.merge import merge
from identity.flows.judge.override import override
from identity.flows.judge.pairs import Side, keep_apart, keep_together
from identity.flows.judge.split import split
from identity.flows.judge.undo import undo
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey

__all__ = ["Decisions"]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Merge, split, keep apart, keep together, override, undo. What each promises and raises stands where it is done;
    a preview raises nothing of that, it tells it as a blocker, and writes nothing."""

    desk: Desk

    def merge(self, golden_ids: Sequence[GoldenId], wish: Wish, into: GoldenId | None = None) -> Decided:
        return merge(self.desk, golden_ids, wish, into)

    def preview_merge(
        self, golden_ids: Sequence[GoldenId], wish: Wish, into: GoldenId | None = None
    ) -> Preview:
        return preview(lambda end: merge(self.desk, golden_ids, wish, into, end))

    def split(self, golden_id: GoldenId, records: Collection[RecordKey], wish: Wish) -> Decided:
        return split(self.desk, golden_id, records, wish)

    def preview_split(self, golden_id: GoldenId, records: Collection[RecordKey], wish: Wish) -> Preview:
        return preview(lambda end: split(self.desk, golden_id, records, wish, end))

    def keep_apart(self, one: Side, other: Side, wish: Wish) -> Decided:
        return keep_apart(self.desk, one, other, wish)

    def preview_keep_apart(self, one: Side, other: Side, wish: Wish) -> Preview:
        return preview(lambda end: keep_apart(self.desk, one, other, wish, end))

    def keep_together(self, one: RecordKey, other: RecordKey, wish: Wish) -> Decided:
        return keep_together(self.desk, one, other, wish)

    def preview_keep_together(self, one: RecordKey, other: RecordKey, wish: Wish) -> Preview:
        return preview(lambda end: keep_together(self.desk, one, other, wish, end))

    def override(
        self, golden_id: GoldenId, values: Mapping[str, str], wish: Wish, origin: str = "steward"
    ) -> Decided:
        return override(self.desk, golden_id, values, wish, origin)

    def preview_override(self, golden_id: GoldenId, values: Mapping[str, str], wish: Wish) -> Preview:
        return preview(lambda end: override(self.desk, golden_id, values, wish, end=end))

    def undo(self, operation_id: str, wish: Wish) -> Decided:
        return undo(self.desk, operation_id, wish)

    def preview_undo(self, operation_id: str, wish: Wish) -> Preview:
        return preview(lambda end: undo(self.desk, operation_id, wish, end))
