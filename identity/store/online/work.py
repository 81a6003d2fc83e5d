"""The unit of work of real time, whole."""

from __future__ import annotations

from identity.store.online.around import AroundReads
from identity.store.online.consents import ConsentSide
from identity.store.online.cutover import CutoverSide
from identity.store.online.decisions import DecisionSide
from identity.store.online.erasing import EraseSide
from identity.store.online.links import LinkSide
from identity.store.online.overrides import OverrideSide
from identity.store.online.records import RecordSide
from identity.store.online.restrictions import RestrictionSide
from identity.store.online.reviews import ReviewSide

__all__ = ["OnlineWork"]


class OnlineWork(
    RecordSide,
    LinkSide,
    DecisionSide,
    ReviewSide,
    ConsentSide,
    EraseSide,
    RestrictionSide,
    OverrideSide,
    CutoverSide,
    AroundReads,
):
    """Changes around a few records, visible together or not at all; see `ports.OnlineWork` for what each promises.

    Units wait for each other only where they claim the same, and to append events. A unit of any size excludes
    them all. Raises StoreError E405 when another does not let go in time, Contention when another got in the way.
    """
