"""The review screen's part: how long its pages take the server, with many records and many open tasks.

Pages are asked for one after the other, over HTTP, by somebody who is logged in; what is told is what the server itself
took, from the first byte of a request to the last of its answer's headers.
"""

from __future__ import annotations

import itertools
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import structlog
import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from bench.measure import Told
from bench.online.databases import DATABASES, REFUSALS
from bench.online.kept import Failed, Filled, filled, records_for
from bench.online.measure import kept_in
from bench.online.plan import Plan, plan_for
from bench.online.server import NoServer
from bench.online.timing import summary
from identity.bootstrap import Service, Settings, SystemClock
from identity.ids import new_id
from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link
from identity.model.record import RecordKey
from identity.model.review import Concern, ReviewTask
from identity.model.steward import QueueFilter
from identity.steps.reconcile import reconcile
from identity.steps.review import between, extent
from stewardship.accounts import opened
from stewardship.app import create_screen
from stewardship.visit import ROOT

__all__ = ["PAGES", "measured_screen"]

PAGES = (
    "queue", "queue of a kind", "my work", "queue, second page", "queue, unchanged", "task", "task of my work",
    "preview of a merge", "profile", "search", "rows set aside", "sources", "quality", "re-matches", "delivery",
)  # fmt: skip
_PASSWORD = "a password of the benchmark"
_WARM = 10
_PART = {"task": {}, "task of my work": {"whose": "mine"}}
"""From which part of the queue one looks at a task: who is at nothing has no neighbours anywhere in it."""


def measured_screen(
    sizes: Sequence[str],
    databases: Sequence[str],
    told: Told,
    keep: Path | None = None,
    *,
    tasks: int = 50_000,
    calls: int = 200,
    plan_of: Callable[[str], Plan] = plan_for,
) -> list[dict[str, Any]]:
    """Return for each size and database how long each of PAGES took, at so many open tasks, in milliseconds."""
    found = []
    with kept_in(keep) as folder, ExitStack() as servers:
        for database, size in itertools.product(databases, sizes):
            row: dict[str, Any] = {"name": size, "database": database, "failure": "", "pages": []}
            found.append(row)
            try:
                place = servers.enter_context(DATABASES[database](folder / database))
                made = records_for(size, plan_of(size), folder / size, told)
                marker = folder / f"{database}-{size}.json" if keep else None
                with filled(place, size, folder / size, made, marker, told) as stored:
                    told(f"{size}, {place.version}: the review screen")
                    row |= {"version": place.version, **_measured(stored, tasks, calls)}
            except (Failed, NoServer, *REFUSALS) as reason:
                row["failure"] = str(reason)
    return found


def _measured(stored: Filled, tasks: int, calls: int) -> dict[str, Any]:
    service = Service(Settings(stored.address))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        _open_tasks(service, tasks)
        opened(service, "bench", "lead", _PASSWORD)
        with _served(service) as (client, clock):
            pages = [{"page": page, **_timed(client, clock, service, page, calls)} for page in PAGES]
        waiting = sum(service.store.views.reviews_waiting(SystemClock().now()).values())
        return {"records": stored.records, "tasks": waiting, "pages": pages}
    finally:
        service.store.close()


def _open_tasks(service: Service, wanted: int) -> None:
    """Ask about pairs of profiles until so many tasks are open: what the records themselves ask about comes first."""
    clock = SystemClock()
    there = sum(service.store.views.reviews_waiting(clock.now()).values())
    homes: dict[GoldenId, list[RecordKey]] = {}
    with service.store.begin(clock) as work:
        members = work.memberships().sort_by("golden_id").slice(0, 8 * wanted)
    for row in members.to_pylist():
        homes.setdefault(GoldenId(row["golden_id"]), []).append(
            RecordKey(row["source"], row["source_record_id"])
        )
    concerns = list(itertools.islice(_concerns(service, homes), max(0, wanted - there)))
    known = {task.subject for task in service.store.views.reviews(clock.now(), None, there or 1)}
    fresh = [concern for concern in concerns if concern.subject not in known]
    with service.store.begin(clock) as work:
        work.put_reviews(reconcile(fresh, []), "evidence", new_id())


def _concerns(service: Service, homes: dict[GoldenId, list[RecordKey]]) -> Iterator[Concern]:
    ids, thresholds = sorted(homes), service.match_rules.thresholds
    for step in range(1, 20):
        for place, (one, other) in enumerate(zip(ids, ids[step:], strict=False)):
            weight = MatchWeight(
                thresholds.review + (place % 100) / 100 * (thresholds.match - thresholds.review)
            )
            left, right = sorted((homes[one][0], homes[other][0]))
            link = Link(left, right, Judgement.POSSIBLE_MATCH, weight)
            yield between((one, other), link, extent([*homes[one], *homes[other]]), thresholds)


@dataclass
class _Clock:
    """What requests took, as the application itself says it."""

    app: Any
    seconds: list[float] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()
        await self.app(scope, receive, send)
        self.seconds.append(time.perf_counter() - began)


@contextmanager
def _served(service: Service) -> Iterator[tuple[httpx2.Client, _Clock]]:
    app = _Clock(
        create_app(service, ApiSettings(rate="100000/second"), besides={ROOT: create_screen(service)})
    )
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=60) as client:
                form = {"csrf": _csrf(client, "/login"), "name": "bench", "password": _PASSWORD}
                client.post(f"{ROOT}/login", data=form)
                yield client, app
        finally:
            server.should_exit = True
            thread.join(10)


def _csrf(client: httpx2.Client, place: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get(ROOT + place).text)
    assert found is not None, "every page has a form"
    return found[1]


def _timed(client: httpx2.Client, clock: _Clock, service: Service, page: str, calls: int) -> dict[str, Any]:
    asked = _asked(client, service, page, calls + _WARM)
    began = time.perf_counter()
    for number, call in enumerate(asked):
        if number == _WARM:
            clock.seconds.clear()
            began = time.perf_counter()
        answer = call()
        assert answer.status_code in (200, 204), (page, answer.status_code)
    seconds = clock.seconds[:]
    told = {"began": began, "ended": time.perf_counter(), "seconds": seconds}
    return summary([told], len(seconds))


def _asked(
    client: httpx2.Client, service: Service, page: str, calls: int
) -> list[Callable[[], httpx2.Response]]:
    """Return requests for a page; for tasks, each about another one, the most pressing first and far from it."""
    csrf, desks = _csrf(client, ""), service.store.desks(SystemClock())
    rows = [*desks.queue(QueueFilter("bench", limit=calls // 2 + 1)),
            *desks.queue(QueueFilter("bench", limit=calls, offset=max(0, calls // 2 + 1)))]  # fmt: skip
    poll = re.search(r'hx-get="(/review/queue\?[^"]+)"', client.get(ROOT).text)
    assert poll is not None, "the queue is live"
    places = {
        "queue": ROOT, "queue of a kind": f"{ROOT}?kind=possible_match", "queue, second page": f"{ROOT}?page=2",
        "my work": f"{ROOT}?whose=mine", "rows set aside": f"{ROOT}/quarantine",
        "queue, unchanged": poll[1].replace("&amp;", "&"), "sources": f"{ROOT}/sources", "quality": f"{ROOT}/quality",
        "re-matches": f"{ROOT}/runs", "delivery": f"{ROOT}/letters",
    }  # fmt: skip
    pairs = [row.task for row in rows if len(row.task.golden_ids) == 2] or [row.task for row in rows]
    form = {"csrf": csrf, "choice": "merge"}

    def call(task: ReviewTask) -> httpx2.Response:
        if page in places:
            return client.get(places[page])
        if page == "profile":
            return client.get(f"{ROOT}/profiles/{task.golden_ids[0]}")
        if page == "search":
            return client.post(f"{ROOT}/search", data={"csrf": csrf, "sought": str(task.golden_ids[0])})
        if page.startswith("task"):
            return client.get(f"{ROOT}/tasks/{task.task_id}", params=_PART[page])
        return client.post(f"{ROOT}/tasks/{task.task_id}/preview", data=form)

    return [partial(call, pairs[number % len(pairs)]) for number in range(calls)]
