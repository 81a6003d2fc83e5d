"""How those stand who are told of events, and those who follow them, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import inf
from typing import Any

from identity import replica
from identity.bootstrap import Service
from identity.commands.following import consumers_report
from identity.delivery.subscribing import Standing, standings
from identity.model.delivery import SubscriberStatus
from identity.model.errors import IdentityError

__all__ = ["replica_standing", "standing"]

Rows = Iterable[tuple[tuple[str, ...], float]]
_NUMBERS = ("lag", "held", "dead_letters", "blocked", "failures", "silent_seconds")


def replica_standing(service: Service) -> replica.Standing | None:
    """Return how the read replica stands, where there is one."""
    if not service.settings.replica_url:
        return None
    try:
        return service.replica.standing()
    except IdentityError:  # it is looked at once the primary has been asked
        return replica.Standing(replica.ReplicaState.AWAY, inf)


def standing(service: Service, now: datetime) -> dict[str, Rows]:
    """Return the families of subscribers and consumers, by their names."""
    since = service.store.figures.behind_since()
    told, followed = standings(service.deliveries), _followed(service)
    return {
        "identity_subscriber": [
            ((one.subscriber.name, name), number) for one in told for name, number in _numbers(one).items()
        ],
        "identity_subscriber_lag_seconds": [
            ((one.subscriber.name,), _seconds(since, "subscriber", one.subscriber.name, now)) for one in told
        ],
        "identity_subscriber_breaker_open": [
            ((one.subscriber.name,), one.subscriber.retry_at is not None and one.subscriber.retry_at > now)
            for one in told
        ],
        **{f"identity_consumer_{name}": [((who,), one[name]) for who, one in followed.items()] for name in _NUMBERS},
        "identity_consumer_breaker_open": [
            ((who,), one["breaker"] == "open") for who, one in followed.items()
        ],
        "identity_consumer_lag_seconds": [
            ((who,), _seconds(since, "consumer", who, now)) for who in followed
        ],
    }  # fmt: skip


def _followed(service: Service) -> dict[str, dict[str, Any]]:
    """Return how everybody who follows the log stands; not those who have never begun."""
    return {one["name"]: {**one} for one in consumers_report(service)["consumers"] if one["beat_at"]}


def _numbers(one: Standing) -> dict[str, float]:
    return {
        "behind": one.behind,
        "held": one.held,
        "dead_letters": one.dead,
        "active": one.subscriber.status is SubscriberStatus.ACTIVE,
        "failures": one.subscriber.failures,
    }


def _seconds(since: Mapping[tuple[str, str], datetime], who: str, name: str, now: datetime) -> float:
    """Return how long somebody is behind; 0 for who is not."""
    found = since.get((who, name))
    return max(0.0, (now - found).total_seconds()) if found else 0.0
