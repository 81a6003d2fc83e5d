"""What the database tells of the business, as Prometheus reads it: what waits, what was decided, how others stand.

Every server of an installation tells the same, because all ask one database: take the maximum over them, not the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from api.standing import replica_standing, standing
from identity.bootstrap import Service, SystemClock
from identity.model.errors import IdentityError
from identity.observing.kept import Kept
from identity.replica import ReplicaState, Standing
from identity.store.figures import Large, Waiting

__all__ = ["FAMILIES", "Stored"]

Rows = Iterable[tuple[tuple[str, ...], float]]
FAMILIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "identity_database_answers": ("1 where the database could be asked, else 0; then the rest is missing.", ()),
    "identity_replica_answers": ("1 while look-ups go to the read replica, else 0: then they go to the primary.", ()),
    "identity_replica_lag_seconds": ("By how much the read replica may be behind, as this process sees it.", ()),
    "identity_stored": ("What the database holds, by kind.", ("kind",)),
    "identity_subscriber": (
        "How those who are told of events stand: events behind, held, dead_letters; active, failures in a row.",
        ("subscriber", "number"),
    ),
    "identity_subscriber_lag_seconds": ("How long the first event waits that was not dealt with.", ("subscriber",)),
    "identity_subscriber_breaker_open": ("1 while a subscriber that fails is left alone.", ("subscriber",)),
    "identity_consumer_lag": ("Events that a consumer of the log has not dealt with.", ("consumer",)),
    "identity_consumer_lag_seconds": ("How long the first event waits that was not dealt with.", ("consumer",)),
    "identity_consumer_held": ("Events that wait to be tried again, or behind one that does.", ("consumer",)),
    "identity_consumer_dead_letters": ("Events that were given up.", ("consumer",)),
    "identity_consumer_blocked": ("Tasks that wait for a person.", ("consumer",)),
    "identity_consumer_failures": (
        "Failures in a row; from the fifth on its system is left alone, and tried with one event at a time.",
        ("consumer",),
    ),
    "identity_consumer_breaker_open": ("1 while the system of a consumer is left alone.", ("consumer",)),
    "identity_consumer_silent_seconds": ("Seconds since a consumer was last heard of.", ("consumer",)),
    "identity_events_total": ("Events of the log: profiles created, updated, merged, split, …", ("type",)),
    "identity_decisions_total": ("What people decided: merges, splits, undos, …", ("kind",)),
    "identity_reviews_open": ("Tasks that wait for a steward; not those that were put off.", ("kind",)),
    "identity_review_oldest_seconds": ("How long the oldest of them waits.", ("kind",)),
    "identity_redo_oldest_seconds": ("How long waits what is to be decided again.", ()),
    "identity_loaded_rows_total": ("Rows of files, by what became of them.", ("source", "outcome")),
    "identity_quarantine_open": ("Rows in quarantine, by what is wrong.", ("source", "code")),
    "identity_consent_facts": ("What people allowed and refused, as it is kept.", ("purpose", "channel", "status")),
    "identity_privacy_requests_open": ("What people asked about themselves and is not answered.", ("kind",)),
    "identity_privacy_requests_overdue": ("Those of them that are late.", ()),
    "identity_privacy_due_seconds": ("Seconds until the first of them is due; below zero: it is late.", ("kind",)),
    "identity_jobs": ("Uploads and exports: queued, running, failed.", ("status",)),
    "identity_rematches": ("The last fifty re-matches, by status.", ("status",)),
    "identity_rematch_age_seconds": ("Seconds since a re-match was carried out.", ("kind",)),
    "identity_rematch_seconds": ("How long it took.", ("kind",)),
    "identity_rematch_changes": ("What it changed.", ("kind", "what")),
    "identity_duty_age_seconds": ("Seconds since a task of the schedule was last done.", ("duty",)),
    "identity_duty_failures": ("How often in a row it failed.", ("duty",)),
    "identity_drift": ("Differences that the last comparison with a system found.", ("system", "kind")),
}  # fmt: skip
"""What is told: what it means, and what it is told apart by. Labels are words of the code and names of the rules."""


class Stored:
    """See `FAMILIES` for what is told."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._counts = Kept(lambda: service.store.views.counts())
        self._large: Kept[Large] = Kept(lambda: service.store.figures.large())
        self._reviews = Kept(lambda: service.store.figures.reviews(SystemClock().now()))

    def collect(self) -> Iterator[Any]:
        replica = replica_standing(self._service)
        told: dict[str, Rows] = {"identity_database_answers": [((), 0.0)]}
        if not (replica and replica.silent):
            with suppress(IdentityError):
                told = {**self._told(), "identity_database_answers": [((), 1.0)]}
        told |= _replica(replica)
        for name, (meaning, labels) in FAMILIES.items():
            if name in told:
                kind: Any = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
                family = kind(name.removesuffix("_total"), meaning, labels=labels)
                for values, number in told[name]:
                    family.add_metric(values, number)
                yield family

    def _told(self) -> dict[str, Rows]:
        service, now = self._service, SystemClock().now()
        return {
            "identity_stored": self._sizes(),
            **standing(service, now),
            **_waiting(service, self._reviews()),
            **_nights(service),
            **self._totals(),
        }

    def _sizes(self) -> Rows:
        views, counts = self._service.store.views, self._counts()
        told = {
            "records": counts.records,
            "live_profiles": counts.live_profiles,
            "merged_profiles": counts.merged_profiles,
            "erased_profiles": counts.erased_profiles,
            "links": counts.links,
            "events": counts.events,
            "quarantine_open": counts.open_quarantine,
            "redo_waiting": sum(found.count for found in views.redo_waiting()),
            "reviews_open": sum(views.reviews_waiting(SystemClock().now()).values()),
        }
        return [((kind,), number) for kind, number in told.items()]

    def _totals(self) -> dict[str, Rows]:
        """Tell what is counted over whole tables; sources and purposes that no rules name are `other`."""
        large, policy = self._large(), self._service.consents.policy
        sources = self._service.sources
        return {
            "identity_events_total": [((kind,), number) for kind, number in sorted(large.events.items())],
            "identity_decisions_total": [((kind,), n) for kind, n in sorted(large.operations.items())],
            "identity_loaded_rows_total": _among(large.rows, sources),
            "identity_quarantine_open": _among(large.quarantine, sources),
            "identity_consent_facts": _among(large.consents, policy.purposes, policy.channels),
        }


def _among(counted: Mapping[Any, int], *known: Iterable[str]) -> Rows:
    """Return counts whose first labels are words that the rules know, or `other`: a name that somebody sent may be
    anybody's."""
    found: dict[tuple[str, ...], float] = {}
    for labels, number in counted.items():
        named = (word if word in words else "other" for word, words in zip(labels, known, strict=False))
        place = (*named, *labels[len(known) :])
        found[place] = found.get(place, 0) + number
    return sorted(found.items())


def _replica(standing: Standing | None) -> dict[str, Rows]:
    if standing is None:
        return {}
    return {
        "identity_replica_answers": [((), standing.state is ReplicaState.ANSWERS)],
        "identity_replica_lag_seconds": [((), standing.lag)],
    }


def _waiting(service: Service, reviews: Iterable[Waiting]) -> dict[str, Rows]:
    figures, now = service.store.figures, SystemClock().now()
    requests, since = figures.requests(), figures.redo_since()
    return {
        "identity_reviews_open": [((one.kind,), one.count) for one in reviews],
        "identity_review_oldest_seconds": [
            ((one.kind,), (now - one.since).total_seconds()) for one in reviews
        ],
        "identity_redo_oldest_seconds": [((), (now - since).total_seconds() if since else 0)],
        "identity_privacy_requests_open": [((one.kind,), one.count) for one in requests],
        "identity_privacy_due_seconds": [
            ((one.kind,), (one.since - now).total_seconds()) for one in requests
        ],
        "identity_privacy_requests_overdue": [((), figures.requests_overdue(now))],
        "identity_jobs": [((status,), count) for status, count in figures.jobs().items()],
    }


def _nights(service: Service) -> dict[str, Rows]:
    now, (statuses, last) = SystemClock().now(), service.store.figures.rematches()
    duties = service.store.duties(SystemClock()).all()
    return {
        "identity_rematches": [((status,), count) for status, count in sorted(statuses.items())],
        "identity_rematch_age_seconds": [
            ((one.kind,), (now - one.finished_at).total_seconds()) for one in last
        ],
        "identity_rematch_seconds": [((one.kind,), one.seconds) for one in last],
        "identity_rematch_changes": [
            ((one.kind, what), count) for one in last for what, count in sorted(one.impact.items())
        ],
        "identity_duty_age_seconds": [
            ((duty.name,), (now - duty.done_at).total_seconds()) for duty in duties if duty.done_at
        ],
        "identity_duty_failures": [((duty.name,), duty.failures) for duty in duties],
        "identity_drift": [
            ((name, kind), count)
            for name, last in sorted(service.store.reconciliations(SystemClock()).every().items())
            if last.at
            for kind, count in {"any": 0, **last.report["kinds"]}.items()
        ],
    }
