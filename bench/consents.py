"""`python -m bench.consents`: how many people a campaign tool can ask about in a second, a thousand per call."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table

from api.app import create_app
from api.scopes import Scope
from api.settings import ApiSettings
from api.tokens import issue
from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller
from identity.flows.lookup import ByGoldenId, ByIdentifier, Question
from identity.model.cluster import GoldenId
from identity.observing.logs import log_to
from identity.sample import write_sample

__all__ = ["main", "measured"]

_AT_ONCE = 1_000
_FACTS = 500
ASKER = Asker("marketing", "email")


def main() -> None:
    """Load made-up people, tell some facts, and ask about everybody: in process and over HTTP."""
    parser = argparse.ArgumentParser(prog="python -m bench.consents", description=main.__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--url", help="A database; by default a new file of SQLite.")
    asked = parser.parse_args()
    log_to("bench", "warning", "console", sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), asked.people, asked.url or f"sqlite:///{folder}/identity.db")
    table = Table("asked by", "profiles", "seconds", "profiles/s", box=None, pad_edge=False)
    for row in found:
        rate = f"{row['profiles'] / row['seconds']:,.0f}"
        table.add_row(row["by"], f"{row['profiles']:,}", f"{row['seconds']:.2f}", rate)
    Console(width=100).print(table)


def measured(folder: Path, people: int, url: str) -> list[dict[str, Any]]:
    """Return how long it took to ask about everybody, by each way of asking."""
    service = Service(Settings(url))
    write_sample(people, 7, folder, canonical=True, systems=False)
    records = folder / "records.parquet"
    load_files(service, [str(records)], None, Stages())
    ids = _golden_ids(service)
    emails = [text for text in pq.read_table(records, columns=["email"])["email"].to_pylist() if text]
    _tell(service, ids[:_FACTS])
    found = [
        _row("golden id, in process", _in_process(service, [ByGoldenId(each) for each in ids])),
        _row("e-mail, in process", _in_process(service, [ByIdentifier("email", text) for text in emails])),
        _row("golden id, over HTTP", _over_http(service, folder, [{"golden_id": each} for each in ids])),
    ]
    service.store.close()
    return found


def _golden_ids(service: Service) -> list[GoldenId]:
    with service.store.begin(service.desk.clock) as work:
        return [GoldenId(row) for row in work.profiles()["golden_id"].to_pylist()]


def _tell(service: Service, ids: Sequence[GoldenId]) -> None:
    names = count()
    for start in range(0, len(ids), 50):
        said = [Said(ByGoldenId(each), "marketing", "email", "granted") for each in ids[start : start + 50]]
        service.consents.tell(said, Teller("bench", f"bench-{next(names)}"))


def _in_process(service: Service, questions: Sequence[Question]) -> tuple[int, float]:
    return _timed(questions, lambda some: service.consents.check(some, ASKER))


def _over_http(service: Service, folder: Path, keys: Sequence[Mapping[str, str]]) -> tuple[int, float]:
    settings = ApiSettings(
        signing_key=folder / "key.json", rate="1000000/second", lookup_quota="1000000000/second"
    )
    token = issue(settings, "bench", [Scope.CONSENTS_CHECK.value], 3_600)
    with TestClient(create_app(service, settings)) as http:

        def ask(some: Sequence[Mapping[str, str]]) -> None:
            body = {"purpose": ASKER.purpose, "channel": ASKER.channel, "keys": some}
            answer = http.post("/v1/consents:check", json=body, headers={"Authorization": f"Bearer {token}"})
            answer.raise_for_status()

        return _timed(keys, ask)


def _timed(keys: Sequence[Any], ask: Callable[[Sequence[Any]], object]) -> tuple[int, float]:
    ask(keys[:_AT_ONCE])
    start = time.perf_counter()
    for first in range(0, len(keys), _AT_ONCE):
        ask(keys[first : first + _AT_ONCE])
    return len(keys), time.perf_counter() - start


def _row(by: str, timed: tuple[int, float]) -> dict[str, Any]:
    return {"by": by, "profiles": timed[0], "seconds": timed[1]}


if __name__ == "__main__":
    main()
