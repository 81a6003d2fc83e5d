"""What `identity consume --once`, `consumers` and `reconcile` do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.consumers.breaker import Breaker
from identity.consumers.following import Worked, follow
from identity.followers import chosen, consumers_of, following, system
from identity.model.errors import DeliveryError, IdentityError
from identity.model.following import Consumer, Drift, Reconciled
from identity.ports.consumers import Consumers
from identity.ports.remote import Refused, Unavailable

__all__ = ["AGAIN", "consume_report", "consumers_report", "news_of", "propagation_report", "reconcile_report"]

AGAIN = "RECONCILED"
"""Why an event waits that is followed once more after a comparison."""
_LOOK = 0.2
_SAMPLES = 20
"""So many differences of each kind are kept."""


def consume_report(service: Service, names: Sequence[str] = ()) -> dict[str, Any]:
    """Follow what there is now; return what came of each consumer, and whether everything was followed."""
    followed = [_followed(service, name) for name in chosen(service, tuple(names))]
    return {
        "followed": followed,
        "done": all(one["why"] == "done" and not one["again_at"] and not one["dead"] for one in followed),
    }


def _followed(service: Service, name: str) -> dict[str, Any]:
    try:
        with following(service, name) as room:
            return news_of(follow(room))
    except IdentityError as error:
        return news_of(Worked(name, why=error.code))


def news_of(worked: Worked) -> dict[str, Any]:
    """Return what came of a turn: events dealt with, and of those what did something, waits or was given up."""
    return {
        "name": worked.name,
        "dealt": worked.dealt,
        "acted": worked.acted,
        "blocked": worked.blocked,
        "held": worked.held,
        "dead": worked.dead,
        "why": worked.why,
        "again_at": worked.again_at.isoformat() if worked.again_at else None,
    }


def consumers_report(service: Service) -> dict[str, Any]:
    """Return how everybody who follows the log stands."""
    consumers = consumers_of(service)
    held, dead, now = consumers.held_counts(), consumers.dead_letters_open(), SystemClock().now()
    return {
        "log_end": service.deliveries.log_end(),
        "consumers": [
            {
                "name": one.name,
                "position": one.position,
                "lag": one.lag,
                "held": held.get(one.name, 0),
                "dead_letters": dead.get(one.name, 0),
                "blocked": len(consumers.open_concerns(one.name)),
                "breaker": _breaker(one),
                "failures": one.failures,
                **{
                    name: at.isoformat() if (at := getattr(one, name)) else None
                    for name in ("failing_since", "retry_at", "beat_at")
                },
                "silent_seconds": round((now - one.beat_at).total_seconds()) if one.beat_at else None,
            }
            for one in consumers.consumers()
        ],
    }


def _breaker(consumer: Consumer) -> str:
    """Return whether the system is asked: closed (yes), open (not now) or probing (with one event at a time)."""
    breaker = Breaker.of(consumer)
    if breaker.open_at(SystemClock().now()):
        return "open"
    return "probing" if breaker.probing else "closed"


def propagation_report(service: Service, causation: str) -> dict[str, Any]:
    """Return how far a decision has come at everybody who follows. `causation` is an operation, or a golden id that the
    machine merged away. LookupFailed E504 for what nobody knows."""
    return {
        "operation_id": causation,
        "consumers": [
            {
                "consumer": each.consumer,
                "status": each.status.value,
                "reason": each.code or None,
                "at": each.at.isoformat() if each.at else None,
            }
            for each in consumers_of(service).propagation(causation)
        ],
    }


def reconcile_report(
    service: Service,
    name: str,
    *,
    repair: bool = False,
    limit: int = 100,
    patience: float = 30.0,
    actor: str = "machine",
) -> dict[str, Any]:
    """Compare a system with the master. With `repair`, its consumer follows once more whom the differences concern, by
    this process or by whoever follows at the moment (then that is waited for so many seconds); what is told is what is
    different after that. What was found is kept, without accounts.

    LookupFailed E523 for a name nobody knows; DeliveryError E721 where the system is not named, E723 where it does not
    answer.
    """
    system(name)
    kept = service.store.reconciliations(SystemClock())
    kept.begin(name, actor)
    try:
        report = _reconciled(service, name, repair=repair, patience=patience)
    except BaseException as error:
        kept.fail(name, error.code if isinstance(error, IdentityError) else type(error).__name__)
        raise
    kept.put(name, actor, _kept(report))
    return {**report, "drift": report["drift"][:limit]}


def _kept(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a report: counts, and of each kind some golden ids."""
    drift, counted = report["drift"], Counter[str]()
    samples = []
    for each in drift:
        counted[each["kind"]] += 1
        if counted[each["kind"]] <= _SAMPLES:
            samples.append({**each, "accounts": len(each["accounts"])})
    waits = Counter(each["kind"] for each in drift if each["known"])
    named = ("accounts", "profiles", "kinds", "known", "agrees", "repair")
    return {
        **{name: report[name] for name in named},
        "waits": dict(sorted(waits.items())),
        "samples": samples,
    }


def _reconciled(service: Service, name: str, *, repair: bool, patience: float) -> dict[str, Any]:
    found, consumers = _compared(service, name), consumers_of(service)
    repaired = None
    if repair:
        repaired = _repaired(service, consumers, name, found, patience)
        found = _compared(service, name)
    known = _waiting(consumers, name, found.drift)
    drift = [{**_told(each), "known": bool(known & {*each.golden_ids})} for each in found.drift]
    return {
        "system": name,
        "accounts": found.accounts,
        "profiles": found.profiles,
        "kinds": dict(sorted(Counter(each["kind"] for each in drift).items())),
        "drift": drift,
        "known": sum(each["known"] for each in drift),
        "repair": repaired,
        "agrees": all(each["known"] for each in drift),
    }


def _compared(service: Service, name: str) -> Reconciled:
    try:
        return system(name).compare(service)
    except (Unavailable, Refused) as problem:
        raise DeliveryError(
            "E723", f"{name} cannot be compared: {problem.code}.", "Try again later."
        ) from None


def _told(drift: Drift) -> dict[str, Any]:
    return {"kind": drift.kind, "accounts": list(drift.accounts), "golden_ids": list(drift.golden_ids)}


def _waiting(consumers: Consumers, name: str, drift: Sequence[Drift]) -> frozenset[str]:
    """Return the golden ids whose differences are known: a task is open, or their events wait or were given up."""
    concerned = {golden_id for each in drift for golden_id in each.golden_ids}
    tasks = {golden_id for concern in consumers.open_concerns(name) for golden_id in concern.golden_ids}
    return frozenset(concerned & tasks) | consumers.held_subjects(name, concerned)


def _repaired(
    service: Service, consumers: Consumers, name: str, found: Reconciled, patience: float
) -> dict[str, Any]:
    """Have everybody followed once more whom a difference concerns that is mended by that."""
    concerned = {golden_id for each in found.drift if each.mended for golden_id in each.golden_ids}
    consumers.register(name)
    count = consumers.again(name, concerned, AGAIN)
    with following(service, name) as room:
        worked = follow(room)
    if worked.why == "taken":
        _await(consumers, name, concerned, patience)
    return {"profiles": len(concerned), "followed": count, **news_of(worked)}


def _await(consumers: Consumers, name: str, concerned: Collection[str], patience: float) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until and consumers.held_subjects(name, concerned):
        time.sleep(_LOOK)
