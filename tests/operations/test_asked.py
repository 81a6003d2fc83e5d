"""What was asked of privacy after a backup is known when it is restored: restrictions hold, the rest is listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity.bootstrap import Service, SystemClock
from identity.commands.backup import backup_report, restore_report
from identity.commands.privacy import (
    carry_out,
    erase_now,
    heal_journals,
    known_request,
    receive,
    refuse,
    release,
    verify,
)
from identity.commands.verify import verify_report
from identity.connectors.request_journal import RequestJournal
from identity.engines.stages import Stages
from identity.flows.lookup import ByRecord
from identity.flows.privacy.reopen import Reopened, reopen
from identity.model.errors import LookupFailed, StoreError
from identity.model.privacy import NotedRequest, PrivacyKind, PrivacyRequest
from identity.remembering import Remembered
from tests.flows.real_time import contradictions
from tests.flows.whole import rows, spoil

from .test_last_word import Drill, drill, status
from .world import pos

__all__ = ["drill"]

WHO = "officer"


def asked(service: Service, name: str, kind: PrivacyKind, **more: dict[str, str]) -> PrivacyRequest:
    """Somebody asks, and is recognised."""
    (answer,) = service.lookup([ByRecord(pos(name))])
    request = receive(service, kind, answer.golden_ids[0], WHO, "she wrote", **more)  # type: ignore[arg-type]
    return verify(service, request.request_id, "by her passport", WHO)


def restricted(service: Service, name: str) -> PrivacyRequest:
    request = asked(service, name, PrivacyKind.RESTRICTION)
    return carry_out(service, request.request_id, WHO)


def restored(drill: Drill, carried_out: int = 0, listed: int = 0) -> Service:
    report = restore_report(drill.settings, drill.backup, Stages())
    again = (report["carried_out_again"], report["listed_again"])
    assert (report["holds"], again) == (True, (carried_out, listed)), [
        each for each in report["invariants"] if each["broken"]
    ]
    return drill.open()


def is_used(service: Service, name: str) -> bool:
    (answer,) = service.lookup([ByRecord(pos(name))])
    return answer.status == "live"


def test_an_id_that_was_merged_away_tells_nothing_of_who_is_restricted_since(drill: Drill) -> None:
    restricted(drill.world.service, "3")  # who was under an id that leads to somebody else by now
    assert contradictions(drill.world.url) == {}
    assert verify_report(drill.world.service.settings, 20, Stages())["holds"]


def test_who_was_restricted_after_the_backup_is_restricted_after_it(drill: Drill) -> None:
    request = restricted(drill.world.service, "3")
    back = restored(drill, carried_out=1)
    assert not is_used(back, "3")
    assert status(back, ByRecord(pos("3"))) == "refused"
    known = known_request(back, request.request_id)
    assert (known.status, known.report["records"]) == ("done", 1)
    assert contradictions(drill.empty) == {}


def test_a_restriction_that_was_put_back_can_be_lifted(drill: Drill) -> None:
    request = restricted(drill.world.service, "3")
    (before,) = drill.world.service.lookup([ByRecord(pos("4"))])
    back = restored(drill, carried_out=1)
    assert release(back, request.request_id, WHO)["records"] == 1
    assert is_used(back, "3")
    assert back.lookup([ByRecord(pos("4"))]) == [before]
    assert contradictions(drill.empty) == {}


def test_a_restriction_that_was_lifted_after_the_backup_is_lifted_after_it(
    drill: Drill, tmp_path: Path
) -> None:
    service = drill.world.service
    request = restricted(service, "3")
    backup_report(service.settings, tmp_path / "tuesday", Stages())
    release(service, request.request_id, WHO)
    back = restored(replace(drill, backup=tmp_path / "tuesday"), carried_out=1)
    assert is_used(back, "3")
    assert "released_at" in known_request(back, request.request_id).report


def test_what_came_and_went_since_is_known_and_holds_nobody(drill: Drill) -> None:
    request = restricted(drill.world.service, "3")
    release(drill.world.service, request.request_id, WHO)
    back = restored(drill, listed=1)
    assert is_used(back, "3")
    assert "released_at" in known_request(back, request.request_id).report


def test_a_request_that_came_after_the_backup_waits_after_it_until_the_day_it_is_due(drill: Drill) -> None:
    request = asked(drill.world.service, "4", PrivacyKind.ACCESS)
    back = restored(drill, listed=1)
    known = known_request(back, request.request_id)
    assert (known.status, known.kind, known.due_at) == ("received", "access", request.due_at)
    assert "asked again" in known.reason


def test_what_was_decided_stays_decided(drill: Drill, tmp_path: Path) -> None:
    service = drill.world.service
    met, refused = (asked(service, name, PrivacyKind.ACCESS) for name in ("3", "4"))
    backup_report(service.settings, tmp_path / "tuesday", Stages())
    carry_out(service, met.request_id, WHO)
    refuse(service, refused.request_id, "not hers", WHO)
    back = restored(replace(drill, backup=tmp_path / "tuesday"), listed=2)
    states = [known_request(back, each.request_id) for each in (met, refused)]
    assert [each.status for each in states] == ["done", "refused"]
    assert [each.check for each in states] == ["by her passport"] * 2


def test_why_a_request_was_refused_is_known_afterwards(drill: Drill) -> None:
    request = asked(drill.world.service, "4", PrivacyKind.ACCESS)
    refuse(drill.world.service, request.request_id, "not hers", WHO)
    assert known_request(drill.world.service, request.request_id).reason == "not hers"


def test_values_that_were_put_right_since_are_to_be_put_right_again(drill: Drill, tmp_path: Path) -> None:
    service = drill.world.service
    request = asked(service, "3", PrivacyKind.RECTIFICATION, wanted={"given_name": "Chloe"})
    backup_report(service.settings, tmp_path / "tuesday", Stages())
    carry_out(service, request.request_id, WHO)
    back = restored(replace(drill, backup=tmp_path / "tuesday"))
    known = known_request(back, request.request_id)
    assert (known.status, known.wanted) == ("verified", {"given_name": "Chloe"})
    assert carry_out(back, request.request_id, WHO).status == "done"


def test_values_that_nobody_wrote_down_are_asked_again(drill: Drill) -> None:
    request = asked(drill.world.service, "3", PrivacyKind.RECTIFICATION, wanted={"given_name": "Chloe"})
    carry_out(drill.world.service, request.request_id, WHO)
    assert known_request(restored(drill, listed=1), request.request_id).status == "received"


def test_who_was_erased_since_is_not_asked_about_again(drill: Drill) -> None:
    service = drill.world.service
    golden_id = restricted(service, "3").golden_id
    request = receive(service, PrivacyKind.ERASURE, golden_id, WHO)
    verify(service, request.request_id, "by her passport", WHO)
    carry_out(service, request.request_id, WHO)
    report = restore_report(drill.settings, drill.backup, Stages())
    assert (report["holds"], report["erased_again"]) == (True, 1)
    back = drill.open()
    assert not is_used(back, "3")
    assert known_request(back, request.request_id).status == "done"


def test_an_erasure_of_somebody_the_backup_never_knew_is_not_asked_for_again(drill: Drill) -> None:
    service = drill.world.service
    drill.world.tell("30", "Ada", "Byron", "ada@example.com", "1985-12-10")
    request = asked(service, "30", PrivacyKind.ERASURE)
    carry_out(service, request.request_id, WHO)
    with pytest.raises(LookupFailed, match="E524"):
        known_request(restored(drill), request.request_id)


def test_who_was_erased_and_let_in_again_is_not_restricted_by_what_they_asked_before(drill: Drill) -> None:
    service = drill.world.service
    golden_id = restricted(service, "3").golden_id
    erased = erase_now(service, golden_id, WHO, "by her passport")
    assert release(service, erased.request_id, WHO)["marks"] > 0
    drill.world.tell("3", "Cleo", "Ferreira", "cleo@example.com", "1990-05-17")
    again = drill.open(database_url=drill.world.url)
    assert again.remember().requests.carried_out == 0
    assert is_used(again, "3")


def test_who_opens_a_database_that_knows_everything_waits_for_no_writer(drill: Drill) -> None:
    service = drill.world.service
    restricted(service, "3")
    drill.say(ByRecord(pos("4")))
    drill.world.erase("5")
    drill.open(
        database_url=drill.world.url
    ).remember()  # how far the journal of consents is known is written down
    with service.store.begin(SystemClock()):
        beside = drill.open(database_url=drill.world.url, patience=0.2)
        assert beside.remember() == Remembered()
        assert is_used(beside, "4")


class Overtaken(dict[str, NotedRequest]):
    """A journal, and somebody who has carried out the same by the time that we come to it."""

    def __init__(self, journal: Mapping[str, NotedRequest], other: Service) -> None:
        super().__init__(journal)
        self._other, self._read = other, 0

    def items(self) -> Any:
        self._read += 1
        if self._read == 3:  # what is missing was found, and is about to be carried out
            self._other.remember()
        return super().items()


def test_of_two_that_begin_beside_each_other_one_carries_out(drill: Drill, tmp_path: Path) -> None:
    restricted(drill.world.service, "3")
    asked(drill.world.service, "4", PrivacyKind.ACCESS)
    journal = drill.world.service.memory.requests.path
    aside = journal.rename(tmp_path / "aside")
    restore_report(drill.settings, drill.backup, Stages(), journal=False)
    (one, other), noted = (drill.open(), drill.open()), RequestJournal(aside).requests()
    desk = one.desk
    aside.rename(journal)
    assert reopen(desk, Overtaken(noted, other), {}) == Reopened(0, 0)
    told = rows(
        drill.empty,
        "SELECT action FROM audit WHERE actor = 'machine' AND action IN ('restrict', 'request')",
    )
    assert sorted(told) == [("request",), ("restrict",)]


def test_nothing_is_put_back_twice(drill: Drill) -> None:
    service = drill.world.service
    restricted(service, "3")
    asked(service, "4", PrivacyKind.ACCESS)
    back = restored(drill, carried_out=1, listed=1)
    again = back.remember().requests
    assert (again.carried_out, again.listed) == (0, 0)


def test_a_record_that_comes_after_the_restore_is_taken_out_by_the_next_who_opens(drill: Drill) -> None:
    drill.world.tell("30", "Cleo", "Ferreira", "cleo@example.com", "1990-05-17")
    restricted(drill.world.service, "30")
    back = restored(drill, carried_out=1)
    assert not is_used(back, "3")
    replace(drill.world, service=back).tell("30", "Cleo", "Ferreira", "cleo@example.com", "1990-05-17")
    assert drill.open().remember().requests.carried_out == 1
    assert not is_used(back, "30")
    assert contradictions(drill.empty) == {}


def test_nobody_reads_in_the_journal_who_asked_or_what(drill: Drill) -> None:
    service = drill.world.service
    asked(service, "3", PrivacyKind.RECTIFICATION, wanted={"given_name": "Chloe"})
    restricted(service, "4")
    held = service.memory.requests.path.read_text()
    assert not any(name in held for name in ("Chloe", "passport", "she wrote", "Ferreira", "Dora", '"pos'))


def test_a_restored_database_is_refused_without_the_journal_that_it_had(drill: Drill) -> None:
    drill.world.service.memory.requests.path.unlink()
    with pytest.raises(StoreError, match=r"E432.*journal of privacy requests"):
        restore_report(drill.settings, drill.backup, Stages())


def test_what_cannot_be_written_down_is_not_taken(drill: Drill) -> None:
    service = drill.world.service
    journal = service.memory.requests.path
    journal.unlink()
    journal.mkdir()
    with pytest.raises(StoreError, match=r"E420.*journal of requests"):
        asked(service, "3", PrivacyKind.ACCESS)


def test_requests_of_before_there_was_a_journal_are_written_down_by_a_backup(drill: Drill) -> None:
    service = drill.world.service
    held, lifted = restricted(service, "3"), restricted(service, "4")
    before = service.memory.requests.requests()
    release(service, lifted.request_id, WHO)
    service.memory.requests.path.unlink()
    assert heal_journals(service) > 0
    after = service.memory.requests.requests()
    assert after[held.request_id].marks == before[held.request_id].marks != frozenset()
    assert after[lifted.request_id].released_at is not None
    assert heal_journals(service) == 0


def test_as_many_requests_as_a_large_house_has_are_written_down_and_compared(drill: Drill) -> None:
    spoil(drill.world.url, "INSERT INTO privacy_request (request_id, kind, golden_id, status, received_at, due_at,"
          ' actor, "check", reason, report)'
          " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)"
          " SELECT 'r' || n.i, 'access', q.golden_id, 'received', q.received_at, q.due_at, 'officer', '', '', '{}'"
          " FROM n, (SELECT * FROM privacy_request WHERE kind = 'restriction' LIMIT 1) AS q")  # fmt: skip
    assert heal_journals(drill.world.service) == 70_000
    assert drill.open(database_url=drill.world.url).remember().requests == Reopened()


def test_a_release_that_was_not_written_down_is_by_a_backup(drill: Drill) -> None:
    service = drill.world.service
    lifted = restricted(service, "4")
    noted = service.memory.requests.path.read_bytes()
    release(service, lifted.request_id, WHO)
    service.memory.requests.path.write_bytes(noted)  # whoever released was killed between the two
    assert heal_journals(service) == 1
    assert service.memory.requests.requests()[lifted.request_id].released_at is not None


def test_a_restriction_holds_although_the_index_is_to_be_built_anew(drill: Drill) -> None:
    restricted(drill.world.service, "3")
    journal = drill.world.service.memory.requests.path
    aside = journal.rename(journal.with_suffix(".aside"))
    restore_report(drill.settings, drill.backup, Stages(), journal=False)
    aside.rename(journal)
    spoil(drill.empty, "UPDATE setting SET value = 'another' WHERE name = 'index_version'")
    with pytest.raises(StoreError, match="E412"):
        drill.open().remember()


def test_a_line_that_broke_off_is_none(tmp_path: Path, drill: Drill) -> None:
    noted = drill.world.service.memory.requests.path.read_bytes()
    (tmp_path / "broken").write_bytes(noted[:-20])
    whole, broken = (
        RequestJournal(drill.world.service.memory.requests.path),
        RequestJournal(tmp_path / "broken"),
    )
    assert len(broken.requests()) <= len(whole.requests())
    broken.append(list(whole.requests().values()))
    assert broken.requests() == whole.requests()
