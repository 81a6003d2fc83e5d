"""intake: messages of a system, which come twice, late and in any order → records as the last of them tells.

What was observed earlier than what is stored changes nothing. Of two messages of one moment that tell different things
the one with the greater hash holds, whichever came first. A deletion is kept for good, also of a record that nobody
told of yet: what its system told before it comes too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from identity.flows.ingest import Ingested, Outcome, ingest
from identity.flows.online.desk import Desk
from identity.model.record import SourceRecord
from identity.ports import Arrival
from identity.ports.intake import IntakeBook

__all__ = ["take"]


def take(
    desk: Desk, book: IntakeBook, arrivals: Sequence[Arrival], correlation_id: str | None = None
) -> list[Ingested]:
    """Store and resolve what messages tell, each with a moment; return what became of each, in their order.

    Killed half-way it can be repeated with the same end. StoreError E412 as `ingest`.
    """
    # Before anything is deleted: whoever takes an earlier message meanwhile looks here once more afterwards.
    for arrival in arrivals:
        if arrival.deleted and arrival.record.observed_at:
            book.bury({arrival.record.key: arrival.record.observed_at})
    done = dict(enumerate(_late(book, arrivals)))
    taken = [at for at in range(len(arrivals)) if done[at] is None]
    told = ingest(desk, [replace(arrivals[at], ordered=True) for at in taken], correlation_id)
    found = {**done, **dict(zip(taken, told, strict=True))}
    _delete_late(desk, book, [arrivals[at] for at in taken], correlation_id)
    return [each for at in range(len(arrivals)) if (each := found[at]) is not None]


def _late(book: IntakeBook, arrivals: Sequence[Arrival]) -> list[Ingested | None]:
    """Return what becomes of those that a deletion came before; None for the others."""
    buried = book.buried({arrival.record.key for arrival in arrivals})
    return [
        Ingested(arrival.record.key, Outcome.SUPERSEDED, None)
        if not arrival.deleted and _covered(arrival, buried.get(arrival.record.key))
        else None
        for arrival in arrivals
    ]


def _delete_late(
    desk: Desk, book: IntakeBook, arrivals: Sequence[Arrival], correlation_id: str | None
) -> None:
    """Delete what was stored while the message of its deletion was taken elsewhere."""
    told = {arrival.record.key: arrival for arrival in arrivals if not arrival.deleted}
    buried = book.buried(told)
    gone = [
        Arrival(SourceRecord(key, {}, buried[key]), "", told[key].mode, deleted=True)
        for key in sorted(buried)
        if _covered(told[key], buried[key])
    ]
    if gone:
        ingest(desk, gone, correlation_id)


def _covered(arrival: Arrival, deleted_at: datetime | None) -> bool:
    observed = arrival.record.observed_at
    return deleted_at is not None and (observed is None or observed <= deleted_at)
