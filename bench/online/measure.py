"""What is measured in real time: on each size and each database, and of Splink on the same records."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.http.measure import measured_http
from bench.measure import Told
from bench.online.abreast import abreast
from bench.online.databases import DATABASES, REFUSALS, Place, Stored
from bench.online.kept import CLIENTS, Failed, Filled, filled, records_for
from bench.online.plan import Plan, Round, plan_for, rounds
from bench.online.server import NoServer
from bench.online.timing import summary
from bench.processes import Outcome

__all__ = ["PEER", "STEPS", "growth", "kept_in", "measured_online"]

PEER = "bench.online.peer"
STEPS = ("storage", "lookups", "match", "http", "writes", "nights")
"""Reading first: writing changes what is read."""
_PATIENCE = 600.0
_TRAINING = 1800.0
_NIGHT = 3600.0


@dataclass(frozen=True, slots=True)
class _Asked:
    steps: Sequence[str]
    kept: bool


def measured_online(
    sizes: Sequence[str],
    databases: Sequence[str],
    told: Told,
    keep: Path | None = None,
    plan_of: Callable[[str], Plan] = plan_for,
    steps: Sequence[str] = STEPS,
) -> list[dict[str, Any]]:
    """Return what each size took on each database, of these steps. With `keep`, records and databases are kept there
    and used again."""
    with kept_in(keep) as folder, ExitStack() as servers:
        places = {name: _opened(name, folder, servers) for name in databases}
        asked = _Asked(steps, kept=keep is not None)
        return [_measured(size, plan_of(size), places, folder, told, asked) for size in sizes]


@contextmanager
def kept_in(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)  # a server that runs as somebody else has its data in there
        yield folder


def _opened(database: str, folder: Path, servers: ExitStack) -> Place | str:
    """Return where databases of a kind are, or why there are none."""
    try:
        return servers.enter_context(DATABASES[database](folder / database))
    except NoServer as reason:
        return str(reason)


def _measured(
    size: str, plan: Plan, places: Mapping[str, Place | str], folder: Path, told: Told, asked: _Asked
) -> dict[str, Any]:
    records = folder / size
    try:
        made = records_for(size, plan, records, told)
    except Failed as reason:
        return {"name": size, "failure": str(reason), "databases": [], "peer": {}}
    found = []
    for database, place in places.items():
        marker = folder / f"{database}-{size}.json" if asked.kept else None
        told_of = _on(place, size, plan, records, made, marker, told, asked.steps)
        found.append({"database": database, **told_of})
    if "match" not in asked.steps:
        return {"name": size, "records": made["loaded"], "databases": found, "peer": {}}
    told(f"{size}: Splink, one record at a time")
    (peer,) = abreast(PEER, [(str(records), plan.text())], at_most=_TRAINING)
    return {
        "name": size,
        "records": made["loaded"],
        "held_back": plan.held_back,
        "databases": found,
        "peer": {"phases": [_phase([peer], at) for at in range(_phases(peer))], "failure": peer.failure},
    }


def _on(
    place: Place | str,
    size: str,
    plan: Plan,
    records: Path,
    made: Mapping[str, Any],
    marker: Path | None,
    told: Told,
    steps: Sequence[str],
) -> dict[str, Any]:
    if isinstance(place, str):
        return {"failure": place}
    try:
        with filled(place, size, records, made, marker, told) as database:
            measuring = _Measuring(place, database, size, plan, records, told)
            return {
                "version": place.version,
                "load_seconds": database.load_seconds,
                **{step: getattr(measuring, step)() for step in steps},
                "failure": "",
            }
    except (Failed, *REFUSALS) as reason:
        return {"version": place.version, "failure": str(reason)}


class _Measuring:
    """One database, measured step by step: reading first, because writing changes what is read."""

    def __init__(
        self, place: Place, database: Filled, size: str, plan: Plan, records: Path, told: Told
    ) -> None:
        self._place = place
        self._database = database
        self._plan = plan
        self._arguments = (database.address, str(records), plan.text())
        self._size = size
        self._told = told

    def _tell(self, what: str) -> None:
        self._told(f"{self._size}, {self._place.version}: {what}")

    def storage(self) -> dict[str, Any]:
        """Return bytes per record: of the whole database, and of each table and its indexes."""
        self._tell("storage")
        whole, tables = self._place.stored(self._database.name)
        return {
            "bytes": whole,
            "bytes_per_record": whole / self._database.records,
            "tables": [self._stored(table) for table in tables],
        }

    def _stored(self, table: Stored) -> dict[str, Any]:
        each = (table.content + table.indexes) / self._database.records
        return {**asdict(table), "bytes_per_record": each}

    def lookups(self) -> list[dict[str, Any]]:
        found = []
        for processes in self._plan.lookers:
            self._tell(f"lookups, {processes} at a time")
            found += self._all("lookup", [(str(number),) for number in range(processes)])
        return found

    def match(self) -> list[dict[str, Any]]:
        self._tell("matches without writing")
        return self._all("match", [()])

    def http(self) -> dict[str, Any]:
        return measured_http(self._database.address, Path(self._arguments[1]), self._tell)

    def writes(self) -> list[dict[str, Any]]:
        return [self._round(each) for each in rounds(self._plan)]

    def nights(self) -> dict[str, Any]:
        """Return what re-matching everybody, and then one record in a hundred told anew, took and changed."""
        self._tell("re-matching everybody, then what one record in a hundred told anew")
        (outcome,) = abreast(CLIENTS, [("nights", *self._arguments)], at_most=_NIGHT)
        return {**outcome.answer, "failure": outcome.failure}

    def _round(self, round_: Round) -> dict[str, Any]:
        writers = len(round_.shares)
        self._tell(f"writes, {round_.at_once} at once, writers: {writers}")
        (told,) = self._all("write", [(json.dumps(asdict(share)),) for share in round_.shares])
        return told | {"at_once": round_.at_once, "writers": writers}

    def _all(self, client: str, each: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
        """Return every phase of processes side by side, or, should one have failed, why."""
        outcomes = abreast(CLIENTS, [(client, *self._arguments, *more) for more in each], at_most=_PATIENCE)
        failure = next((outcome.failure for outcome in outcomes if outcome.failure), "")
        if failure:
            return [{"what": client, "processes": len(each), "at_once": 1, "calls": 0, "failure": failure}]
        return [_phase(outcomes, at) for at in range(_phases(outcomes[0]))]


def _phases(outcome: Outcome) -> int:
    return len(outcome.answer.get("phases", ()))


_COUNTED = ("records", "units", "overtaken", "queued", "redone")


def _phase(outcomes: Sequence[Outcome], at: int) -> dict[str, Any]:
    """Return what all processes took for their phase number `at`."""
    told = [outcome.answer["phases"][at] for outcome in outcomes]
    calls = sum(len(process["seconds"]) for process in told)
    counted = {name: sum(process[name] for process in told) for name in _COUNTED if name in told[0]}
    left = {"left": max(process["left"] for process in told)} if "left" in told[0] else {}
    met: Counter[str] = Counter()
    for process in told:
        met.update(process.get("outcomes") or process.get("statuses") or {})
    return {
        "what": told[0]["what"],
        "at_once": told[0].get("at_once", 1),
        "processes": len(told),
        **counted,
        **left,
        "met": dict(sorted(met.items())),
        **summary(told, counted.get("records", calls * told[0].get("at_once", 1))),
        "failure": "",
    }


def growth(sizes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return how many times as long each thing takes at the largest size as at the smallest, by its median."""
    whole = [size for size in sizes if not size.get("failure")]
    if len(whole) < 2:
        return []
    first, last = (_medians(size) for size in (whole[0], whole[-1]))
    return [
        {
            "database": database,
            "what": what,
            "from": whole[0]["name"],
            "to": whole[-1]["name"],
            "times": last[database, what] / first[database, what],
        }
        for database, what in first
        if (database, what) in last
    ]


def _medians(size: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Return the median of every single-process figure by what it is of."""
    found = {("Splink", phase["what"]): phase for phase in size["peer"].get("phases", ())}
    for database in size["databases"]:
        read = [*database.get("lookups", ()), *database.get("match", ())]
        for phase in read:
            if phase["processes"] == 1:
                found[database["database"], f"{phase['what']}, {phase['at_once']} at once"] = phase
        for phase in database.get("writes", ()):
            if phase["writers"] == 1:
                found[database["database"], f"write, {phase['at_once']} at once"] = phase
    return {key: phase["p50_ms"] for key, phase in found.items() if phase.get("calls")}
