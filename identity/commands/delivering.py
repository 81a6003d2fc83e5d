"""Delivering until somebody stops it, and telling what is new: for `identity deliver`, and beside `identity serve`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from identity.commands.delivery import news_of
from identity.commands.stopping import until_stopped
from identity.delivery.office import Office, Report, deliver_until
from identity.model.errors import IdentityError

__all__ = ["News", "deliver_until_stopped"]

_QUIET = ("done", "stopped", "taken")


class News:
    """Tells what is new of each subscriber: that something was told, held back or given up, or that a turn ended in
    another way than the one before."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell = tell
        self._lock = Lock()
        self._last: dict[str, str] = {}

    def __call__(self, name: str, heard: Report | IdentityError) -> None:
        news = news_of(name, heard)
        with self._lock:
            before = self._last.get(name, "done")
            self._last[name] = news["why"]
            other = news["why"] != before and not {news["why"], before} <= set(_QUIET)
            if other or news["told"] or news["held"] or news["dead"]:
                self._tell(news)


def deliver_until_stopped(office: Office, tell: Callable[[Mapping[str, Any]], None]) -> None:
    """Deliver to everybody until this process is asked to end (SIGINT, SIGTERM); what is on its way is waited for."""
    until_stopped(lambda stop: deliver_until(office, stop, News(tell)))
