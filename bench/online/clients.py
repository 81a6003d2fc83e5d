"""Processes that use the service as a server of it would, each with a service of its own.

python -m bench.online.clients lookup ADDRESS FOLDER PLAN PROCESS    questions of each kind, one and many at once
python -m bench.online.clients match ADDRESS FOLDER PLAN             records compared with what is stored
python -m bench.online.clients write ADDRESS FOLDER PLAN SHARE       records written
python -m bench.online.clients nights ADDRESS FOLDER PLAN            a day's changes between two re-matches
python -m bench.online.clients stands ADDRESS                        what a database was built with
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from bench.online.abreast import answer, ready
from bench.online.plan import SEED, Plan, Share
from bench.online.records import KNOWN, RETOLD, UNSEEN, WRITTEN, arrivals, rows
from bench.online.timing import timed
from bench.online.watching import watch
from identity.bootstrap import Service, settings_from
from identity.engines.stages import Stages
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.night import full, incremental
from identity.model.errors import IdentityError
from identity.model.record import RecordKey
from identity.model.run import Run
from identity.ports import Arrival
from identity.store import head_revision

__all__ = ["CLIENTS", "main"]


def lookup(address: str, folder: str, plan: str, process: str) -> dict[str, Any]:
    """Ask for everything in KNOWN by each kind of question, then by all kinds mixed."""
    service, asked = _service(address), Plan.of(plan)
    kinds = _questions(service, rows(folder, KNOWN))
    phases = [_phase(service, asked, kind, found, int(process)) for kind, found in kinds.items()]
    return {"phases": [told for phase in phases for told in phase]}


def _phase(
    service: Service, plan: Plan, kind: str, questions: Sequence[Question], process: int
) -> Iterator[dict[str, Any]]:
    for at_once, calls in ((1, plan.lookups), (plan.at_once, plan.batches)):
        # Nobody asks the same things at the same time.
        chosen = [
            [questions[(process * SEED + call * at_once + n) % len(questions)] for n in range(at_once)]
            for call in range(calls)
        ]
        found: Counter[str] = Counter()
        asking = [partial(_look_up, service, each, found) for each in chosen]
        for call in asking[: plan.warm]:
            call()
        found.clear()
        ready()
        spent = timed(asking, plan.seconds)
        yield {"what": kind, "at_once": at_once, "statuses": dict(found), **spent.told()}


def _look_up(service: Service, questions: Sequence[Question], found: Counter[str]) -> None:
    found.update(told.status for told in service.lookup(questions))


def _questions(service: Service, known: Sequence[Mapping[str, str]]) -> dict[str, list[Question]]:
    """Return the questions of each kind that the stored records give rise to, and all of them in turn."""
    keys: list[Question] = [ByRecord(RecordKey(row["source"], row["source_record_id"])) for row in known]
    kinds: dict[str, list[Question]] = {
        "e-mail": [ByIdentifier("email", row["email"]) for row in known if row["email"]],
        "phone": [ByIdentifier("phone", row["phone"], row["country"] or "") for row in known if row["phone"]],
        "record": keys,
        "golden id": [ByGoldenId(found) for told in service.lookup(keys) for found in told.golden_ids],
    }
    shortest = min(map(len, kinds.values()))
    return kinds | {"mixed": [kind[place] for place in range(shortest) for kind in kinds.values()]}


def match(address: str, folder: str, plan: str) -> dict[str, Any]:
    """Compare records that nobody has stored with those that are, one by one."""
    service, asked = _service(address), Plan.of(plan)
    unseen = arrivals(service, folder, UNSEEN)
    found: Counter[str] = Counter()
    calls = [partial(_match, service, arrival, found) for arrival in unseen]
    for call in calls[: asked.warm]:
        call()
    found.clear()
    ready()
    spent = timed(calls[asked.warm : asked.warm + asked.matches], asked.seconds)
    return {"phases": [{"what": "match", "at_once": 1, "statuses": dict(found), **spent.told()}]}


def _match(service: Service, arrival: Arrival, found: Counter[str]) -> None:
    alike = service.match(arrival.record)
    found[str(alike[0].judgement) if alike else "nobody"] += 1


def write(address: str, folder: str, plan: str, share: str) -> dict[str, Any]:
    """Write a share of WRITTEN, the first few of it before anything is timed."""
    service, asked, mine = _service(address), Plan.of(plan), Share(**json.loads(share))
    seen = watch(service)
    given = arrivals(service, folder, WRITTEN)[mine.first : mine.stop]
    for arrival in given[: mine.warm]:
        service.ingest([arrival])
    counted = given[mine.warm :]
    batches = [counted[at : at + mine.at_once] for at in range(0, len(counted), mine.at_once)]
    told: Counter[str] = Counter()
    before = asdict(seen)
    ready()
    spent = timed((partial(_ingest, service, batch, told) for batch in batches), asked.seconds)
    written = sum(map(len, batches[: len(spent.seconds)]))
    done = {name: count - before[name] for name, count in asdict(seen).items()}
    ready()  # for what is counted when all have written
    left = sum(each.count for each in service.store.views.redo_waiting())
    phase = {"what": "write", "records": written, "outcomes": dict(told), "left": left, **done}
    return {"phases": [phase | spent.told()]}


def _ingest(service: Service, batch: Sequence[Arrival], told: Counter[str]) -> None:
    try:
        done = service.ingest(batch)
    except IdentityError as refusal:
        told[refusal.code] += len(batch)
        return
    told.update(str(each.outcome) for each in done)
    told.update(f"judged {each.judgement}" for each in done)


def nights(address: str, folder: str, plan: str) -> dict[str, Any]:
    """Re-match everybody, tell one record in a hundred anew, and re-match what was told."""
    service, asked = _service(address), Plan.of(plan)
    whole, whole_seconds = _night(lambda: full(service.night, Stages()))
    given = arrivals(service, folder, RETOLD)
    for at in range(0, len(given), asked.at_once):
        service.ingest(given[at : at + asked.at_once])
    recent, recent_seconds = _night(lambda: incremental(service.night, Stages()))
    return {
        "full": {**whole.report["impact"], "status": str(whole.status), "seconds": whole_seconds},
        "incremental": {**recent.report["impact"], "status": str(recent.status), "seconds": recent_seconds},
        "told": len(given),
    }


def _night(run: Callable[[], Run]) -> tuple[Run, float]:
    began = time.perf_counter()
    return run(), time.perf_counter() - began


def stands(address: str) -> dict[str, Any]:
    """Return what a database was built with, and whether its index is what it would be built with now."""
    service = _service(address)
    with service.store.look() as look:
        found = {"index": look.index_version(), "model": look.model_version()}
    return {**found, "revision": head_revision(), "fits": found["index"] == service.index.version}


def _service(address: str) -> Service:
    return Service(settings_from({**os.environ, "IDENTITY_DATABASE_URL": address}))


CLIENTS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "lookup": lookup,
    "match": match,
    "nights": nights,
    "stands": stands,
    "write": write,
}


def main(name: str, *arguments: str) -> None:
    """Run a client by name."""
    answer(CLIENTS[name](*arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
