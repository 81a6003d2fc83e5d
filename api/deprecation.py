"""Routes that are on their way out: said in every answer of theirs (RFC 9745, RFC 8594) and in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["DEPRECATED", "NOTICE", "Deprecation", "Notices"]

NOTICE = timedelta(days=180)
"""How long a route goes on at least after it was said to end."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Not to be used in new work from the day `since` on; `sunset` is the day from which it may answer 410 or 404.

    `about` is where it is explained, `successor` the address of what to use instead. ValueError when the days leave
    callers less than NOTICE.
    """

    since: date
    sunset: date | None = None
    about: str = "/docs"
    successor: str = ""

    def __post_init__(self) -> None:
        if self.sunset is not None and self.sunset < self.since + NOTICE:
            raise ValueError(f"Between {self.since} and {self.sunset} are less than {NOTICE.days} days.")

    def headers(self) -> dict[str, str]:
        """Return what an answer carries."""
        links = [f'<{self.about}>; rel="deprecation"']
        told = {"Deprecation": f"@{int(_midnight(self.since).timestamp())}"}
        if self.sunset is not None:
            told["Sunset"] = format_datetime(_midnight(self.sunset), usegmt=True)
            links.append(f'<{self.about}>; rel="sunset"')
        if self.successor:
            links.append(f'<{self.successor}>; rel="successor-version"')
        return {**told, "Link": ", ".join(links)}

    def mark(self, operation: dict[str, Any]) -> None:
        """Say so in an operation of the OpenAPI document."""
        operation["deprecated"] = True
        for response in operation["responses"].values():
            if "$ref" in response:
                continue
            response.setdefault("headers", {}).update(
                {
                    name: {"schema": {"type": "string"}, "description": "See RFC 9745 and RFC 8594."}
                    for name in self.headers()
                }
            )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


DEPRECATED: Mapping[str, Deprecation] = {}
"""By operation id, which is the name of the route's function. A route without a line here stays."""


class Notices:
    """Middleware that adds what is said of a route to whatever it answers, refusals too."""

    def __init__(self, app: ASGIApp, deprecated: Mapping[str, Deprecation]) -> None:
        self._app = app
        self._told = {name: notice.headers() for name, notice in deprecated.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = getattr(scope.get("endpoint"), "__name__", "")
                headers = MutableHeaders(scope=message)
                for name, value in self._told.get(named, {}).items():
                    headers.append(name, value)
            await send(message)

        await self._app(scope, receive, telling)
