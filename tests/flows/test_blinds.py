"""What an erased person said of an address outlives them, unread, and holds for who gives the address next (I7, I8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from identity.bootstrap import Service
from identity.commands.load import load_files
from identity.connectors.told import arrival_of
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller
from identity.flows.ingest import ingest
from identity.flows.lookup import ByIdentifier
from identity.flows.privacy.reapply import reapply
from identity.flows.redo import drain
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId
from identity.model.privacy import Erasure
from identity.model.record import RecordKey
from identity.ports import Arrival
from identity.steps.suppress import key_mark

from .conftest import Ready
from .real_time import KEYS, contradictions, deleted
from .test_consent import flags
from .test_erase import erased, left, told, yves, zora

MAIL, PHONE = "zora.kanari@vogelhuber.example", "2125550142"
_NUMBERS = count()


@pytest.fixture(params=[{}, {"field_keys": KEYS}], ids=["plain", "encrypted"])
def service(ready: Ready, url: str, request: pytest.FixtureRequest) -> Service:
    return ready(url, **request.param)


def say(service: Service, kind: str, value: str, status: str = "withdrawn", channel: str = "") -> str:
    operation = f"said-{next(_NUMBERS)}"
    channel = channel or {"email": "email", "phone": "sms"}[kind]
    at = None if status == "granted" else datetime.now(UTC) - timedelta(days=1)
    about = ByIdentifier(kind, value, "US")
    act = Said(about, "marketing", channel, status, at, evidence=f"a letter by {value}")
    service.consents.tell([act], Teller("tests", operation))
    drain(service.desk)
    return f"{operation}.1"


def heir(name: str = "h1", **more: str) -> dict[str, str]:
    """Somebody quite other who was given her old address."""
    told = {"source": "pos", "source_record_id": name, "given_name": "Quentin", "family_name": "Abara"}
    return {**told, "birth_date": "2001-01-31", "email": MAIL, **more}


def saying(someone: dict[str, str], status: str) -> Arrival:
    """A record that says yes or no to marketing by e-mail itself."""
    attributes = {name: value for name, value in someone.items() if not name.startswith("source")}
    return arrival_of(
        RecordKey("pos", someone["source_record_id"]),
        attributes,
        None,
        {"marketing.email": {"status": status}},
    )


def refused(service: Service, kind: str, value: str, channel: str) -> bool:
    (found,) = service.consents.check([ByIdentifier(kind, value, "US")], Asker("marketing", channel))
    return not found.permission.allowed


def gone_with_a_no(service: Service) -> None:
    (known,) = told(service, zora("z1"))
    say(service, "email", MAIL)
    say(service, "phone", PHONE)
    assert left(service, "zora.kanari", PHONE) or service.settings.field_keys
    erased(service, known.golden_id)
    drain(service.desk)


def told_of(service: Service, kind: str, value: str) -> list[str]:
    with service.store.look() as look:
        return [fact.status for fact in look.facts([], [(kind, value)])]


def test_nobody_reads_in_a_fact_what_an_erased_person_was_reached_by(service: Service) -> None:
    gone_with_a_no(service)
    assert left(service, "kanari", "2125550142") == []
    assert told_of(service, "email", MAIL) == [], "nor finds it, by asking"
    assert service.store.views.counts().live_profiles == 0
    assert contradictions(service.settings.database_url) == {}


def test_a_no_holds_for_who_is_given_the_address_next(service: Service) -> None:
    gone_with_a_no(service)
    ingest(service.desk, [saying(heir(phone=PHONE), "granted")])
    assert flags(service, "h1")["marketing.email"] == "withdrawn"
    assert told_of(service, "email", MAIL) == ["withdrawn"]
    assert refused(service, "phone", PHONE, "sms")
    assert contradictions(service.settings.database_url) == {}


def test_a_no_holds_for_who_brings_the_address_by_a_file(service: Service, tmp_path: Path) -> None:
    gone_with_a_no(service)
    file = tmp_path / "late.csv"
    row = heir(phone=PHONE, country="US", consent_marketing_email="granted")
    file.write_text("\n".join([",".join(row), ",".join(row.values())]), encoding="utf-8")
    assert load_files(service, [str(file)], None, Stages())["accepted"] == 1
    assert flags(service, "h1")["marketing.email"] == "withdrawn"
    assert refused(service, "phone", PHONE, "sms")
    assert contradictions(service.settings.database_url) == {}


def test_a_later_yes_of_who_has_the_address_now_counts(service: Service) -> None:
    gone_with_a_no(service)
    told(service, heir())
    say(service, "email", MAIL, "granted")
    assert flags(service, "h1")["marketing.email"] == "granted"


def test_who_has_the_address_too_keeps_what_was_said_for_it(service: Service) -> None:
    known, _ = told(service, zora("z1"), yves("y1"))
    say(service, "phone", PHONE)
    erased(service, known.golden_id)
    drain(service.desk)
    assert told_of(service, "phone", PHONE) == ["withdrawn"]
    assert flags(service, "y1")["marketing.sms"] == "withdrawn"


def test_what_only_the_past_of_a_record_tells_is_not_read_either(service: Service) -> None:
    (known,) = ingest(service.desk, [saying(zora("z1", email="old.kanari@vogelhuber.example"), "withdrawn")])
    told(service, zora("z1"))
    assert left(service, "old.kanari") or service.settings.field_keys
    erased(service, known.golden_id)
    assert left(service, "kanari") == []


def test_a_no_that_comes_after_the_erasure_is_kept_and_not_read(service: Service) -> None:
    gone_with_a_no(service)
    say(service, "email", MAIL, "objected", "any")
    say(service, "email", "somebody.else@mail.example")
    assert left(service, "kanari") == []
    assert told_of(service, "email", "somebody.else@mail.example") == ["withdrawn"]
    told(service, heir())
    assert flags(service, "h1")["marketing.email"] != "granted"


def test_a_backup_that_brings_them_back_brings_nothing_readable(service: Service) -> None:
    (known,) = told(service, zora("z1"))
    say(service, "email", MAIL)
    assert known.golden_id
    unknown_here = Erasure("e-before", (known.golden_id,), 1, frozenset(), datetime.now(UTC))
    assert reapply(service.desk, [unknown_here]) == 1
    assert left(service, "kanari") == []
    told(service, heir())
    assert told_of(service, "email", MAIL) == ["withdrawn"]


def test_a_record_under_another_id_by_then_is_not_read_either(service: Service) -> None:
    told(service, zora("z1"))
    say(service, "email", MAIL)
    mark = key_mark(RecordKey("pos", "z1"), service.desk.cabinet.digest)
    elsewhere = Erasure("e-before", (GoldenId("g0000000000000000"),), 1, frozenset({mark}), datetime.now(UTC))
    assert reapply(service.desk, [elsewhere]) == 1
    assert left(service, "kanari") == []


def test_who_is_released_and_comes_back_is_not_written_to_against_their_no(service: Service) -> None:
    gone_with_a_no(service)
    entry = AuditEntry("officer", AuditAction.RELEASE)
    assert service.store.privacy.release("e1", entry, datetime.now(UTC)) > 0
    ingest(service.desk, [saying(zora("z1"), "granted")])
    drain(service.desk)
    assert flags(service, "z1")["marketing.email"] == "withdrawn"
    assert refused(service, "phone", PHONE, "sms")


def test_who_was_deleted_by_their_source_first_is_not_read_either(service: Service) -> None:
    (known,) = ingest(service.desk, [saying(zora("z1"), "withdrawn")])
    ingest(service.desk, [deleted(RecordKey("pos", "z1"))])
    erased(service, known.golden_id)
    assert left(service, "kanari") == []
