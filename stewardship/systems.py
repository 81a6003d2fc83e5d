"""Systems that follow: how each stands, what the last comparison with it found, and another one."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from starlette.responses import Response

from identity.bootstrap import Service, SystemClock
from identity.commands.following import consumers_report, reconcile_report
from identity.followers import FOLLOWERS, system
from identity.model.errors import DecisionRefused, IdentityError
from identity.store.reconciliations import Reconciliation
from stewardship.places import Place, Refused
from stewardship.rights import Right
from stewardship.visit import Visit, address
from stewardship.words import DRIFT

__all__ = ["PLACES", "Followed", "followed"]

_LOG = structlog.get_logger("identity.review")
_GIVEN_UP = timedelta(hours=2)
"""Whoever compares for longer than this has died."""
_COMPARING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Followed:
    """A system that follows, or is named to: how its consumer stands, and what the last comparison found."""

    name: str
    named: bool
    stands: Mapping[str, Any] | None
    last: Reconciliation | None

    def compared_since(self, now: datetime) -> datetime | None:
        """Return since when it is being compared, None where it is not."""
        since = self.last.begun_at if self.last else None
        return since if since and now - since < _GIVEN_UP else None


def followed(visit: Visit) -> Sequence[Followed]:
    """Return the systems that are named by the settings, or were followed or compared before."""
    service = visit.service
    stands = {one["name"]: one for one in consumers_report(service)["consumers"]}
    last = service.store.reconciliations(SystemClock()).every()
    named = {name for name, each in FOLLOWERS.items() if each.named(service.settings.consumers)}
    known = [name for name in FOLLOWERS if name in named or name in stands or name in last]
    return [Followed(name, name in named, stands.get(name), last.get(name)) for name in known]


def system_page(visit: Visit) -> Response:
    """Show how a system stands, and how it differed from the master when it was last compared."""
    return visit.page("system.html", **_told(visit))


def system_part(visit: Visit) -> Response:
    """Return the same while it is being compared: nothing until that is over."""
    told = _told(visit)
    if told["since"]:
        return Response(status_code=204)
    return Response(headers={"HX-Redirect": address("systems", told["one"].name)})


def _told(visit: Visit) -> dict[str, Any]:
    one = _one(visit)
    last = one.last
    return {
        "one": one, "since": one.compared_since(visit.at), "now": visit.at, "drift": DRIFT,
        "report": last.report if last and last.at else None, "told_notice": visit.asked.get("note", ""),
    }  # fmt: skip


def _one(visit: Visit) -> Followed:
    name = visit.named["name"]
    system(name)
    return next((one for one in followed(visit) if one.name == name), Followed(name, False, None, None))


def compare(visit: Visit) -> Response:
    """Compare a system with the master. It goes on by itself."""
    return _begun(visit, repair=False)


def repair(visit: Visit) -> Response:
    """Have everybody followed once more whom a difference concerns, as `identity reconcile --repair` does."""
    return _begun(visit, repair=True)


def _begun(visit: Visit, *, repair: bool) -> Response:
    one = _one(visit)
    if not one.named:
        raise Refused(409, "The settings do not say where this system is.", "Who runs this service names it.")
    if one.compared_since(visit.at):
        raise DecisionRefused("NOT_WAITING", "It is being compared already.", "Look again in a while.")
    service, who = visit.service, visit.who
    service.store.reconciliations(SystemClock()).begin(one.name, who)
    threading.Thread(
        target=_carried_out,
        args=(service, one.name, who),
        kwargs={"repair": repair},
        name="compare",
        daemon=True,
    ).start()
    return visit.go(address("systems", one.name))


def _carried_out(service: Service, name: str, who: str, *, repair: bool) -> None:
    with _COMPARING:
        try:
            reconcile_report(service, name, repair=repair, actor=who)
        except IdentityError as error:
            _LOG.warning("not_compared", code=error.code, system=name)


PLACES = (
    Place("GET", "/systems/{name}", Right.SEE_RUNS, system_page),
    Place("GET", "/systems/{name}/state", Right.SEE_RUNS, system_part),
    Place("POST", "/systems/{name}/compare", Right.REDRIVE, compare),
    Place("POST", "/systems/{name}/repair", Right.REDRIVE, repair),
)
