"""What every request is answered with: the database, the options, and the key under which it happens once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from reference_loyalty.database import Database, Work
from reference_loyalty.faults import NEW_SURVIVOR
from reference_loyalty.once import digest, once
from reference_loyalty.options import Options
from reference_loyalty.problems import Problem

__all__ = ["Desk", "Here", "Platform"]


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform as a whole."""

    database: Database
    options: Options


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one request is dealt with."""

    platform: Platform
    request: Request
    response: Response
    key: str | None

    def look(self, what: Callable[[Work], dict[str, Any]]) -> dict[str, Any]:
        """Return what a reader finds."""
        with self.platform.database.reading() as work:
            return what(work)

    def change(
        self, act: Callable[[Work], dict[str, Any]], body: BaseModel | None = None, *, keyed: bool = False
    ) -> dict[str, Any]:
        """Return what a writer replies; once, if the request has a key. IDEMPOTENCY_KEY_MISSING where `keyed`."""
        if keyed and not self.key:
            raise Problem("IDEMPOTENCY_KEY_MISSING", "Send one; the same again with each repetition.")
        with self.platform.database.writing() as work:
            if not self.key:
                return act(work)
            asked = digest(self.request.method, self.request.url.path, body and body.model_dump())
            reply, repeated = once(work, self.key, asked, lambda: act(work))
        if repeated:
            self.response.headers["Idempotent-Replayed"] = "true"
        return reply

    @property
    def gives_new_numbers(self) -> bool:
        """Whether a merge gives its members a new number."""
        return not self.platform.options.capabilities.survivor_choice or NEW_SURVIVOR in self.request.scope


def _desk(
    request: Request,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> Desk:
    return Desk(request.app.state.platform, request, response, idempotency_key)


Here = Annotated[Desk, Depends(_desk)]
