"""python -m tests.soak.peak --seconds 120: look-ups at ten times the normal rate, while the usual load runs.

Normal is 20 look-ups a second: what a shop with two million visits a day asks for. An answer of 429 or 503 that says
when to come again is shed; any other that is no answer fails the run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from collections import Counter
from random import Random

import httpx2

from .__main__ import api_of, loaded, prepared, say
from .ledger import Ledger
from .system import System, system

__all__ = ["main"]

NORMAL = 20.0
_TIMES = 10
_THREADS = 8


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.peak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--normal", type=float, default=NORMAL, help="look-ups a second on a usual day")
    wanted = parser.parse_args()
    ledger = Ledger()
    with system() as running:
        prepared(running)
        with loaded(running, ledger, Random(1)):
            while len(ledger.people) < 100:
                time.sleep(0.2)
            say("the peak begins")
            report = _peak(running, ledger, wanted.seconds, wanted.normal * _TIMES)
    report["violations"] = ledger.violations
    print(json.dumps(report, indent=2))
    return 1 if ledger.violations or report["errors"] else 0


def _peak(running: System, ledger: Ledger, seconds: float, rate: float) -> dict[str, object]:
    answered: list[float] = []
    shed: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    ready = threading.Barrier(_THREADS)

    def ask(number: int) -> None:
        random = Random(number)
        with api_of(running, f"peak-{number}") as http:
            ready.wait()
            due = time.monotonic()
            end = due + seconds
            while (now := time.monotonic()) < end:
                time.sleep(max(0.0, due - now))
                # From when it was due: who waits for a slow answer asks late, and would not see how slow it is.
                status = _asked(http, ledger, random)
                if status == "200":
                    answered.append(time.monotonic() - due)
                else:
                    (shed if status in ("429", "503") else errors)[status] += 1
                due = max(due + _THREADS / rate, time.monotonic() - 1)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = len(answered) + shed.total() + errors.total()
    cuts = statistics.quantiles(answered, n=100) if len(answered) > 1 else [0.0] * 99
    return {
        "wanted_per_second": rate,
        "asked_per_second": round(total / seconds, 1),
        "answered": len(answered),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "shed": dict(shed),
        "shed_share": round(shed.total() / max(1, total), 4),
        "errors": dict(errors),
        "beside_it": dict(ledger.done),
    }


def _asked(http: httpx2.Client, ledger: Ledger, random: Random) -> str:
    person = ledger.people[random.randrange(len(ledger.people))]
    source, record_id = person.records[0]
    asked = {"source": source, "source_record_id": record_id}
    try:
        answer = http.post("/v1/lookup", json=asked)
    except httpx2.HTTPError as error:
        return type(error).__name__
    gone = person.erased or answer.status_code in (404, 410)  # being erased: the ledger hears of it later
    return "200" if gone or answer.status_code == 200 else str(answer.status_code)


if __name__ == "__main__":
    sys.exit(main())
