"""What each role may do. What is not named here is not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from identity.model.steward import Role

__all__ = ["MAY", "Right"]


class Right(StrEnum):
    """What a place of the screen needs from who visits it."""

    SEE = "see tasks and profiles, personal values masked"
    REVEAL = "see personal values in clear, which is written down"
    CLAIM = "sit down at tasks, put them off, ask for others"
    DECIDE = "merge, split, keep apart, take back"
    APPROVE = "decide what was escalated"
    ASSIGN = "say whose tasks they are"
    SEE_RUNS = "see re-matches, deliveries and sources"
    DECIDE_RUNS = "approve and reject re-matches"
    REDRIVE = "send again, or drop, what could not be delivered"
    MEND = "mend rows that were set aside, seeing them in clear"
    MEASURE = "see how right the links are"
    AUDIT = "see who decided and who was shown what"
    ACCOUNTS = "open and close accounts"


MAY: Mapping[Role, frozenset[Right]] = {
    Role.STEWARD: frozenset({Right.SEE, Right.REVEAL, Right.CLAIM, Right.DECIDE, Right.MEASURE}),
    Role.LEAD: frozenset(Right) - {Right.AUDIT, Right.ACCOUNTS},
    Role.PRIVACY_OFFICER: frozenset({Right.SEE, Right.REVEAL, Right.AUDIT}),
    Role.AUDITOR: frozenset({Right.SEE, Right.SEE_RUNS, Right.MEASURE, Right.AUDIT}),
    Role.ADMIN: frozenset({Right.SEE_RUNS, Right.REDRIVE, Right.MEASURE, Right.AUDIT, Right.ACCOUNTS}),
}
"""Nobody both opens accounts and decides, and who audits reveals nothing."""
