"""unsettled: which of many records have other links than are stored. For the rest nothing is to be decided again.

What a record is filed by, the generic values and the queue are kept right by real time; what is left to see is whether
the links are those of today's blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from identity.flows.online.desk import Desk
from identity.flows.online.refile import Refiled
from identity.flows.online.relink import relink
from identity.model.record import RecordKey
from identity.ports import Look, StoredRecord
from identity.steps.file import file

__all__ = ["unsettled"]

_AT_ONCE = 1_000


def unsettled(desk: Desk, keys: Sequence[RecordKey], told: Callable[[int], None]) -> list[RecordKey]:
    """Return those of these records whose links are not as stored; `told` hears how many were looked at."""
    found: list[RecordKey] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        with desk.transactions.look() as look:
            found += _unsettled(look, desk, some)
        told(start + len(some))
    return found


def _unsettled(look: Look, desk: Desk, keys: Sequence[RecordKey]) -> list[RecordKey]:
    live = {stored.number: stored for stored in look.stored(keys).values() if stored.live}
    named = {number: stored.record.key for number, stored in live.items()}
    fresh = set(relink(look, desk, desk.scorer(look), _filed(look, desk, live), named))
    known = {link for link in look.links(list(named.values())) if link.blocked}
    differing = {key for each in fresh ^ known for key in (each.link.left, each.link.right)}
    return sorted(differing & set(named.values()))


def _filed(look: Look, desk: Desk, live: dict[int, StoredRecord]) -> Refiled:
    """Return where these records are filed, and whom they meet there."""
    blocks = {number: file(stored.features, desk.cabinet) for number, stored in live.items()}
    caps = {block: cap for found in blocks.values() for block, cap in found.items()}
    members = look.members({block: cap + 1 for block, cap in caps.items()})
    small = {block: found for block, found in members.items() if len(found) <= caps[block]}
    candidates = {
        number: frozenset(other for block in found if block in small for other in small[block]) - {number}
        for number, found in blocks.items()
    }
    return Refiled({number: stored.features for number, stored in live.items()}, candidates, (), ())
