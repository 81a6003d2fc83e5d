"""allow: what holds for a person, and the law where they live → whether they may be reached, and why."""

from __future__ import annotations

from dataclasses import dataclass

from identity.model.consent import GRANTED, REFUSALS

__all__ = ["REASONS", "Permission", "allow"]

REASONS = {
    "granted": "They said yes.",
    "denied": "They were asked and said no.",
    "withdrawn": "They took their yes back.",
    "objected": "They objected.",
    "expired": "Their yes has run out.",
    "never_asked": "Nobody asked them, and a yes is needed.",
    "not_refused": "They said nothing, and where they live that is enough.",
    "not_needed": "Nobody needs to be asked for this where they live.",
    "unknown_person": "Nobody is known by this.",
    "shared": "Too many people share this value for it to be anybody's.",
    "no_records": "There is no record of them any more.",
    "erased": "They were erased.",
    "restricted": "They asked that nothing of theirs be used.",
}
"""Why somebody may be reached, or not, in a word that programs branch on."""
_SILENCE = {"opt_out": "not_refused", "none": "not_needed"}


@dataclass(frozen=True, slots=True)
class Permission:
    allowed: bool
    reason: str


def allow(status: str, reason: str, regime: str) -> Permission:
    """Return whether a status permits. Where a yes is needed silence is none, and one that ran out is silence."""
    if status in REFUSALS:
        return Permission(False, status)
    if status == GRANTED:
        return Permission(True, status)
    if regime in _SILENCE:
        return Permission(True, _SILENCE[regime])
    return Permission(False, reason if reason in REASONS else "never_asked")
