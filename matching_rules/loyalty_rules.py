"""What `customer.loyalty.yml` may say, and the policy it becomes."""

from __future__ import annotations

import re
from pathlib import Path

from identity.model.loyalty import LoyaltyPolicy, TierPolicy
from matching_rules.document import Section, read_document

__all__ = ["load_loyalty_policy"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def load_loyalty_policy(path: Path) -> LoyaltyPolicy:
    """Return the policy in `path`. RulesError E101 to E107, E151, E152."""
    document = read_document(path)
    document.only(("program", "tiers", "tier_policy", "sources"))
    return LoyaltyPolicy(
        program=_program(document),
        tiers=_tiers(document),
        tier_policy=TierPolicy(
            document.one_of("E151", "tier_policy", tuple(TierPolicy), str(TierPolicy.HIGHEST))
        ),
        sources=_sources(document),
    )


def _program(document: Section) -> str:
    name = document.text("program")
    if not _NAME.fullmatch(name):
        raise document.error("E152", "program", f"{name!r} cannot be the name of a programme")
    return name


def _tiers(document: Section) -> tuple[str, ...]:
    tiers = document.texts("tiers")
    if not tiers:
        raise document.error("E105", "tiers", "has to be given", "List the tiers, the lowest first.")
    if repeated := next((tier for at, tier in enumerate(tiers) if tier in tiers[:at]), None):
        raise document.error("E107", "tiers", f"{repeated!r} stands twice", "Keep one of the two.")
    return tiers


def _sources(document: Section) -> tuple[str, ...]:
    """Return the sources whose records are members: their record id is the member's number."""
    sources = document.texts("sources") or LoyaltyPolicy(program="").sources
    if repeated := next((name for at, name in enumerate(sources) if name in sources[:at]), None):
        raise document.error("E107", "sources", f"{repeated!r} stands twice", "Keep one of the two.")
    return tuple(sources)
