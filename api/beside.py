"""Applications beside the API that come through the same door: each answers everything below one address."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Beside"]


class Beside:
    """Middleware, inside of the door."""

    def __init__(self, app: ASGIApp, besides: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._besides = dict(besides)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            path = scope["path"]
            app = next((each for root, each in self._besides.items() if _below(root, path)), app)
        await app(scope, receive, send)


def _below(root: str, path: str) -> bool:
    return path == root or path.startswith(f"{root}/")
