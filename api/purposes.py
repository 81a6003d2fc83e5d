"""What a profile may be read for, and whether a caller may read for it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from api.calls import Call
from api.problems import Problem
from api.scopes import PURPOSES
from identity.model.purpose import PurposePolicy

__all__ = ["Purpose", "PurposeAsked", "policy_of"]

Purpose = Literal["service", "marketing", "analytics", "fraud"]
PurposeAsked = Annotated[
    Purpose | None, Query(description="What it is read for: masks, or refuses, by consent.")
]


def policy_of(call: Call, purpose: str | None) -> PurposePolicy | None:
    """Return what may be seen for a purpose, once it is certain that the caller may read for it."""
    if purpose is None:
        return None
    if not call.may(PURPOSES[purpose]):
        raise Problem(
            403,
            "FORBIDDEN",
            f"The client needs the scope {PURPOSES[purpose]}.",
            "Ask who issues tokens for it.",
        )
    call.note(purpose=purpose)
    return call.service.purposes[purpose]
