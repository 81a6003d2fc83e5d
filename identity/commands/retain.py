"""Records that their source has not told of for longer than its rules keep them: taken out as it would itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.connectors.told import deletion_of
from identity.flows.ingest import Outcome
from identity.model.audit import AuditAction, AuditEntry
from identity.model.policy import SourcePolicy
from identity.model.record import RecordKey
from identity.ports import Clock

__all__ = ["retain_report"]

_AT_ONCE = 500


def retain_report(
    service: Service, actor: str, *, dry_run: bool = False, clock: Clock | None = None
) -> dict[str, Any]:
    """Take out what is beyond its source's `retention`, and say how many records of each that were; with `dry_run`
    only say. Killed half-way it is run again: what is taken out is not found any more."""
    clock = clock or SystemClock()
    kept = [policy for _, policy in sorted(service.sources.items()) if policy.retention]
    sources = [
        {
            "source": policy.name,
            "days": policy.retention,
            "records": _retained(service, policy, clock, actor, dry_run),
        }
        for policy in kept
    ]
    return {"dry_run": dry_run, "sources": sources, "records": sum(each["records"] for each in sources)}


def _retained(service: Service, policy: SourcePolicy, clock: Clock, actor: str, dry_run: bool) -> int:
    now = clock.now()
    keys = service.store.beyond(policy.name, now - timedelta(days=policy.retention))
    if dry_run:
        return sum(1 for _ in keys)
    records = 0
    for some in _batches(keys):
        gone = service.ingest([deletion_of(key, mode, now) for key, mode in some])
        records += sum(each.outcome is Outcome.DELETED for each in gone)
    if records:
        told: dict[str, Any] = {"kind": "retention", "source": policy.name, "days": policy.retention}
        with service.store.online(clock) as work:
            work.audit(AuditEntry(actor, AuditAction.RUN, details={**told, "records": records}))
    return records


def _batches(keys: Iterator[tuple[RecordKey, str]]) -> Iterator[list[tuple[RecordKey, str]]]:
    while some := list(islice(keys, _AT_ONCE)):
        yield some
