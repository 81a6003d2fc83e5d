"""A look at a few records that writes nothing: who is asked for, and who is like somebody."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

from identity.model.cluster import GoldenId
from identity.store import mapping
from identity.store.dialect import Answer, Asked, Database, ReadConnection
from identity.store.fields import PLAIN, Fields
from identity.store.online import statements as sql
from identity.store.online.around import AroundReads
from identity.store.online.consents import ConsentReads
from identity.store.online.cutover import CutoverReads
from identity.store.online.decisions import VerdictReads
from identity.store.online.erasing import PrivacyReads
from identity.store.online.history import HistoryReads
from identity.store.online.links import LinkReads
from identity.store.online.overrides import OverrideReads
from identity.store.online.profiles import ProfileReads
from identity.store.online.records import RecordReads
from identity.store.online.restrictions import RestrictionReads

__all__ = ["Look"]


class Look(
    RecordReads,
    LinkReads,
    ProfileReads,
    VerdictReads,
    HistoryReads,
    AroundReads,
    ConsentReads,
    PrivacyReads,
    RestrictionReads,
    OverrideReads,
    CutoverReads,
):
    """Questions for a `with` block; see `ports.Look` for what each promises."""

    def __init__(
        self, database: Database, features: tuple[str, ...], fields: Fields = PLAIN, *, steady: bool = False
    ) -> None:
        self._features = features
        self._fields = fields
        self._looking = database.steady() if steady else database.look()
        self._open: ReadConnection | None = None

    def __enter__(self) -> Self:
        self._open = self._looking.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = None
        self._looking.__exit__(kind, error, trace)

    def index_version(self) -> str | None:
        return mapping.held_version(self._in_force()[0])

    def homes(self, values: Collection[int]) -> dict[int, tuple[GoldenId, ...]]:
        if not values:
            return {}
        found = sorted(set(self._fetch(sql.HOMES.on(list(values)))))
        return {
            value: tuple(GoldenId(golden_id) for _, golden_id in homes)
            for value, homes in groupby(found, key=itemgetter(0))
        }

    def _ask(self, asked: Asked) -> Answer:
        if self._open is None:
            raise RuntimeError("a look is used inside its with block only")
        return self._open.ask(asked)

    def _fetch(self, asked: Asked) -> list[tuple[Any, ...]]:
        return self._ask(asked)()
