"""A row that was set aside is mended in place: it becomes the record that it would have been, once, or says why not."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.ingest import ingest_files
from identity.commands.quarantine import drop, fields_of, mend, redrive, row_of
from identity.engines.stages import Stages
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.quarantine import SetAside
from identity.model.record import RecordKey

from .conftest import DATED, HEAD, till

Came = Callable[..., list[SetAside]]


def test_a_row_is_shown_in_the_columns_it_came_in(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"), till(2, "01.02.1980"))
    assert (row.code, row.column, row.row) == ("E313", "BIRTHDAY", 1)
    shown = fields_of(service, row)
    assert list(shown)[: len(HEAD.split(";"))] == HEAD.split(";")
    assert (shown["BIRTHDAY"], shown["LAST_NAME"]) == ("31.02.1980", "Alder")
    assert shown["COUNTY"] == "", "what the rules read besides can be given"


def test_a_mended_row_is_the_record_that_the_file_would_have_made(
    service: Service, came: Came, tmp_path: Path
) -> None:
    (row,) = came(till(1, "31.02.1980"))
    done = mend(service, row.id, {"BIRTHDAY": "28.02.1980"}, "ana")
    assert (done.outcome, done.record) == ("accepted", "pos:1")
    right = tmp_path / "again.csv"
    right.write_text(f"{HEAD}\n{till(1, '28.02.1980')}\n", encoding="cp1252")
    report = ingest_files(service, [f"pos={right}"], None, Stages())
    assert report["outcomes"] == {"unchanged": 1}, "the same content, told by a file"
    record = service.store.views.record(RecordKey("pos", "1"))
    assert record is not None
    assert record.attributes["birth_date"] == "1980-02-28"
    assert record.consents == {"marketing.email": "granted"}


def test_a_mended_row_says_by_whom_and_as_which_record_and_keeps_nothing_else(
    service: Service, came: Came
) -> None:
    (row,) = came(till("", "01.02.1980"))
    assert row.code == "E311"
    mend(service, row.id, {"CUSTOMER_NO": "77"}, "ana")
    now = row_of(service, row.id)
    assert (now.status, now.closed_by, now.closed_reason, now.raw) == ("mended", "ana", "accepted", None)
    assert (now.source, now.source_record_id) == ("pos", "77")
    assert now.closed_at is not None


def test_pressing_twice_writes_once(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"))
    first = mend(service, row.id, {"BIRTHDAY": ""}, "ana")
    events = service.store.views.counts().events
    assert mend(service, row.id, {"BIRTHDAY": "01.01.1990"}, "ben") == first
    assert service.store.views.counts().events == events
    assert row_of(service, row.id).closed_by == "ana"


def test_two_who_press_at_once_write_once(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"))
    assert service.desk is not None
    together = threading.Barrier(4)

    def press(number: int) -> str:
        together.wait(20)
        try:
            return mend(service, row.id, {"BIRTHDAY": f"0{number + 1}.02.1980"}, f"steward {number}").record
        except DecisionRefused as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(press, range(4)))
    assert set(told) <= {"pos:1", "BEING_MENDED"}
    assert "pos:1" in told
    events = service.store.views.events(0, 10)
    assert [event.type for event in events] == ["customer.created"]


def test_a_row_that_still_cannot_be_taken_says_why_and_what_to_do(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"))
    done = mend(service, row.id, {"BIRTHDAY": "28.02.2999"}, "ana")
    assert (done.record, done.code, done.column) == ("", "E314", "BIRTHDAY")
    assert done.fix.startswith("Correct the day")
    assert "till.csv, row 1, column BIRTHDAY: the date is in the future" in done.message
    now = row_of(service, row.id)
    assert (now.status, now.code, now.raw) == ("open", "E313", row.raw), "what was only tried is not kept"
    assert mend(service, row.id, {"BIRTHDAY": ""}, "ana").record == "pos:1"


def test_what_its_source_has_told_since_holds(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980", at=""))
    came(till(1, "05.05.1985", last="Birch", at=""), name="later.csv")
    done = mend(service, row.id, {"BIRTHDAY": ""}, "ana")
    assert (done.outcome, done.record) == ("superseded", "pos:1")
    record = service.store.views.record(RecordKey("pos", "1"))
    assert record is not None
    assert record.attributes["family_name"] == "Birch"


def test_an_older_row_changes_nothing(service: Service, came: Came) -> None:
    came(till(1, "05.05.1985", last="Birch", at="02.02.2026 10:00"))
    (row,) = came(till(1, "31.02.1980", at=DATED), name="late.csv")
    assert mend(service, row.id, {"BIRTHDAY": ""}, "ana").outcome == "superseded"
    record = service.store.views.record(RecordKey("pos", "1"))
    assert record is not None
    assert record.attributes["family_name"] == "Birch"


def test_a_line_that_could_not_be_split_is_typed_into_columns(service: Service, came: Came) -> None:
    (row,) = came("9;Anna;Alder", till(2, "01.02.1980"))
    assert row.code == "E304"
    shown = fields_of(service, row)
    assert set(shown.values()) == {""}
    assert "CUSTOMER_NO" in shown
    done = mend(service, row.id, {"CUSTOMER_NO": "9", "LAST_NAME": "Alder", "EMAIL": "a@mail.example"}, "ana")
    assert done.record == "pos:9"


def test_a_row_in_canonical_columns_is_mended_in_those(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "plain.csv"
    file.write_text(
        "source,source_record_id,email\npos,,a@mail.example\n,5,b@mail.example\n", encoding="utf-8"
    )
    ingest_files(service, [str(file)], None, Stages())
    nameless, homeless = service.store.quarantine(SystemClock()).waiting(None, None)
    assert {nameless.code, homeless.code} == {"E311", "E312"}
    told = {row.code: row for row in (nameless, homeless)}
    assert mend(service, told["E311"].id, {"source_record_id": "4"}, "ana").record == "pos:4"
    assert mend(service, told["E312"].id, {"source": "shop"}, "ana").record == "shop:5"


def test_a_dropped_row_is_gone_with_its_reason(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"))
    assert drop(service, [row.id, row.id, 999], "ana", "a test of the till") == {"dropped": 1}
    now = row_of(service, row.id)
    assert (now.status, now.closed_by, now.closed_reason, now.raw) == (
        "dropped", "ana", "a test of the till", None,
    )  # fmt: skip
    assert drop(service, [row.id], "ben", "again") == {"dropped": 0}
    with pytest.raises(DecisionRefused, match="does not wait"):
        mend(service, row.id, {}, "ben")
    with pytest.raises(LookupFailed, match="E509"):
        mend(service, 999, {}, "ben")


@pytest.fixture
def lenient(url: str, service: Service, tmp_path: Path) -> Iterator[Service]:
    """The same database under rules by which impossible birthdays are kept."""
    rules = tmp_path / "rules"
    shutil.copytree(service.settings.rules, rules)
    told = rules / "sources" / "pos.yml"
    told.write_text(told.read_text().replace("impossible_values: quarantine", "impossible_values: keep"))
    made = Service(Settings(url, rules=rules, index_secret="a secret of the tests"))
    yield made
    made.store.close()


def test_all_rows_of_a_code_are_tried_again_after_a_rule_was_changed(
    service: Service, came: Came, lenient: Service
) -> None:
    bad = [till(number, "31.02.1980", last=f"Alder{number}") for number in range(1, 8)]
    rows = came(*bad, "9;Anna")
    assert len(rows) == 8
    report = redrive(service, "pos", "E313", "ana")
    assert (report["tried"], report["mended"], report["failed"]) == (7, 0, 7)
    report = redrive(lenient, "pos", "E313", "ana", most=5)
    assert (report["tried"], report["mended"], report["left"]) == (5, 5, 2)
    report = redrive(lenient, "pos", "E313", "ana", after=report["next"], most=5)
    assert (report["tried"], report["mended"], report["left"], report["next"]) == (2, 2, 0, None)
    assert redrive(lenient, None, None, "ana") == {
        "tried": 1, "mended": 0, "failed": 0, "unreadable": 1, "held": 0, "codes": {}, "left": 0, "next": None,
    }  # fmt: skip
    assert service.store.views.counts().memberships == 7


def test_rows_of_one_record_are_each_a_word_of_its_own(
    service: Service, came: Came, lenient: Service
) -> None:
    came(till(1, "31.02.1980", last="Early", at="01.02.2026 10:00"))
    came(till(1, "30.02.1980", last="Late", at="02.02.2026 10:00"), name="b.csv")
    report = redrive(lenient, "pos", None, "ana")
    assert (report["tried"], report["mended"], report["left"]) == (2, 2, 0)
    record = service.store.views.record(RecordKey("pos", "1"))
    assert record is not None
    assert record.attributes["family_name"] == "Late"


def test_what_somebody_is_at_is_left_alone(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"))
    book = service.store.quarantine(SystemClock())
    assert book.take([row.id], timedelta(minutes=1)) == {row.id}
    assert redrive(service, None, None, "ana")["held"] == 1
    assert drop(service, [row.id], "ana", "why") == {"dropped": 0}
    with pytest.raises(DecisionRefused, match="Somebody is mending"):
        mend(service, row.id, {"BIRTHDAY": ""}, "ana")
    book.leave([row.id])
    assert mend(service, row.id, {"BIRTHDAY": ""}, "ana").record == "pos:1"


def test_what_was_done_stands_in_the_trail_without_a_value(service: Service, came: Came) -> None:
    (row,) = came(till(1, "31.02.1980"))
    mend(service, row.id, {"BIRTHDAY": ""}, "ana")
    told = [entry.details for entry in service.store.audit(SystemClock()).entries() if entry.actor == "ana"]
    assert told == [f'{{"outcome":"accepted","quarantine":"mend","row":{row.id}}}']


def test_rows_that_are_encrypted_where_they_stand_are_mended_too(url: str, tmp_path: Path) -> None:
    keyed = Service(Settings(url, index_secret="a secret of the tests", field_keys={"k1": b"1" * 32}))
    file = tmp_path / "till.csv"
    file.write_text(f"{HEAD}\n{till(1, '31.02.1980')}\n", encoding="cp1252")
    ingest_files(keyed, [f"pos={file}"], None, Stages())
    (row,) = keyed.store.quarantine(SystemClock()).waiting("pos", "E313")
    assert fields_of(keyed, row)["LAST_NAME"] == "Alder"
    assert mend(keyed, row.id, {"BIRTHDAY": ""}, "ana").record == "pos:1"
    keyed.store.close()
