"""What `customer.purposes.yml` may say, and the policies it becomes."""

from __future__ import annotations

from pathlib import Path

from identity.model.purpose import PurposePolicy
from identity.model.record import CANONICAL_ATTRIBUTES
from matching_rules.document import Section, read_document

__all__ = ["PURPOSES", "load_purposes"]

PURPOSES = ("service", "marketing", "analytics", "fraud")
"""The purposes there are: each has a scope of its own."""


def load_purposes(path: Path, custom: tuple[str, ...] = ()) -> dict[str, PurposePolicy]:
    """Return the policies in `path` by purpose. RulesError E101 to E107, E142 for what nobody knows."""
    document = read_document(path)
    document.only(("purposes",))
    purposes = document.section("purposes", required=True)
    purposes.only(PURPOSES)
    known = (*CANONICAL_ATTRIBUTES, *custom)
    return {name: _policy(purposes.section(name, required=True), name, known) for name in purposes.content}


def _policy(section: Section, name: str, known: tuple[str, ...]) -> PurposePolicy:
    section.only(("shows", "needs", "refuses"))
    needs = section.section("needs")
    needs.only(known)
    return PurposePolicy(
        name,
        _words(section, "shows", known),
        {attribute: _words(needs, attribute) for attribute in needs.content},
        section.text("refuses", ""),
    )


def _words(section: Section, key: str, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return a list of words, each among `known` if any are given."""
    told = section.content.get(key)
    if not isinstance(told, list) or not all(isinstance(word, str) for word in told):
        raise section.error("E142", key, "is no list of words", "Write it as [one, other].")
    if strange := next((word for word in told if known and word not in known), None):
        raise section.error("E142", key, f"{strange!r} is no attribute", f"Use some of: {', '.join(known)}.")
    return tuple(told)
