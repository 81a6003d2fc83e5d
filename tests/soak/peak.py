"""python -m tests.soak.peak [--minutes 2] [--normal 20]: look-ups at ten times their usual rate while a load runs."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
import orjson

from .book import Book
from .clients import Caller
from .system import System, running_system

__all__ = ["Peak", "main", "peak"]

_TIMES = 10
_SHED = (429, 503)
_PEOPLE = 500
_CALLERS = 16


@dataclass
class Peak:
    """What look-ups came to: seconds of those that were answered, how many were shed, and anything else."""

    seconds: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    loaded: int = 0
    took: float = 0.0

    def report(self, wanted: float) -> dict[str, Any]:
        told = sum(self.answers.values())
        shed = sum(self.answers[str(status)] for status in _SHED)
        return {
            "wanted_per_second": wanted,
            "asked_per_second": round(told / self.took, 1),
            "p50_ms": round(_quantile(self.seconds, 0.5) * 1000, 1),
            "p99_ms": round(_quantile(self.seconds, 0.99) * 1000, 1),
            "shed_share": round(shed / max(told, 1), 4),
            "answers": dict(sorted(self.answers.items())),
            "records_loaded_beside": self.loaded,
            "errors": {name: n for name, n in self.answers.items() if name not in _FINE},
        }


_FINE = {"200", *map(str, _SHED)}


def _quantile(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.peak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--normal", type=float, default=20.0, help="look-ups a second on a usual day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    with running_system() as system:
        found = peak(system, told.minutes * 60, told.normal * _TIMES, told.seed)
    report = found.report(told.normal * _TIMES)
    if told.json:
        print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(f"{name:<24} {value}" for name, value in report.items()))
    return 1 if report["errors"] or not found.seconds else 0


def peak(system: System, seconds: float, rate: float, seed: int) -> Peak:
    """Ask so many look-ups a second, each at its time whether or not those before it were answered in theirs."""
    found, token, stop = Peak(), system.token("peak"), threading.Event()
    keys = _told(system, token, seed)
    begun = time.monotonic() + 1
    due = _Due(begun, rate, begun + seconds)
    asking = [
        threading.Thread(target=_ask, args=(system.url, token, keys, due, found)) for _ in range(_CALLERS)
    ]
    loading = threading.Thread(target=_load, args=(system, token, seed, stop, found))
    for thread in (*asking, loading):
        thread.start()
    for thread in asking:
        thread.join()
    found.took = time.monotonic() - begun
    stop.set()
    loading.join()
    return found


class _Due:
    """The moments at which the next look-up is due. A latency counts from then: who waits for a free caller waits."""

    def __init__(self, begun: float, rate: float, end: float) -> None:
        self._next, self._step, self._end, self._lock = begun, 1 / rate, end, threading.Lock()

    def take(self) -> float | None:
        with self._lock:
            at, self._next = self._next, self._next + self._step
        return at if at < self._end else None


def _records(random: Random, count: int) -> list[dict[str, str]]:
    return [
        {
            "source": "pos",
            "source_record_id": f"p{random.getrandbits(40):010x}",
            "given_name": "Ines",
            "family_name": f"zq{random.getrandbits(48):012x}x",
        }
        for _ in range(count)
    ]


def _told(system: System, token: str, seed: int) -> list[dict[str, str]]:
    random = Random(seed)
    caller, records = Caller(system.url, token, Book(), random), _records(random, _PEOPLE)
    for at in range(0, _PEOPLE, 50):
        caller.ask("POST", "/v1/records:batch", {"records": records[at : at + 50]})
    return [{name: record[name] for name in ("source", "source_record_id")} for record in records]


def _ask(url: str, token: str, keys: Sequence[dict[str, str]], due: _Due, found: Peak) -> None:
    random = Random(id(found))
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
        while (at := due.take()) is not None:
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                status = client.post("/v1/lookup", json=random.choice(keys)).status_code
            except httpx2.HTTPError as error:
                found.answers[type(error).__name__] += 1
                continue
            found.answers[str(status)] += 1
            if status == 200:
                found.seconds.append(time.monotonic() - at)


def _load(system: System, token: str, seed: int, stop: threading.Event, found: Peak) -> None:
    caller = Caller(system.url, token, Book(), Random(seed + 1))
    while not stop.is_set():
        caller.ask("POST", "/v1/records:batch", {"records": _records(caller.random, 20)})
        found.loaded += 20


if __name__ == "__main__":
    sys.exit(main())
