"""Tryton's wizard that makes one party of two. There is no way back."""

from __future__ import annotations

from contextlib import suppress

from identity.connectors.erp.session import TrytonSession, Warned
from identity.connectors.remote import Refused
from identity.model.errors import IdentityError

__all__ = ["replace_party"]

_WIZARD = "wizard.party.replace"
_MOST_WARNINGS = 8


def replace_party(session: TrytonSession, source: int, destination: int) -> None:
    """Have one party take the place of another, whatever Tryton warns of: it was decided outside of it."""
    context = {"active_model": "party.party", "active_id": source, "active_ids": [source]}
    wizard, *_ = session.call(f"{_WIZARD}.create", {})
    asked = {"ask": {"source": source, "destination": destination}}
    try:
        for _ in range(_MOST_WARNINGS):
            try:
                session.call(f"{_WIZARD}.execute", wizard, asked, "replace", context)
                return
            except Warned as warning:
                session.call("model.res.user.warning.skip", warning.details["warning"], False, {})
        raise Refused("TOO_MANY_WARNINGS", "The ERP warns of a merge again and again.")
    finally:
        with suppress(IdentityError):  # what is left of a wizard does no harm
            session.call(f"{_WIZARD}.delete", wizard, {})
