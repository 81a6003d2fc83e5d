"""What runs by itself: re-matches that wait for a word, deliveries that were given up, sources and their mistakes."""

from __future__ import annotations

import threading
from collections import Counter

import structlog
from starlette.responses import Response

from identity.commands.night import approve, decided, run_report, runs_report
from identity.delivery.subscribing import standings
from identity.engines.stages import Stages
from identity.model.delivery import DeadLetterStatus
from identity.model.errors import DecisionRefused, IdentityError, LookupFailed
from identity.model.run import RunStatus
from stewardship.places import Place, Refused
from stewardship.rights import Right
from stewardship.systems import followed
from stewardship.visit import Visit, address

__all__ = ["PLACES"]

_LOG = structlog.get_logger("identity.review")
_MOST = 50
_APPROVING = threading.Lock()


def runs(visit: Visit) -> Response:
    """Show the latest re-matches, those that wait for a word first."""
    found = runs_report(visit.service, _MOST)["runs"]
    found.sort(key=lambda run: run["status"] != RunStatus.WAITING)
    return visit.page("runs.html", runs=found, now=visit.at, told_notice=visit.asked.get("note", ""))


def run_page(visit: Visit) -> Response:
    """Show what a re-match proposed."""
    report = run_report(visit.service, _run_id(visit), _MOST)
    homes = Counter((move["came_from"], move["golden_id"]) for move in report["proposed"])
    return visit.page("run.html", run=report, homes=homes, now=visit.at)


def _run_id(visit: Visit) -> str:
    run_id = visit.named["run_id"]
    if not run_id.isalnum():
        raise LookupFailed("E505", "No re-match is known by this.", "Look through the list.")
    return run_id


def approve_run(visit: Visit) -> Response:
    """Carry out what a re-match proposed. It goes on by itself: how far it is stands in the list."""
    run_id, who, service = _run_id(visit), visit.who, visit.service
    run = service.runs.run(run_id)
    if run is None or run.status is not RunStatus.WAITING:
        raise DecisionRefused("NOT_WAITING", "This re-match waits for nobody.", "Look through the list.")

    def carry_out() -> None:
        with _APPROVING:
            try:
                approve(service, run_id, who, Stages())
            except IdentityError as error:
                _LOG.warning("not_approved", code=error.code, run_id=run_id)

    threading.Thread(target=carry_out, name="approve", daemon=True).start()
    return visit.go(address("runs", note="approved"))


def reject_run(visit: Visit) -> Response:
    """Let a re-match go."""
    decided(visit.service, _run_id(visit), RunStatus.REJECTED, visit.who)
    return visit.go(address("runs", note="rejected"))


def letters(visit: Visit) -> Response:
    """Show how everybody who is told stands, and what could not be delivered."""
    return visit.page(
        "letters.html", standings=standings(visit.service.deliveries), now=visit.at,
        letters=visit.service.deliveries.dead_letters(None, DeadLetterStatus.OPEN, 200),
        systems=followed(visit), told_notice=visit.asked.get("note", ""),
    )  # fmt: skip


def redrive(visit: Visit) -> Response:
    """Send the ticked ones again."""
    visit.service.deliveries.redrive(_numbers(visit))
    return visit.go(address("letters", note="redriven"))


def drop(visit: Visit) -> Response:
    """Give the ticked ones up for good."""
    visit.service.deliveries.drop(_numbers(visit))
    return visit.go(address("letters", note="dropped"))


def _numbers(visit: Visit) -> list[int]:
    told = visit.ticked("letter")
    if not told or any(not (each.isascii() and each.isdigit() and len(each) < 16) for each in told):
        raise Refused(400, "Nothing is ticked.", "Tick what shall be sent again.")
    return [int(each) for each in told]


def sources(visit: Visit) -> Response:
    """Show what came of the latest files, and what of it waits. What takes long is fetched by the page itself."""
    quality = visit.service.store.quality
    return visit.page(
        "sources.html", loads=quality.loads(), quarantined=quality.quarantined(), now=visit.at,
        told_notice=visit.asked.get("note", ""),
    )  # fmt: skip


def source_counts(visit: Visit) -> Response:
    """Return how many records each source told."""
    found = visit.service.store.quality.sources()
    return visit.page("part_sources.html", sources=found, policies=visit.service.sources, now=visit.at)


PLACES = (
    Place("GET", "/runs", Right.SEE_RUNS, runs),
    Place("GET", "/runs/{run_id}", Right.SEE_RUNS, run_page),
    Place("POST", "/runs/{run_id}/approve", Right.DECIDE_RUNS, approve_run),
    Place("POST", "/runs/{run_id}/reject", Right.DECIDE_RUNS, reject_run),
    Place("GET", "/letters", Right.SEE_RUNS, letters),
    Place("POST", "/letters/redrive", Right.REDRIVE, redrive),
    Place("POST", "/letters/drop", Right.REDRIVE, drop),
    Place("GET", "/sources", Right.SEE_RUNS, sources),
    Place("GET", "/sources/counts", Right.SEE_RUNS, source_counts),
)
