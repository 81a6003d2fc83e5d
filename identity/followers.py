"""Those who follow the log, put together: each with the client of the system it keeps in step, and a feed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from identity.bootstrap import Service, SystemClock
from identity.connectors.loyalty import Loyalty
from identity.connectors.remote import Remote, RemoteSettings
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following
from identity.consumers.loyalty import LOYALTY, LoyaltyFollower
from identity.consumers.loyalty.reconcile import Reconciled, reconcile
from identity.consumers.stream import StreamFeed
from identity.delivery.cloud_event import written
from identity.delivery.redis_stream import STREAM
from identity.model.errors import DeliveryError, LookupFailed
from identity.model.loyalty import LoyaltyPolicy
from identity.ports.consumers import Consumers, Feed, Follower
from identity.settings import ConsumerSettings
from matching_rules.loyalty_rules import load_loyalty_policy

__all__ = ["FOLLOWERS", "Followers"]


@dataclass(frozen=True)
class Followers:
    """Everybody who can follow the log of a service."""

    service: Service
    settings: ConsumerSettings

    @property
    def consumers(self) -> Consumers:
        return self.service.store.consumers(SystemClock())

    @contextmanager
    def following(self, name: str) -> Iterator[Following]:
        """Open what a follower is run with. LookupFailed E522 for a name nobody knows; DeliveryError E721 where its
        system is not named."""
        if name not in FOLLOWERS:
            known = ", ".join(FOLLOWERS)
            raise LookupFailed("E522", f"No consumer is known as {name}.", f"There are: {known}.")
        with FOLLOWERS[name](self) as follower:
            feed = self._feed(name)
            try:
                yield Following(
                    self.consumers,
                    follower,
                    feed,
                    SystemClock(),
                    f"{socket.gethostname()}:{os.getpid()}",
                    lambda event: written(event).decode(),
                )
            finally:
                feed.close()

    def _feed(self, name: str) -> Feed:
        if not self.settings.redis_url:
            return LogFeed(self.consumers)
        return StreamFeed(self.settings.redis_url, STREAM, name, "one", self.consumers)

    @contextmanager
    def loyalty(self) -> Iterator[tuple[Loyalty, LoyaltyPolicy]]:
        """Open the loyalty platform. DeliveryError E721."""
        if not self.settings.loyalty_url:
            raise DeliveryError("E721", "No loyalty platform is named.", "Set IDENTITY_LOYALTY_URL.")
        policy = load_loyalty_policy(self.service.settings.rules / "customer.loyalty.yml")
        told = RemoteSettings(self.settings.loyalty_url, "the loyalty platform", self.settings.loyalty_token)
        with Remote(told) as remote:
            yield Loyalty(remote, policy), policy

    def reconcile_loyalty(self) -> Reconciled:
        """Compare the loyalty platform with the master. Unavailable, Refused."""
        with self.loyalty() as (platform, policy):
            return reconcile(platform, self.service.store.loyalty_book, policy)


@contextmanager
def _loyalty(followers: Followers) -> Iterator[Follower]:
    with followers.loyalty() as (platform, policy):
        yield LoyaltyFollower(platform, followers.service.store.loyalty_book, policy, SystemClock())


FOLLOWERS: Mapping[str, Callable[[Followers], AbstractContextManager[Follower]]] = {LOYALTY: _loyalty}
"""Who follows, by name: another one is one more line."""
