"""What whoever runs the service is told, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import escape, say

__all__ = ["alive"]

Report = Mapping[str, Any]


def alive(report: Report) -> None:
    say(f"{escape(report['place'])}: {'alive' if report['alive'] else 'no sign of life'}")
