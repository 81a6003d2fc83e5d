"""Rows that were set aside, on the screen: seen by code, masked, mended in place, tried again, dropped."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from identity.bootstrap import SystemClock
from identity.model.quarantine import SetAside
from identity.model.record import RecordKey
from identity.model.steward import Role

from .world import Visitor, World, set_aside, told


def waiting(world: World, code: str = "E313", source: str = "pos") -> SetAside:
    """Return a row that waits; its birthday is impossible."""
    found: SetAside = book(world).waiting(source, code)[0]
    return found


def book(world: World) -> Any:
    return world.service.store.quarantine(SystemClock())


@pytest.fixture
def lea(world: World, tmp_path: Path) -> Visitor:
    """A lead; a till has sent three birthdays that do not exist."""
    set_aside(world, tmp_path)
    return world.visitor("lea", Role.LEAD)


def columns(page: str) -> dict[str, str]:
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'name="column:([^"]*)" value="([^"]*)"', page)
    }


def revealed(lea: Visitor, row: SetAside) -> dict[str, str]:
    lea.follow(lea.post(f"/quarantine/{row.id}/reveal"))
    return columns(lea.last.text)


def test_the_sources_lead_to_what_waits_by_code(world: World, lea: Visitor) -> None:
    row = waiting(world)
    page = lea.get("/sources").text
    assert f"/review/quarantine?source=pos&amp;code={row.code}" in page
    assert "pos, last" in lea.get("/sources/counts").text
    listed = lea.get(f"/quarantine?source=pos&code={row.code}").text
    assert f"/review/quarantine/{row.id}" in listed
    assert "Correct the day" in listed


def test_a_row_is_masked_until_somebody_asks_and_that_is_written_down(world: World, lea: Visitor) -> None:
    row = waiting(world)
    masked = lea.get(f"/quarantine/{row.id}").text
    assert not columns(masked)
    shown = revealed(lea, row)
    name = shown["LAST_NAME"]
    assert name
    assert name not in masked
    (entry,) = [e for e in world.service.store.audit(SystemClock()).entries() if e.action == "reveal"]
    assert (entry.actor, name in entry.details) == ("lea", False)


def test_a_row_is_mended_in_its_own_columns(world: World, lea: Visitor) -> None:
    row = waiting(world)
    typed = revealed(lea, row) | {"BIRTHDAY": "01.02.1980"}
    answer = lea.post(
        f"/quarantine/{row.id}/mend", {f"column:{name}": value for name, value in typed.items()}
    )
    assert told(answer) == {"note": "mended"}
    page = lea.follow(answer).text
    assert f"Row {row.id} was mended" in page
    now = book(world).row(row.id)
    assert (now.status, now.closed_by) == ("mended", "lea")
    record = world.service.store.views.record(RecordKey("pos", now.source_record_id))
    assert record is not None
    assert record.attributes["birth_date"] == "1980-02-01"
    home = world.service.store.views.golden_id_of(record.key)
    assert f"/review/profiles/{home}" in page
    again = lea.post(f"/quarantine/{row.id}/mend", {"column:BIRTHDAY": "02.02.1981"})
    assert told(again) == {"note": "mended"}
    assert world.service.store.views.record(record.key) == record


def test_what_still_fails_says_why_and_keeps_what_was_typed(world: World, lea: Visitor) -> None:
    row = waiting(world)
    typed = revealed(lea, row) | {"BIRTHDAY": "01.02.2999", "TOWN": "Elsewhere"}
    answer = lea.post(
        f"/quarantine/{row.id}/mend", {f"column:{name}": value for name, value in typed.items()}
    )
    assert answer.status_code == 422
    assert "Still not taken. E314" in answer.text
    assert "Correct the day" in answer.text
    assert columns(answer.text)["TOWN"] == "Elsewhere"
    assert book(world).row(row.id).waits


def test_nothing_is_mended_blindly(world: World, lea: Visitor) -> None:
    row = waiting(world)
    assert lea.post(f"/quarantine/{row.id}/mend", {"column:BIRTHDAY": ""}).status_code == 409
    assert book(world).row(row.id).waits
    assert lea.get("/quarantine/99999").status_code == 404
    assert lea.get("/quarantine/x").status_code == 404


def test_a_row_is_dropped_with_a_reason(world: World, lea: Visitor) -> None:
    row = waiting(world)
    assert lea.post(f"/quarantine/{row.id}/drop", {"reason": " "}).status_code == 400
    page = lea.follow(lea.post(f"/quarantine/{row.id}/drop", {"reason": "a test till"})).text
    assert "was dropped" in page
    assert "a test till" in page
    other = waiting(world)
    form = {"source": "pos", "code": other.code, "row": str(other.id), "reason": "another"}
    assert lea.follow(lea.post("/quarantine/drop", form)).status_code == 200
    assert book(world).row(other.id).status == "dropped"
    assert lea.post("/quarantine/drop", {"reason": "nothing"}).status_code == 400


def test_all_of_a_code_are_tried_again_and_counted(world: World, lea: Visitor) -> None:
    waits = book(world).count("pos", "E313")
    page = lea.follow(lea.post("/quarantine/redrive", {"source": "pos", "code": "E313"})).text
    assert f"{waits} tried again: 0 taken, {waits} not." in page


@pytest.mark.parametrize("role", [Role.STEWARD, Role.PRIVACY_OFFICER, Role.AUDITOR, Role.ADMIN])
def test_only_a_lead_mends(world: World, tmp_path: Path, role: Role) -> None:
    set_aside(world, tmp_path)
    row, other = waiting(world), world.visitor("other", role)
    other.get("/quality")
    assert other.post(f"/quarantine/{row.id}/mend", {"column:BIRTHDAY": ""}).status_code == 403
    assert other.post(f"/quarantine/{row.id}/reveal").status_code == 403
    assert book(world).row(row.id).waits
