"""What `identity wishes` does: what the law has systems pass on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.model.intake import PrivacyWish

__all__ = ["close_report", "wishes_report"]


def wishes_report(service: Service, *, every: bool) -> dict[str, Any]:
    """Return what is to be seen to, or all that ever was, the most pressing first."""
    found = service.store.intake.wishes(every=every)
    return {"wishes": [_told(wish) for wish in found]}


def _told(wish: PrivacyWish) -> dict[str, Any]:
    told = asdict(wish)
    del told["key"]
    return {**told, "record": str(wish.key) if wish.key else None}


def close_report(service: Service, number: int) -> dict[str, Any]:
    """Say that one was seen to."""
    return {"number": number, "closed": service.store.intake.close_wish(number, SystemClock().now())}
