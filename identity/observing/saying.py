"""Lines of the log from inside: said where this process writes a log, and nowhere else."""

from __future__ import annotations

from typing import Any

__all__ = ["begin_saying", "say"]


class _Saying:
    begun = False


def begin_saying(*, begun: bool = True) -> None:
    """From now on what is said is written."""
    _Saying.begun = begun


def say(event: str, level: str = "info", **told: Any) -> None:
    """Write a line, if this process has begun to log: a command that answers and ends has not."""
    if _Saying.begun:
        import structlog

        getattr(structlog.get_logger("identity"), level)(event, **told)
