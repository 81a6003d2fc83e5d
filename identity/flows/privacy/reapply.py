"""reapply: what the journal of erasures tells and the database does not know, because it is a backup of before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from identity.flows.online.blinds import blind_unheld, marked
from identity.flows.online.desk import Desk, claims_on_records
from identity.flows.online.settle import attempt, settle
from identity.flows.privacy.erase import erase, members_of, reached_of, taken_out
from identity.model.cluster import GoldenId
from identity.model.privacy import Erasure, PrivacyKind, PrivacyRequest, PrivacyStatus
from identity.model.record import RecordKey
from identity.ports import OnlineWork

__all__ = ["reapply"]

_MACHINE = "machine"


def reapply(desk: Desk, journal: Sequence[Erasure]) -> int:
    """Erase again whom a restored backup has brought back, and return how many erasures were unknown here."""
    if not journal:
        return 0
    with desk.transactions.look() as look:
        known = look.erasures()
    missing = [erasure for erasure in journal if erasure.erasure_id not in known]
    for erasure in missing:
        for golden_id in erasure.golden_ids:
            _erase_profile(desk, erasure, golden_id)
    if missing:
        marks = frozenset().union(*(erasure.marks for erasure in missing))
        _erase_records(desk, marks)
        for erasure in missing:
            attempt(desk, lambda work, erasure=erasure: work.erase(erasure, ()))  # type: ignore[misc]
    return len(missing)


def _erase_profile(desk: Desk, erasure: Erasure, golden_id: GoldenId) -> None:
    with desk.transactions.online(desk.clock) as work:
        state = work.profiles([golden_id]).get(golden_id)
    if state is None or state.status not in ("live", "empty"):
        return
    request = PrivacyRequest(
        erasure.erasure_id, PrivacyKind.ERASURE, golden_id, PrivacyStatus.DONE, erasure.at,
        erasure.at + timedelta(days=30), _MACHINE, "journal", "restored from a backup", desk.clock.now(),
    )  # fmt: skip
    erase(desk, request)


def _erase_records(desk: Desk, marks: frozenset[int]) -> None:
    """Erase records under whatever id they are by now: a backup may have had them elsewhere."""
    for key in marked(desk, marks).values():
        attempt(desk, partial(_erase_record, desk, key))


def _erase_record(desk: Desk, key: RecordKey, work: OnlineWork) -> None:
    work.claim(claims_on_records(desk, [key]))
    stored = work.stored([key])
    settle(work, desk, taken_out(work, [each for each in stored.values() if each.live]), "erase")
    reached = reached_of(work, stored)
    erasure = Erasure(desk.new_id(), (), len(stored), frozenset(), work.at)
    work.erase(erasure, [key], members_of(desk, [key]))
    blind_unheld(work, desk, reached)
