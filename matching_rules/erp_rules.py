"""What `customer.erp.yml` may say, and the policy it becomes."""

from __future__ import annotations

import re
from pathlib import Path

from identity.model.erp import ERP_ATTRIBUTES, ErpPolicy, PartyMerge
from matching_rules.document import Section, read_document

__all__ = ["load_erp_policy"]

# Nothing that a search would take for a wildcard.
_REFERENCE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SLOWEST, _FASTEST = 0.1, 1000.0


def load_erp_policy(path: Path) -> ErpPolicy:
    """Return the policy in `path`. RulesError E101 to E107, E136, E153 to E156."""
    document = read_document(path)
    document.only(("source", "reference", "attributes", "party_merge", "requests_per_second"))
    usual = ErpPolicy()
    return ErpPolicy(
        source=_named(document, "E156", "source", usual.source, _SOURCE),
        reference=_named(document, "E154", "reference", usual.reference, _REFERENCE),
        attributes=_attributes(document),
        party_merge=PartyMerge(
            document.one_of("E155", "party_merge", tuple(PartyMerge), str(usual.party_merge))
        ),
        requests_per_second=document.decimal(
            "requests_per_second", _SLOWEST, _FASTEST, usual.requests_per_second
        ),
    )


def _named(document: Section, code: str, key: str, usual: str, pattern: re.Pattern[str]) -> str:
    name = document.text(key, usual)
    if not pattern.fullmatch(name):
        raise document.error(code, key, f"{name!r} cannot be used", "Use letters, digits and hyphens.")
    return name


def _attributes(document: Section) -> tuple[str, ...]:
    approved = document.texts("attributes")
    for at, name in enumerate(approved):
        if name not in ERP_ATTRIBUTES:
            known = f"Use some of: {', '.join(ERP_ATTRIBUTES)}."
            raise document.error("E153", "attributes", f"{name!r} cannot be told to the ERP", known)
        if name in approved[:at]:
            raise document.error("E107", "attributes", f"{name!r} stands twice", "Keep one of the two.")
    return approved
