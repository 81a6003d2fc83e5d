"""python -m tests.soak --minutes 10 [--seed N] [--json]: the whole system under load while its parts are killed."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import orjson

from identity.store import Store

from .book import Book
from .checks import drained, ending, verified
from .clients import Caller, Client
from .faults import FAULTS
from .screen import Steward
from .system import STREAM, System, running_system

__all__ = ["Soak", "main", "soak"]

_EVERY = 20.0
_VERIFY = 60.0


@dataclass
class Soak:
    """What a run came to."""

    seed: int
    minutes: float
    book: Book
    faults: Counter[str] = field(default_factory=Counter)
    restarts: dict[str, int] = field(default_factory=dict)
    drain: float = 0.0

    def report(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "minutes": self.minutes,
            "done": dict(sorted(self.book.done.items())),
            "came_back_later": dict(sorted(self.book.refused.items())),
            "faults": dict(sorted(self.faults.items())),
            "restarts": self.restarts,
            "drain_seconds": round(self.drain, 1),
            "people": len(self.book.people),
            "erased": sum(person.erased for person in self.book.people),
            "violations": self.book.violations,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--faults", nargs="*", choices=sorted(FAULTS), help="these only; by default all")
    parser.add_argument("--keep", metavar="FILE", help="copy the database there where something was violated")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    with running_system(prepare=_subscribed) as system:
        run = soak(system, told.minutes, told.seed, told.clients, told.faults or sorted(FAULTS), say)
        if told.keep and run.book.violations:
            _keep(system, Path(told.keep))
    report = run.report()
    print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() if told.json else _table(report))
    return 1 if report["violations"] else 0


def soak(
    system: System, minutes: float, seed: int, clients: int, faults: Sequence[str], say: Callable[[str], None]
) -> Soak:
    """Run the load, with a fault about every twenty seconds, and look at the end; it ends by itself."""
    run, random, stop = Soak(seed, minutes, Book()), Random(seed), threading.Event()
    token, enrol = system.token(), _programme(system)
    callers = [Caller(system.url, token, run.book, Random(seed * 100 + n), stop) for n in range(clients)]
    threads: list[threading.Thread] = [Client(caller, enrol) for caller in callers]
    threads.append(Steward(system, run.book, Random(seed * 100 + 99), stop))
    for thread in threads:
        thread.start()
    last = _break(system, run, random, minutes * 60, faults, say)
    stop.set()
    for thread in threads:
        thread.join(200)
    if any(thread.is_alive() for thread in threads):
        run.book.violated("a client hangs")
    run.drain = drained(system, run.book, last)
    say(f"drained {run.drain:.1f} s after the last fault")
    verified(system, run.book)
    ending(system, run.book, Caller(system.url, token, run.book, random))
    run.restarts = dict(system.restarts)
    return run


def _break(
    system: System,
    run: Soak,
    random: Random,
    seconds: float,
    faults: Sequence[str],
    say: Callable[[str], None],
) -> float:
    """Break something again and again; return when that was last over. Each has its turn before one comes again."""
    begun = last = time.monotonic()
    verify_at, bag, seen = begun + _VERIFY, list[str](), 0
    while (left := begun + seconds - time.monotonic()) > 0:
        time.sleep(min(left, random.uniform(0.7, 1.3) * min(_EVERY, seconds / 3)))
        bag = bag or random.sample(faults, len(faults))
        name = bag.pop()
        FAULTS[name](system, random)
        run.faults[name] += 1
        last = time.monotonic()
        say(
            f"{last - begun:5.0f} s  {name:<28} done {sum(run.book.done.values())},"
            f" later {sum(run.book.refused.values())}, violations {len(run.book.violations)}"
        )
        for each in run.book.violations[seen:]:
            say(f"         violated: {each[:300]}")
        seen = len(run.book.violations)
        if time.monotonic() >= verify_at:
            verify_at = time.monotonic() + _VERIFY
            verified(system, run.book)
    return last


def _subscribed(system: System) -> None:
    """Have a stream told, and a steward let in, before anybody runs."""
    added = system.identity("subscribers", "add", "stream", "--stream", STREAM)
    assert added.returncode == 0, added.stderr
    Steward.opened(system)


def _keep(system: System, file: Path) -> None:
    """Copy the database and what the processes said, for who looks for what went wrong."""
    store = Store(system.database_url)
    store.dump(file)
    store.close()
    for name in system.processes.running:
        file.with_name(f"{file.name}.{name}.log").write_text(system.said(name))


def _programme(system: System) -> Callable[[str], None]:
    """Return what enrols a member of the loyalty platform, which is waited for where it stands still."""
    headers = {"Authorization": f"Bearer {system.loyalty_token}"}
    client = httpx2.Client(base_url=system.loyalty_url, headers=headers, timeout=10)

    def post(path: str, body: object, key: str) -> None:
        for _ in range(60):
            try:
                answer = client.post(f"/v1/programs{path}", json=body, headers={"Idempotency-Key": key})
            except httpx2.HTTPError:
                time.sleep(0.5)
                continue
            assert answer.status_code < 300, answer.text
            return
        raise AssertionError("the loyalty platform does not answer")

    post("", {"program": "rewards", "tiers": [{"name": "basic"}]}, "programme")
    return lambda number: post("/rewards/members", {"number": number}, f"member-{number}")


def _table(report: dict[str, Any]) -> str:
    lines = [f"Soak of {report['minutes']:g} minutes, seed {report['seed']}", ""]
    for title in ("done", "came_back_later", "faults", "restarts"):
        lines.append(title.replace("_", " "))
        lines += [f"  {count:>8}  {name}" for name, count in report[title].items()]
    lines += ["", f"people {report['people']}, erased {report['erased']}"]
    lines += [f"drained {report['drain_seconds']} s after the last fault (limit 120)"]
    lines += [f"violations: {len(report['violations'])}", *(f"  - {each}" for each in report["violations"])]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
