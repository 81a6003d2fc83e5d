"""The ERP, put together: its settings, its policy and its client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from identity.bootstrap import Service
from identity.connectors.erp import Tryton, TrytonSession, TrytonSettings
from identity.connectors.remote import Remote, RemoteSettings
from identity.model.erp import ErpPolicy
from matching_rules.erp_rules import load_erp_policy

__all__ = ["erp_of"]


@contextmanager
def erp_of(service: Service) -> Iterator[tuple[Tryton, ErpPolicy]]:
    """Open the ERP's accounts, by this service's rules. DeliveryError E721 where no ERP is named."""
    named = service.settings.consumers.erp.named()
    policy = load_erp_policy(service.settings.rules / "customer.erp.yml")
    login = TrytonSettings(named.database, named.user, named.password, policy.requests_per_second)
    with Remote(RemoteSettings(named.url, "the ERP")) as remote:
        yield Tryton(TrytonSession(remote, login), policy), policy
