"""python -m tests.soak --minutes 10: the whole system under load while it is broken. Exit code 1 on a violation."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import httpx2

from . import checks
from .client import Caller
from .faults import FAULTS, bag
from .ledger import Ledger
from .load import PASSWORD, STEWARD, Client
from .report import shown, told
from .system import STREAM, System, system

__all__ = ["api_of", "loaded", "main", "prepared", "say"]

_CLIENTS = 4
_EVERY = 20.0  # seconds between two faults, on average


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--json", action="store_true", help="print one JSON document at the end")
    wanted = parser.parse_args()
    ledger = Ledger()
    say(f"seed {wanted.seed}, {wanted.minutes:g} minutes, {_CLIENTS} clients")
    with system() as running:
        drain = _soaked(running, ledger, wanted.minutes * 60, Random(wanted.seed))
        restarts = dict(running.processes.restarts)
    report = told(ledger, drain, wanted.seed, wanted.minutes, restarts)
    print(json.dumps(report, indent=2) if wanted.json else shown(report))
    return 1 if ledger.violations else 0


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _soaked(running: System, ledger: Ledger, seconds: float, random: Random) -> float:
    """Run load and faults; return how many seconds after the last fault nothing waited any more."""
    prepared(running)
    with running.orchestrated(lambda name: say(f"{name} ended and is started again")):
        with loaded(running, ledger, random):
            last = _broken(running, ledger, seconds, random)
        say("the load has ended; what waits is worked off")
        drain, late = checks.drained(lambda: checks.backlog(running.postgres.url), last)
        for each in late:
            ledger.violate(each)
        _checked(running, ledger)
    _quiet(running, ledger)
    return drain


def prepared(running: System) -> None:
    running.up()
    word = running.folder / "password"
    word.write_text(PASSWORD)
    for command in (
        ["subscribers", "add", "stream", "--stream", STREAM],
        ["steward", "add", STEWARD, "--role", "lead", "--password-file", str(word)],
    ):
        done = running.identity(*command)
        assert done.returncode == 0, done.stderr
    with _platform(running, Ledger()) as platform:
        program = {"program": "rewards", "tiers": [{"name": "basic"}]}
        platform.ask("program", "POST", "/v1/programs", program, (201,))


@contextmanager
def _platform(running: System, ledger: Ledger) -> Iterator[Caller]:
    token = Path(running.environment["LOYALTY_TOKEN_FILE"]).read_text().strip()
    headers, base = {"Authorization": f"Bearer {token}"}, running.environment["IDENTITY_LOYALTY_URL"]
    with httpx2.Client(base_url=base, headers=headers, timeout=30) as http:
        yield Caller(http, ledger)


@contextmanager
def api_of(running: System, client: str) -> Iterator[httpx2.Client]:
    token = running.token("--client", client)
    with httpx2.Client(
        base_url=running.base, headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as http:
        yield http


@contextmanager
def loaded(running: System, ledger: Ledger, random: Random) -> Iterator[None]:
    stop, ready = threading.Event(), threading.Barrier(_CLIENTS + 1)

    def work(name: str, own: Random) -> None:
        with api_of(running, name) as http, _platform(running, ledger) as platform:
            ready.wait()
            Client(Caller(http, ledger), own, platform).run(stop)

    threads = [
        threading.Thread(target=work, args=(f"soak-{number}", Random(random.random())))
        for number in range(_CLIENTS)
    ]
    for thread in threads:
        thread.start()
    ready.wait()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _broken(running: System, ledger: Ledger, seconds: float, random: Random) -> float:
    """Break one thing after the other until the time is over; return when (monotonic) the last was mended."""
    end, looked = time.monotonic() + seconds, time.monotonic()
    left = bag(random)
    while True:
        time.sleep(max(0.0, min(random.uniform(0.5, 1.5) * _EVERY, end - time.monotonic())))
        left = left or bag(random)
        name = left.pop(0)
        say(f"{name}; so far {sum(ledger.done.values())} done, {len(ledger.violations)} violations")
        FAULTS[name](running, random)
        ledger.faults[name] += 1
        mended = time.monotonic()
        if mended >= end:
            return mended
        if mended - looked >= 60:
            looked = mended
            _verified(running, ledger)


def _verified(running: System, ledger: Ledger) -> None:
    done = running.identity("verify", "--json")
    ledger.did("identity verify")
    if done.returncode == 0:
        return
    broken: Any = done.stderr[-500:]
    if done.stdout.startswith("{"):
        broken = [each for each in json.loads(done.stdout)["invariants"] if each["broken"]]
        for case in (case for each in broken for case in each["cases"][:3]):
            ledger.violate(f"{case} stands in {checks.where(running.postgres.url, case)}")
    ledger.violate(f"identity verify: {broken}")


def _checked(running: System, ledger: Ledger) -> None:
    with api_of(running, "checks") as http:
        caller = Caller(http, ledger)

        def post(path: str, body: Any) -> Any:
            return caller.ask("check", "POST", path, body).json()

        def status(golden_id: str) -> int:
            expected = (200, 404, 410)
            return caller.ask("check", "GET", f"/v1/profiles/{golden_id}", expected=expected).status_code

        found = [
            *checks.lost(ledger, post),
            *checks.not_gone(ledger, status),
            *checks.traces(ledger, running.postgres.url),
            *checks.traces_in_files(ledger, running.folder, "postgresql"),
            *checks.allowed_against(ledger, post),
        ]
    for each in found:
        ledger.violate(each)
    _verified(running, ledger)
    compared = running.identity("reconcile", "loyalty", "--json")
    if compared.returncode != 0:
        ledger.violate(f"the loyalty platform differs: {compared.stdout[-800:]} {compared.stderr[-300:]}")


def _quiet(running: System, ledger: Ledger) -> None:
    """What goes wrong may be told, but not as a trace of the code."""
    for name in ("api", "relay", "consume-loyalty"):
        said = running.processes.said(name)
        if "Traceback" in said:
            where = said.index("Traceback")
            ledger.violate(f"{name} wrote a traceback: {said[where : where + 200]} … {said[-300:]}")
        if '"unforeseen"' in said:
            where = said.index('"unforeseen"')
            ledger.violate(f"{name} met something unforeseen: {said[max(0, where - 300) : where + 300]}")


if __name__ == "__main__":
    sys.exit(main())
