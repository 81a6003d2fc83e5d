"""What this platform can do, and how it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["Capabilities", "Options"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What callers may ask for. Without `survivor_choice` a merge gives all of them to a member with a new number."""

    merge: bool = True
    unmerge: bool = True
    transfer_points: bool = True
    reassign_card: bool = True
    survivor_choice: bool = True
    max_sources: int = 5


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Options:
    """How the platform is run. Without `token` everybody may ask; without `webhook_url` nobody is told."""

    capabilities: Capabilities = field(default_factory=Capabilities)
    faults: bool = False
    token: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    first_retry_seconds: float = 1.0
    clock: Callable[[], datetime] = _now
