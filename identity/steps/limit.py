"""limit: what a re-match would change → the limits that it would break."""

from __future__ import annotations

from identity.model.run import Breach, Impact, RematchLimits

__all__ = ["allowed_profiles", "breaches"]


def breaches(impact: Impact, limits: RematchLimits) -> tuple[Breach, ...]:
    """Return every limit that `impact` breaks."""
    measured = (
        Breach("profiles_changed", impact.profiles_changed, allowed_profiles(impact.profiles, limits)),
        Breach(
            "loyalty_accounts_moved",
            impact.loyalty_accounts_moved,
            max(limits.at_least, int(limits.loyalty_accounts_moved * impact.loyalty_accounts)),
        ),
        Breach("largest_profile", impact.largest_profile, limits.largest_profile),
    )
    return tuple(found for found in measured if found.measured > found.allowed)


def allowed_profiles(profiles: int, limits: RematchLimits) -> int:
    """Return how many of so many profiles may change."""
    return max(limits.at_least, int(limits.profiles_changed * profiles))
