"""reopen: what the journal of requests tells and the database does not know, because it is a backup of before.

Restrictions hold again and requests are in the list again. What was carried out with words that nobody wrote down, or
erased, is not known as done: it waits for a person, as it did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from identity.flows.online.blinds import marked
from identity.flows.online.desk import Desk, claims_on_profiles, claims_on_records
from identity.flows.online.settle import attempt, refuse_another_index
from identity.flows.privacy.restrict import kept_out, lift
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId
from identity.model.errors import Contention
from identity.model.privacy import NotedRequest, PrivacyKind, PrivacyRequest, PrivacyStatus
from identity.model.record import RecordKey
from identity.ports import Look, OnlineWork
from identity.steps.suppress import key_mark

__all__ = ["Reopened", "reopen"]

_MACHINE = "machine"
_OPEN = (PrivacyStatus.RECEIVED, PrivacyStatus.VERIFIED)
_LOST = (
    "Noted beside the database, and not in the backup that was restored: what was said has to be asked again."
)


@dataclass(frozen=True, slots=True)
class Reopened:
    """How many requests hold records again, or no more; and how many stand in the list again."""

    carried_out: int = 0
    listed: int = 0


def reopen(desk: Desk, journal: Mapping[str, NotedRequest], erased: Mapping[int, datetime]) -> Reopened:
    """Carry out restrictions and releases that the journal tells and the database lacks, and list other requests.

    `erased` says of records, by their marks, when they were erased: nothing of them is restricted. StoreError E412
    where a restriction is missing and the index is not built for these rules.
    """
    if not journal:
        return Reopened()
    with desk.transactions.look() as look:
        known = look.requests(journal)
        held = _held(look, desk, [name for name, noted in journal.items() if noted.holds])
        restricting = {each.request_id for each in look.restrictions_of(journal)}
    missing = {
        name: _of_the_living(noted, erased) - held.get(name, frozenset())
        for name, noted in journal.items()
        if noted.holds
    }
    keys = marked(desk, frozenset().union(*missing.values()))
    carried_out = listed = 0
    for name, noted in journal.items():
        if noted.holds:
            again = [keys[mark] for mark in missing[name] if mark in keys]
            if again or name not in known or known[name].status in _OPEN:
                carried_out += attempt(desk, partial(_restrict, desk, noted, again))
        elif noted.released_at and name in restricting:
            carried_out += bool(lift(desk, known[name], _MACHINE))
        elif _standing(known.get(name), noted) is not None:
            listed += attempt(desk, partial(_list, noted))
    return Reopened(carried_out, listed)


def _held(look: Look, desk: Desk, request_ids: Collection[str]) -> Mapping[str, frozenset[int]]:
    """Return the marks of the records that each request keeps out of use here."""
    held: dict[str, frozenset[int]] = {}
    for each in look.restrictions_of(request_ids):
        mark = key_mark(each.key, desk.cabinet.digest)
        held[each.request_id] = held.get(each.request_id, frozenset()) | {mark}
    return held


def _of_the_living(noted: NotedRequest, erased: Mapping[int, datetime]) -> frozenset[int]:
    since = noted.request.decided_at or noted.request.received_at
    return frozenset(mark for mark in noted.marks if mark not in erased or erased[mark] < since)


def _restrict(desk: Desk, noted: NotedRequest, keys: Collection[RecordKey], work: OnlineWork) -> int:
    """Take records out of use again, under whatever id they are here; return 1, and 0 where they are."""
    refuse_another_index(work, desk)
    homes = work.memberships(keys)
    work.claim([*claims_on_profiles(desk, homes.values()), *claims_on_records(desk, keys)])
    if work.memberships(keys) != homes:
        raise Contention("E406", "Somebody else changed this person meanwhile.", "Try again.")
    name = noted.request.request_id
    known, held = work.requests([name]).get(name), {each.key for each in work.restrictions_of([name])}
    if known is not None and known.status not in _OPEN and held.issuperset(keys):
        return 0  # by who begins beside us
    done = replace(noted.request, reason=_LOST)
    if known is not None:
        done = replace(known, status=PrivacyStatus.DONE, decided_at=noted.request.decided_at)
    kept_out(work, desk, done, _under(set(keys) - held, homes, done.golden_id), _MACHINE)
    return 1


def _under(
    keys: Iterable[RecordKey], homes: Mapping[RecordKey, GoldenId], otherwise: GoldenId
) -> Mapping[GoldenId, list[RecordKey]]:
    under: dict[GoldenId, list[RecordKey]] = {}
    for key in sorted(keys):
        under.setdefault(homes.get(key, otherwise), []).append(key)
    return under


def _standing(known: PrivacyRequest | None, noted: NotedRequest) -> PrivacyRequest | None:
    """Return a request as it is to stand here; None where it stands so, or waits to be carried out again."""
    request = noted.request
    report = {"released_at": noted.released_at.isoformat()} if noted.released_at else {}
    undone = request.status is PrivacyStatus.DONE and (
        request.kind is PrivacyKind.ERASURE or bool(noted.fields)
    )
    if known is None and (undone or request.status in _OPEN):
        return replace(request, status=PrivacyStatus.RECEIVED, decided_at=None, reason=_LOST)
    if known is None:
        return replace(request, reason=_LOST, report=report)
    if known.status in _OPEN and request.status not in _OPEN and not undone:
        return replace(known, status=request.status, decided_at=request.decided_at, report=report)
    return None


def _list(noted: NotedRequest, work: OnlineWork) -> int:
    name = noted.request.request_id
    request = _standing(work.requests([name]).get(name), noted)
    if request is None:
        return 0
    told = {"request_id": request.request_id, "kind": request.kind.value, "status": request.status.value}
    work.put_request(request)
    work.audit(AuditEntry(_MACHINE, AuditAction.REQUEST, request.golden_id, details=told))
    return 1
