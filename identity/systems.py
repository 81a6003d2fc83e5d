"""Which systems follow, and whose records are accounts there: known to whoever erases, without opening any of them."""

from __future__ import annotations

from identity.consumers.erp import ERP
from identity.consumers.loyalty import LOYALTY
from identity.model.following import FollowedSystem
from identity.settings import Settings
from matching_rules.erp_rules import load_erp_policy
from matching_rules.loyalty_rules import load_loyalty_policy

__all__ = ["followed_systems"]


def followed_systems(settings: Settings) -> tuple[FollowedSystem, ...]:
    """Return every system that a consumer can follow for."""
    named, rules = settings.consumers, settings.rules
    members = load_loyalty_policy(rules / "customer.loyalty.yml").sources
    accounts = load_erp_policy(rules / "customer.erp.yml").source
    return (
        FollowedSystem(LOYALTY, frozenset(members), named.loyalty_url != ""),
        FollowedSystem(ERP, frozenset({accounts}), named.erp.url != ""),
    )
