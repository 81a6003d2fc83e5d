"""The places of the screen: each names the right that it needs. What has none, and is not for everybody, is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from identity.model.errors import DecisionRefused, IdentityError, LookupFailed, StoreError
from stewardship.rights import Right
from stewardship.sessions import csrf_of, digest_of, same
from stewardship.visit import ROOT, Screen, Visit, address

__all__ = ["EVERYBODY", "Place", "Refused", "routes"]

_LOG = structlog.get_logger("identity.review")
EVERYBODY: Literal["everybody"] = "everybody"
"""In the place of a right: who has not logged in may come too."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address below /review, the method and the right that it needs, and what answers there."""

    method: Literal["GET", "POST"]
    path: str
    needs: Right | Literal["everybody"]
    answer: Callable[[Visit], Response]


class Refused(Exception):
    """The screen itself refuses: a status, one sentence, and what to do next."""

    def __init__(self, status: int, title: str, remedy: str = "") -> None:
        super().__init__(title)
        self.status, self.title, self.remedy = status, title, remedy


def routes(screen: Screen, places: Sequence[Place]) -> list[Route]:
    """Return what answers at these places."""
    return [
        Route(
            ROOT + place.path, _answering(screen, place), methods=[place.method], name=place.answer.__name__
        )
        for place in places
    ]


def _answering(screen: Screen, place: Place) -> Callable[..., object]:
    async def answering(request: Request) -> Response:
        request.scope["place"] = ROOT + place.path
        form = await request.form(max_files=0, max_fields=2_000) if place.method == "POST" else FormData()
        return await run_in_threadpool(_answer, screen, place, request, form)

    return answering


def _answer(screen: Screen, place: Place, request: Request, form: FormData) -> Response:
    token = screen.cookie.of(request)
    session = digest_of(token)
    try:
        steward = screen.stewards.session(session, screen.settings.idle) if token else None
    except StoreError as error:  # who it is cannot be told: nothing but this is shown
        return _outside(screen, error)
    known = token if steward else screen.lobby.of(request)
    visit = Visit(screen, request, known, session, steward, form)
    if steward:
        request.scope["client_name"] = f"steward:{steward.role}"
    try:
        return _allowed(visit, place) or place.answer(visit)
    except Refused as refused:
        return _told(visit, refused.status, refused.title, refused.remedy)
    except IdentityError as error:
        return _told(visit, _status(error), error.message, error.remedy, error.code)
    except Exception as error:  # its text may quote what was sent: only what it is, and where, is told
        _LOG.error("unforeseen", error=type(error).__name__, place=_where(error))
        return _told(visit, 500, "Something went wrong here.", "Tell who runs this service when it was.")


def _where(error: Exception) -> str:
    trace, place = error.__traceback__, ""
    while trace is not None:
        place, trace = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}", trace.tb_next
    return place


def _allowed(visit: Visit, place: Place) -> Response | None:
    """Return where somebody has to go first. Refused, where they may not."""
    _refuse_strange_hosts(visit)
    if place.needs != EVERYBODY and visit.steward is None:
        if visit.request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": address("login")})
        return visit.go(address("login"))
    if place.method == "POST":
        _refuse_forgeries(visit)
    if place.needs != EVERYBODY and not visit.may(Right(place.needs)):
        raise Refused(403, "Your role may not do this.", f"It needs the right to {place.needs}.")
    return None


def _refuse_strange_hosts(visit: Visit) -> None:
    """In development there is no certificate that says who answers: only this machine's own names do."""
    host = urlsplit(f"//{visit.request.headers.get('host', '')}").hostname
    if visit.screen.settings.development and host not in ("127.0.0.1", "localhost", "::1"):
        raise Refused(400, "In development only this machine is served.")


def _refuse_forgeries(visit: Visit) -> None:
    headers = visit.request.headers
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    foreign = (origin is not None and urlsplit(origin).netloc != headers.get("host")) or site != "same-origin"
    sent = headers.get("x-csrf", "") or visit.said("csrf")
    if foreign or not visit.token or not same(sent, csrf_of(visit.token)):
        _LOG.warning("forgery_refused", place=visit.request.scope.get("place"))
        raise Refused(
            403, "This did not come from a page of yours, or that page is too old.", "Open it anew."
        )


def _status(error: IdentityError) -> int:
    statuses = {LookupFailed: 404, DecisionRefused: 409, StoreError: 503}
    return next((status for kind, status in statuses.items() if isinstance(error, kind)), 500)


_AWAY = {"retry-after": "2"}


def _outside(screen: Screen, error: StoreError) -> Response:
    """Return the page for who may be anybody, while the database is away."""
    text = screen.templates.get_template("outside.html").render(title=error.message, remedy=error.remedy)
    return Response(text, 503, _AWAY, media_type="text/html; charset=utf-8")


def _told(visit: Visit, status: int, title: str, remedy: str, code: str = "") -> Response:
    template = "part_refusal.html" if visit.partial else "refusal.html"
    page = visit.page(template, status, title=title, remedy=remedy, code=code)
    if status == 503:
        page.headers.update(_AWAY)
    return page
