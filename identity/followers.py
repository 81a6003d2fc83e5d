"""Those who follow the log, put together: each with the client of the system it keeps in step, and a feed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from identity.accounts import erp_of
from identity.bootstrap import Service, SystemClock
from identity.connectors.loyalty import Loyalty
from identity.connectors.remote import Remote, RemoteSettings
from identity.consumers.erp import ERP, ErpFollower
from identity.consumers.erp.reconcile import reconcile as reconcile_erp
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following
from identity.consumers.loyalty import LOYALTY, LoyaltyFollower
from identity.consumers.loyalty.reconcile import reconcile
from identity.consumers.stream import StreamFeed
from identity.delivery.cloud_event import written
from identity.delivery.redis_stream import STREAM
from identity.model.errors import DeliveryError, LookupFailed
from identity.model.following import Reconciled
from identity.model.loyalty import LoyaltyPolicy
from identity.ports.consumers import Consumers, Feed, Follower
from identity.settings import ConsumerSettings
from matching_rules.loyalty_rules import load_loyalty_policy

__all__ = ["FOLLOWERS", "System", "chosen", "consumers_of", "following", "system"]


@dataclass(frozen=True)
class System:
    """A system that is kept in step with the master. `named`: the settings say where it is; `follower` opens who
    follows the log for it; `compare` looks at everybody there, and raises Unavailable and Refused. Both raise
    DeliveryError E721 where the system is not named."""

    named: Callable[[ConsumerSettings], bool]
    follower: Callable[[Service], AbstractContextManager[Follower]]
    compare: Callable[[Service], Reconciled]


def system(name: str) -> System:
    """Return a system by its name. LookupFailed E523 for one nobody knows."""
    if name not in FOLLOWERS:
        known = ", ".join(FOLLOWERS)
        raise LookupFailed("E523", f"No consumer is known as {name}.", f"There are: {known}.")
    return FOLLOWERS[name]


def chosen(service: Service, names: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return these names, or those of all systems that are named by the settings. LookupFailed E523 for a name nobody
    knows; DeliveryError E721 where there is none."""
    for name in names:
        system(name)
    found = names or tuple(name for name, each in FOLLOWERS.items() if each.named(service.settings.consumers))
    if not found:
        raise DeliveryError("E721", "No system is named to follow for.", _NAME_ONE)
    return found


_NAME_ONE = "Set IDENTITY_LOYALTY_URL or IDENTITY_ERP_URL."


def consumers_of(service: Service) -> Consumers:
    """Return how far everybody who follows the log came."""
    return service.store.consumers(SystemClock())


@contextmanager
def following(service: Service, name: str) -> Iterator[Following]:
    """Open what a follower is run with. LookupFailed E523; DeliveryError E721."""
    with system(name).follower(service) as follower:
        consumers = consumers_of(service)
        feed = _feed(service, name, consumers)
        holder = f"{socket.gethostname()}:{os.getpid()}"
        try:
            yield Following(
                consumers, follower, feed, SystemClock(), holder, lambda event: written(event).decode()
            )
        finally:
            feed.close()


def _feed(service: Service, name: str, log: Consumers) -> Feed:
    redis_url = service.settings.delivery.redis_url
    return StreamFeed(redis_url, STREAM, name, "one", log) if redis_url else LogFeed(log)


@contextmanager
def _loyalty_platform(service: Service) -> Iterator[tuple[Loyalty, LoyaltyPolicy]]:
    told = service.settings.consumers
    if not told.loyalty_url:
        raise DeliveryError("E721", "No loyalty platform is named.", "Set IDENTITY_LOYALTY_URL.")
    policy = load_loyalty_policy(service.settings.rules / "customer.loyalty.yml")
    with Remote(RemoteSettings(told.loyalty_url, "the loyalty platform", told.loyalty_token)) as remote:
        yield Loyalty(remote, policy), policy


@contextmanager
def _loyalty(service: Service) -> Iterator[Follower]:
    with _loyalty_platform(service) as (platform, policy):
        yield LoyaltyFollower(platform, service.store.loyalty_book, policy, SystemClock())


def _compared_loyalty(service: Service) -> Reconciled:
    with _loyalty_platform(service) as (platform, policy):
        return reconcile(platform, service.store.loyalty_book, policy)


@contextmanager
def _erp(service: Service) -> Iterator[Follower]:
    with erp_of(service) as (accounts, policy):
        digest = service.index.cabinet.digest
        yield ErpFollower(accounts, service.store.erp_book, policy, lambda told: str(digest(told)))


def _compared_erp(service: Service) -> Reconciled:
    with erp_of(service) as (accounts, policy):
        return reconcile_erp(accounts, service.store.erp_book, policy)


FOLLOWERS: Mapping[str, System] = {
    LOYALTY: System(lambda settings: settings.loyalty_url != "", _loyalty, _compared_loyalty),
    ERP: System(lambda settings: settings.erp.url != "", _erp, _compared_erp),
}
"""Who follows, by name: another one is one more line."""
