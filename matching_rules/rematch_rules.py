"""What `customer.rematch.yml` may say, and the limits it becomes."""

from __future__ import annotations

from pathlib import Path

from identity.model.run import RematchLimits
from matching_rules.document import read_document

__all__ = ["load_rematch_limits"]

_SHIPPED = RematchLimits()
_MANY = 10**9


def load_rematch_limits(path: Path) -> RematchLimits:
    """Return the limits in `path`; those shipped where there is no such file. RulesError E101 to E107, E136."""
    if not path.exists():
        return _SHIPPED
    document = read_document(path)
    document.only(("limits",))
    limits = document.section("limits", required=True)
    limits.only(("profiles_changed", "loyalty_accounts_moved", "largest_profile", "at_least"))
    return RematchLimits(
        profiles_changed=limits.decimal("profiles_changed", 0, 1, _SHIPPED.profiles_changed),
        loyalty_accounts_moved=limits.decimal(
            "loyalty_accounts_moved", 0, 1, _SHIPPED.loyalty_accounts_moved
        ),
        largest_profile=int(limits.decimal("largest_profile", 1, _MANY, _SHIPPED.largest_profile)),
        at_least=int(limits.decimal("at_least", 0, _MANY, _SHIPPED.at_least)),
    )
