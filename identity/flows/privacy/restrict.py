"""restrict: a person whose records are kept and not used (GDPR, article 18), until that is lifted.

The records leave their profile as if they were taken out; the mark is on the records, so no merge, split, undo, file
or re-match brings them back before it is lifted. Several requests hold side by side: the last to be lifted frees.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from identity.flows.cutover.covered import taken_back
from identity.flows.online.desk import Desk, claims_on_profiles, claims_on_records
from identity.flows.online.refile import Restated
from identity.flows.online.settle import attempt, refuse_another_index, settle
from identity.flows.redo import drain
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId
from identity.model.errors import Contention, DecisionRefused, LookupFailed
from identity.model.privacy import NotedRequest, PrivacyRequest, PrivacyStatus
from identity.model.record import RecordKey
from identity.ports import OnlineWork, StoredRecord
from identity.ports.restrictions import Restriction
from identity.steps.file import hold
from identity.steps.normalise import normalise
from identity.steps.suppress import key_mark

__all__ = ["kept_out", "lift", "restrict"]

_INLINE = 500
_REACHED_BY = ("email", "phone")


def restrict(desk: Desk, request: PrivacyRequest, actor: str, correlation_id: str | None = None) -> None:
    """Take whom `request` is about out of use, and keep the request with what was done; `actor` carries it out.

    LookupFailed E501 for an id that was never issued; DecisionRefused NOT_LIVE where nothing is under it.
    """
    queued = attempt(desk, partial(_restrict, desk, request, actor, correlation_id))
    if queued:
        drain(desk, _INLINE)


def lift(desk: Desk, request: PrivacyRequest, actor: str, correlation_id: str | None = None) -> int:
    """Bring back what a request took out of use, under the ids that it had; return how many records that were."""
    freed, queued = attempt(desk, partial(_lift, desk, request, actor, correlation_id))
    desk.note(NotedRequest(request, released_at=desk.clock.now()))  # after: it is not lifted half-way
    if queued:
        drain(desk, _INLINE)
    return freed


def _restrict(
    desk: Desk, request: PrivacyRequest, actor: str, correlation_id: str | None, work: OnlineWork
) -> int:
    refuse_another_index(work, desk)
    keys = _concerned(work, request.golden_id)
    work.claim([*claims_on_profiles(desk, [request.golden_id]), *claims_on_records(desk, keys)])
    if _concerned(work, request.golden_id) != keys:
        raise Contention("E406", "Somebody else changed this person meanwhile.", "Try again.")
    done = replace(request, status=PrivacyStatus.DONE, decided_at=work.at)
    desk.note(
        NotedRequest(done, frozenset(key_mark(key, desk.cabinet.digest) for key in keys))
    )  # before it holds
    return kept_out(work, desk, done, {request.golden_id: keys}, actor, correlation_id)


def kept_out(
    work: OnlineWork,
    desk: Desk,
    request: PrivacyRequest,
    records: Mapping[GoldenId, Sequence[RecordKey]],
    actor: str,
    correlation_id: str | None = None,
) -> int:
    """Take records out of use, which are claimed and each under a golden id, and keep the request, which is done by
    that; return how much is to be decided again."""
    keys = sorted(key for under in records.values() for key in under)
    stored = work.stored(keys)
    for golden_id, under in records.items():
        work.restrict(request.request_id, golden_id, {key: _marks(desk, stored[key]) for key in under})
    out = [Restated(key, stored[key].number, stored[key], None) for key in keys if stored[key].live]
    settled = settle(work, desk, out, "restrict", correlation_id)
    held = work.restrictions_of([request.request_id])
    report = {"golden_ids": sorted({each.golden_id for each in held}), "records": len(held)}
    work.put_request(replace(request, report=report))
    work.audit(_entry(AuditAction.RESTRICT, request, actor, len(keys)))
    return settled.queued if settled else 0


def _concerned(work: OnlineWork, golden_id: GoldenId) -> list[RecordKey]:
    """Return the records under a golden id, and those that another request took out from under it."""
    if golden_id not in work.profiles([golden_id]):
        raise LookupFailed("E501", "No profile has this golden id.", "Look it up by something else.")
    found = {each.key for each in work.restrictions(golden_ids=[golden_id])}
    found |= set(work.members_of([golden_id]).get(golden_id, ()))
    if not found:
        raise DecisionRefused(
            "NOT_LIVE", "Nothing is under this golden id.", "Ask for the id that answers for it."
        )
    return sorted(found)


def _marks(desk: Desk, stored: StoredRecord) -> dict[str, int]:
    values, _ = hold(normalise(stored.record, desk.rules.custom).features, desk.cabinet)
    return {kind: values[kind] for kind in _REACHED_BY if kind in values}


def _lift(
    desk: Desk, request: PrivacyRequest, actor: str, correlation_id: str | None, work: OnlineWork
) -> tuple[int, int]:
    refuse_another_index(work, desk)
    known = work.restrictions_of([request.request_id])
    keys = [each.key for each in known]
    ids = {each.golden_id for each in known}
    work.claim([*claims_on_profiles(desk, ids), *claims_on_records(desk, keys)])
    freed = _freed(work, request.request_id, keys)
    work.lift(request.request_id, freed)
    work.put_mode(taken_back(work, work.stored(freed), {each.key: each.since for each in known}), "shadow")
    stored = work.stored(freed)
    back = [
        Restated(key, stored[key].number, stored[key], stored[key].record)
        for key in freed
        if stored[key].live
    ]
    names = _names(work, known, freed)
    settled = settle(work, desk, back, "release", correlation_id, lambda _, __: names)
    work.put_request(replace(request, report={**request.report, "released_at": work.at.isoformat()}))
    work.audit(_entry(AuditAction.RELEASE, request, actor, len(freed)))
    return len(freed), settled.queued if settled else 0


def _entry(action: AuditAction, request: PrivacyRequest, actor: str, records: int) -> AuditEntry:
    told: dict[str, str | int | Sequence[str]] = {"request_id": request.request_id, "records": records}
    return AuditEntry(actor, action, request.golden_id, details=told)


def _freed(work: OnlineWork, request_id: str, keys: Collection[RecordKey]) -> list[RecordKey]:
    others = {each.key for each in work.restrictions(keys) if each.request_id != request_id}
    return sorted(set(keys) - others)


def _names(
    work: OnlineWork, known: Sequence[Restriction], freed: Collection[RecordKey]
) -> dict[RecordKey, GoldenId]:
    """Return the ids that come back: those that nobody has used since."""
    states = work.profiles({each.golden_id for each in known})
    return {
        each.key: each.golden_id
        for each in known
        if each.key in freed and each.golden_id in states and states[each.golden_id].status == "empty"
    }
