"""One request: by whom, with what, answered by a page, a part of one, or another place to go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from identity.bootstrap import Service, SystemClock
from identity.model.audit import AuditAction, AuditEntry
from identity.model.steward import Steward
from identity.observing.kept import Kept
from identity.store.desks import Desks
from identity.store.stewards import Stewards
from stewardship.figures import Whole, whole
from stewardship.rights import MAY, Right
from stewardship.sessions import Cookie, csrf_of
from stewardship.settings import ScreenSettings
from stewardship.throttle import Throttle

__all__ = ["ROOT", "Screen", "Visit", "address"]

ROOT = "/review"


def address(*parts: str, **query: object) -> str:
    """Return the address of a place, with what of the query says something."""
    told = {name: value for name, value in query.items() if value not in (None, "")}
    return "/".join((ROOT, *parts)) + (f"?{urlencode(told)}" if told else "")


@dataclass(frozen=True)
class Screen:
    """What the screen works with."""

    service: Service
    settings: ScreenSettings
    templates: Environment
    throttle: Throttle

    @cached_property
    def stewards(self) -> Stewards:
        return self.service.store.stewards(SystemClock())

    @cached_property
    def desks(self) -> Desks:
        return self.service.store.desks(SystemClock())

    @cached_property
    def whole(self) -> Kept[Whole]:
        return Kept(lambda: whole(self.service))

    @cached_property
    def cookie(self) -> Cookie:
        return Cookie("session", secure=not self.settings.development)

    @cached_property
    def lobby(self) -> Cookie:
        """What a browser has before somebody logged in."""
        return Cookie("lobby", secure=not self.settings.development)


@dataclass(frozen=True)
class Visit:
    """A request by a steward, or (`steward` None) by somebody who has not logged in."""

    screen: Screen
    request: Request
    token: str
    session: str
    steward: Steward | None
    form: FormData = field(default_factory=FormData)

    @property
    def service(self) -> Service:
        return self.screen.service

    @property
    def who(self) -> str:
        assert self.steward is not None, "a place with a right is visited by somebody"
        return self.steward.name

    @cached_property
    def at(self) -> datetime:
        return SystemClock().now()

    def audit(self, action: AuditAction, subject: str = "", **details: str | int | Sequence[str]) -> None:
        """Have it kept, before the answer is given, that this steward saw something. Opaque words and counts only."""
        self.service.store.audit(SystemClock()).append(AuditEntry(self.who, action, subject, "", details))

    @property
    def named(self) -> Mapping[str, str]:
        """What the address names."""
        return self.request.path_params

    @property
    def asked(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def partial(self) -> bool:
        """Whether only a part of a page is wanted."""
        return self.request.headers.get("hx-request-type") == "partial"

    def may(self, right: Right) -> bool:
        return self.steward is not None and right in MAY[self.steward.role]

    def said(self, name: str) -> str:
        """Return one field of the form, "" when it is not there."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def ticked(self, name: str) -> list[str]:
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def shows(self, subject: str) -> bool:
        """Say whether the personal values of a subject are in clear."""
        return self.may(Right.REVEAL) and self.screen.stewards.discloses(self.session, subject)

    def page(self, template: str, status: int = 200, **told: Any) -> Response:
        """Return a page, or the part of one that a template is."""
        shared = {"visit": self, "me": self.steward, "csrf": csrf_of(self.token), "may": self.may, "R": Right}
        text = self.screen.templates.get_template(template).render(shared | told)
        return Response(text, status, media_type="text/html; charset=utf-8")

    def go(self, where: str) -> Response:
        return RedirectResponse(where, 303)
