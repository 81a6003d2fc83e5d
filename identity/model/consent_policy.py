"""What a retailer decides about consent, and edits in `matching_rules/customer.consent.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

__all__ = ["BASES", "IDENTIFIER_KINDS", "REGIMES", "ConsentPolicy", "Jurisdiction", "Signal"]

IDENTIFIER_KINDS = ("email", "phone")
"""What a channel can reach somebody by; a consent for another channel is for the account that it was said in."""
REGIMES = ("opt_in", "opt_out", "none")
"""When nobody said anything: a yes is needed, the absence of a no is enough, or nobody needs to be asked."""
BASES = (
    "consent",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
    "express_consent",
    "implied_consent",
    "not_needed",
)
"""Legal bases: those of GDPR (and LGPD) and the two kinds of consent of CASL."""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Where a law holds (`countries`, ISO 3166 alpha-2, narrowed by `regions` of them), and what it asks.

    `regimes` differ by purpose from `regime`. A yes on a basis in `lasts` ends so many days after it was given.
    """

    name: str
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    regime: str = "opt_in"
    regimes: Mapping[str, str] = field(default_factory=dict)
    lasts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a machine says for a person, such as Global Privacy Control: a status for each of these consents."""

    name: str
    status: str
    consents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """Purposes there are, channels with the kind of identifier they reach ("": none), jurisdictions by name, the one
    that holds where nobody knows better, and by how much clocks may differ."""

    purposes: tuple[str, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)
    jurisdictions: Mapping[str, Jurisdiction] = field(default_factory=dict)
    default: str = ""
    signals: Mapping[str, Signal] = field(default_factory=dict)
    skew: timedelta = timedelta(0)
    controller: str = ""

    def kind(self, consent: str) -> str:
        """Return the kind of identifier that a consent is for; "" for the account it was said in."""
        return self.channels.get(consent.partition(".")[2], "")

    def regime(self, jurisdiction: str, purpose: str) -> str:
        """Return what holds in a jurisdiction for a purpose of which nobody said anything."""
        found = self.jurisdictions.get(jurisdiction) or self.jurisdictions.get(self.default)
        return found.regimes.get(purpose, found.regime) if found else "opt_in"

    def jurisdiction_of(self, country: str, region: str) -> str:
        """Return whose law holds at an address: the narrowest that names it, else the default."""
        place, state = country.strip().upper(), region.strip().upper()
        named = [each for each in self.jurisdictions.values() if place and place in each.countries]
        narrow = [each for each in named if state and state in each.regions]
        wide = [each for each in named if not each.regions]
        return (narrow or wide or [Jurisdiction(self.default)])[0].name
