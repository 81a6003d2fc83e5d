"""Every text of the corpus in files of three formats: resolved, loaded, accounted for, set aside and sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.model.record import RecordKey
from tests.commands.terminal import identity
from tests.corpus.cases import Case, Outcome
from tests.corpus.values import VALUES
from tests.corpus.written import FORMATS, write

STARTER = Path(__file__).parents[2] / "matching_rules" / "starter.model.json"
MENDED = {"birth_date": "1985-03-04", "email": "ines@acme.example", "phone": "2125550142"}


@dataclass(frozen=True)
class Sent:
    """The files, the case of each of their rows, and what the commands said."""

    folder: Path
    files: dict[str, Path]
    held: dict[str, list[Case]]
    resolved: dict[str, Any]
    loaded: dict[str, Any]

    def service(self) -> Service:
        return Service(Settings(f"sqlite:///{self.folder / 'identity.db'}"))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    folder = tmp_path_factory.mktemp("sent")
    written = {form: write(VALUES, form, folder) for form in FORMATS}
    files = {form: path for form, (path, _) in written.items()}
    model = ("--model", STARTER, "--json")
    resolved = identity("resolve", *files.values(), "--out", folder / "out", *model).report
    loaded = identity("load", *files.values(), "--json", database=folder / "identity.db").report
    return Sent(folder, files, {form: cases for form, (_, cases) in written.items()}, resolved, loaded)


def issues(sent: Sent, table: str, form: str) -> dict[int, list[str]]:
    """Return the codes told of each row of a file."""
    found: dict[int, list[str]] = {}
    for issue in pq.read_table(sent.folder / "out" / f"{table}.parquet").to_pylist():
        if issue["file"] == str(sent.files[form]):
            found.setdefault(issue["row"], []).append(issue["code"])
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_every_row_is_set_aside_under_its_code_or_taken(sent: Sent, form: str) -> None:
    aside, warned = issues(sent, "quarantine", form), issues(sent, "warnings", form)
    wrong = []
    for row, case in enumerate(sent.held[form], start=1):
        due = [case.told] if case.outcome is Outcome.SET_ASIDE else []
        if aside.get(row, []) != due or (case.warned and case.warned not in warned.get(row, [])):
            wrong.append((case.family, case.attribute, case.text[:40], aside.get(row), warned.get(row)))
    assert wrong == []


@pytest.mark.parametrize("command", ["resolved", "loaded"])
def test_every_row_is_counted_once(sent: Sent, command: str) -> None:
    report = getattr(sent, command)
    for file, cases in zip(report["files"], sent.held.values(), strict=True):
        aside = sum(case.outcome is Outcome.SET_ASIDE for case in cases)
        told = (file["rows"], file["accepted"], file["quarantined"], file["rejected"])
        assert told == (len(cases), len(cases) - aside, aside, 0)


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_taken_is_stored_as_it_was_told(sent: Sent, form: str) -> None:
    taken = {
        RecordKey("pos", f"{form}-{n}"): case
        for n, case in enumerate(sent.held[form])
        if case.outcome is not Outcome.SET_ASIDE
    }
    service = sent.service()
    with service.store.look() as look:
        found = look.stored(list(taken))
    service.store.close()
    changed = [
        (case.family, case.text[:40])
        for key, case in taken.items()
        if dict(found[key].record.attributes)
        != ({case.attribute: told} if (told := case.text.strip()) else {})
    ]
    assert changed == []


def test_what_was_set_aside_is_taken_when_it_is_mended_and_sent_again(sent: Sent) -> None:
    rows = list(set_aside(sent, "jsonl"))
    again = [
        mended(row, sent.held["jsonl"]) for row in rows if row.code != "E309"
    ]  # of which only the beginning is kept
    assert len(again) > 150
    (sent.folder / "again.jsonl").write_text("\n".join(again))
    report = identity(
        "load", sent.folder / "again.jsonl", "--json", database=sent.folder / "identity.db"
    ).report
    assert (report["rows"], report["accepted"], report["quarantined"]) == (len(again), len(again), 0)


def set_aside(sent: Sent, form: str) -> Iterator[Any]:
    service, cursor = sent.service(), 0
    while rows := service.store.quarantine(SystemClock()).of_file(str(sent.files[form]), cursor, 500):
        yield from (row for row in rows if row.outcome == "quarantined")
        cursor = rows[-1].id
    service.store.close()


def mended(row: Any, cases: list[Case]) -> str:
    told = {name: value for name, value in json.loads(row.raw, strict=False).items() if value is not None}
    attribute = cases[row.row - 1].attribute
    return json.dumps({**told, attribute: MENDED.get(attribute, "A 77123")})
