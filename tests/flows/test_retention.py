"""Records are kept no longer than their source's rules say: then they go as if the source had deleted them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from identity.bootstrap import Service
from identity.commands.audit import entries_report
from identity.commands.retain import retain_report
from identity.flows.ingest import ingest
from identity.flows.lookup import ByRecord
from identity.model.record import RecordKey
from matching_rules.loader import rules_directory
from tests.consumers.world import MovingClock

from .conftest import Ready
from .real_time import arrival
from .test_erase import yves, zora

DAY = 24 * 60 * 60.0


@pytest.fixture
def service(ready: Ready, url: str, tmp_path: Path) -> Service:
    rules = tmp_path / "rules"
    shutil.copytree(rules_directory(), rules)
    file = rules / "sources" / "pos.yml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\nretention: 30\n", encoding="utf-8")
    service = ready(url, rules)
    ingest(service.desk, [arrival(zora("z1")), arrival(zora("e1", source="ecommerce")), arrival(yves("y1"))])
    return service


def is_there(service: Service, source: str, name: str) -> bool:
    (answer,) = service.lookup([ByRecord(RecordKey(source, name))])
    return answer.golden_ids != ()


def test_what_is_beyond_its_days_goes_once_with_an_event_and_an_entry(service: Service) -> None:
    clock, events = MovingClock(), len(service.store.views.events(0, 100))
    clock.turn(29 * DAY)
    assert retain_report(service, "ines", clock=clock)["records"] == 0
    clock.turn(2 * DAY)
    assert retain_report(service, "ines", dry_run=True, clock=clock)["records"] == 2
    assert is_there(service, "pos", "z1")
    report = retain_report(service, "ines", clock=clock)
    assert report["sources"] == [{"source": "pos", "days": 30, "records": 2}]
    assert [is_there(service, source, name) for source, name in (("pos", "z1"), ("pos", "y1"))] == [False] * 2
    assert is_there(service, "ecommerce", "e1")
    told = service.store.views.events(0, 100)[events:]
    lost = [key for event in told for key in event.body.get("records_lost", ())]
    assert sorted(lost) == ["pos:y1", "pos:z1"]
    (entry,) = [each for each in entries_report(service)["entries"] if each["action"] == "run"]
    assert (entry["actor"], entry["details"]["records"]) == ("ines", 2)
    assert retain_report(service, "ines", clock=clock)["records"] == 0
    assert len(service.store.views.events(0, 100)) == events + len(told)


def test_what_is_told_anew_is_kept_for_its_days_again(service: Service) -> None:
    clock = MovingClock()
    clock.turn(31 * DAY)
    retain_report(service, "ines", clock=clock)
    ingest(service.desk, [arrival(zora("z1", gender="female"))])
    assert is_there(service, "pos", "z1")
