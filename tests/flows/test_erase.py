"""Who is erased is nowhere any more, is not brought back, and keeps nobody else away (I8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, make_url

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import Ingested, Outcome, ingest
from identity.flows.judge import Wish, merge, split, undo
from identity.flows.lookup import ByGoldenId, ByRecord
from identity.flows.privacy.erase import erase
from identity.flows.redo import drain
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.intake import PrivacyWish, WishKind
from identity.model.privacy import PrivacyKind, PrivacyRequest, PrivacyStatus
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import arrival, deleted

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def zora(name: str, **more: str) -> dict[str, str]:
    """A record of Zora: every value of hers is a canary."""
    told = {
        "source": "pos",
        "source_record_id": name,
        "given_name": "Zorakanari",
        "family_name": "Vogelhuber",
        "birth_date": "1980-05-01",
        "email": "zora.kanari@vogelhuber.example",
        "phone": "2125550142",
        "street_address": "17 Kanarienweg",
        "postcode": "10001",
        "loyalty_id": "KANARI-77",
    }
    return {**told, **more}


def yves(name: str, **more: str) -> dict[str, str]:
    """Her housemate: one landline, one address, one family name."""
    told = {"source": "pos", "source_record_id": name, "given_name": "Yves", "family_name": "Vogelhuber"}
    told |= {"birth_date": "1978-11-09", "phone": "2125550142", "street_address": "17 Kanarienweg"}
    return {**told, "email": "yves@example.org", **more}


CANARIES = ("zorakanari", "kanari-77", "zora.kanari", "1980-05-01")


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


def told(service: Service, *records: dict[str, str]) -> list[Ingested]:
    return ingest(service.desk, [arrival(record) for record in records])


def erased(service: Service, golden_id: GoldenId | None, name: str = "e1") -> Any:
    assert golden_id
    return erase(service.desk, request(golden_id, name))


def request(golden_id: GoldenId, name: str = "e1") -> PrivacyRequest:
    return PrivacyRequest(
        name,
        PrivacyKind.ERASURE,
        golden_id,
        PrivacyStatus.VERIFIED,
        NINE,
        NINE + timedelta(days=30),
        "officer",
    )


def stored(service: Service) -> Iterator[str]:
    """Everything that stands in the database, row by row."""
    url = make_url(service.settings.database_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    with closing(engine.connect()) as connection:
        for table in tables.sorted_tables:
            if table.name not in ("match_model", "alembic_version"):
                yield from (f"{table.name}: {row}" for row in connection.execute(table.select()))
    engine.dispose()


def left(service: Service, *canaries: str) -> list[str]:
    return [row[:200] for row in stored(service) if any(each in row.lower() for each in canaries or CANARIES)]


def test_everything_of_a_person_goes_and_their_ids_say_so(service: Service) -> None:
    one, other, third = told(
        service, zora("z1"), zora("z2", email="z@kanari.example"), zora("z3", source="erp")
    )
    assert one.golden_id == other.golden_id == third.golden_id
    assert left(service)
    erasure = erased(service, one.golden_id)
    assert (erasure.golden_ids, erasure.records) == ((one.golden_id,), 3)
    assert left(service, *CANARIES, "z@kanari") == []
    assert left(service, "'z1'", "'z2'", ":z1", ":z3", '"z2"') == [], "nor what other systems call her"
    assert one.golden_id
    (answer, record) = service.lookup([ByGoldenId(one.golden_id), ByRecord(RecordKey("pos", "z1"))])
    assert (answer.status, record.status) == ("erased", "unknown")
    last = service.store.views.events(subject=one.golden_id)[-1]
    assert (last.type, last.body["erasure_id"]) == ("customer.erased", "e1")
    versions = [event.version for event in service.store.views.events(subject=one.golden_id)]
    assert versions == list(range(1, len(versions) + 1))


def test_ids_that_led_to_them_answer_the_same(service: Service) -> None:
    one, other = told(service, zora("z1"), zora("z2", given_name="Dora", email="d@x.example", phone="3125550101",
                      birth_date="1999-01-01", loyalty_id="L-2", street_address="1 Elsewhere"))  # fmt: skip
    assert one.golden_id != other.golden_id
    assert one.golden_id
    assert other.golden_id
    done = merge(service.desk, [one.golden_id, other.golden_id], Wish("ines", "one person"))
    (kept,) = {image.golden_id for image in done.operation.after if image.status == "live"}
    erasure = erased(service, kept)
    assert set(erasure.golden_ids) == {one.golden_id, other.golden_id}
    told_now = service.lookup([ByGoldenId(one.golden_id), ByGoldenId(other.golden_id)])
    assert [answer.status for answer in told_now] == ["erased", "erased"]
    assert left(service, *CANARIES, "dora", "d@x.example") == []
    with pytest.raises((DecisionRefused, LookupFailed)):
        undo(service.desk, done.operation.operation_id, Wish("ines", "back"))
    assert left(service, *CANARIES, "dora") == []


def test_what_was_deleted_or_moved_away_before_is_found_too(service: Service) -> None:
    first, _, third = told(service, zora("z1"), zora("z2"), zora("z3"))
    ingest(service.desk, [deleted(RecordKey("pos", "z2"))])
    assert first.golden_id
    done = split(service.desk, first.golden_id, [RecordKey("pos", "z3")], Wish("ines", "another"))
    (new,) = {image.golden_id for image in done.operation.after} - {first.golden_id}
    erasure = erased(service, first.golden_id)
    assert erasure.records == 2, "the deleted one is hers, the one that was split off is not"
    (kept,) = service.lookup([ByGoldenId(new)])
    assert (kept.status, third.golden_id) == ("live", first.golden_id)
    erased(service, new, "e2")
    assert left(service) == []


RETOLD = [
    pytest.param(zora("z1"), id="the same record"),
    pytest.param(zora("new"), id="under another id"),
    pytest.param(
        zora("new", source="loyalty", email="other@example.com", phone="9175550100"), id="by loyalty card"
    ),
    pytest.param(zora("new", loyalty_id="", email="", postcode=""), id="by phone and whole name"),
    pytest.param(
        {"source": "news", "source_record_id": "n", "email": "Zora.Kanari@vogelhuber.example"},
        id="by e-mail alone",
    ),
    pytest.param(zora("new", loyalty_id="", email="", phone=""), id="by name, birth date and postcode"),
]


@pytest.mark.parametrize("record", RETOLD)
def test_who_was_erased_is_not_brought_back(service: Service, record: dict[str, str]) -> None:
    (known,) = told(service, zora("z1"))
    erased(service, known.golden_id)
    (back,) = told(service, {name: value for name, value in record.items() if value})
    assert back.outcome is Outcome.REFUSED
    assert back.problem
    assert back.problem.code == "E323"
    assert left(service) == []
    assert service.store.views.counts().live_profiles == 0


def test_housemates_stay_and_others_may_come(service: Service) -> None:
    known, housemate = told(service, zora("z1"), yves("y1"))
    erased(service, known.golden_id)
    assert service.lookup([ByGoldenId(housemate.golden_id or GoldenId(""))])[0].status == "live"
    again, younger, landline = told(
        service,
        yves("y1", city="New York"),
        yves("y2", given_name="Xaver", email="xaver@example.org", birth_date="2004-04-04"),
        {"source": "pos", "source_record_id": "p", "phone": "2125550142"},
    )
    assert [each.problem for each in (again, younger, landline)] == [None, None, None]
    assert left(service) == []


def test_a_file_brings_nobody_back_and_its_rows_are_accounted_for(service: Service, tmp_path: Path) -> None:
    from identity.commands.ingest import ingest_files
    from identity.commands.load import load_files

    (known,) = told(service, zora("z1"))
    erased(service, known.golden_id)
    names = list(zora("z1"))
    rows = [zora("z1"), zora("z9"), yves("y1")]
    file = tmp_path / "late.csv"
    text = "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)])
    file.write_text(text, encoding="utf-8")
    for read in (load_files, ingest_files):
        report = read(service, [str(file)], None, Stages())
        counted = {name: report[name] for name in ("rows", "accepted", "quarantined", "rejected")}
        assert counted == {"rows": 3, "accepted": 1, "quarantined": 2, "rejected": 0}
        assert left(service) == []
    assert service.store.views.counts().live_profiles == 1


def test_a_rematch_and_what_is_queued_bring_nobody_back(service: Service) -> None:
    known, *_ = told(service, zora("z1"), zora("z2"), yves("y1"))
    erased(service, known.golden_id)
    drain(service.desk)
    rematch(service.workshop, Stages(), reason="night")
    assert left(service) == []
    assert service.store.views.counts().live_profiles == 1
    assert service.lookup([ByGoldenId(known.golden_id or GoldenId(""))])[0].status == "erased"


def test_who_is_not_there_or_gone_already_is_said(service: Service) -> None:
    (known,) = told(service, zora("z1"))
    with pytest.raises(LookupFailed, match="E501"):
        erased(service, GoldenId("g0000000000000000"))
    erased(service, known.golden_id)
    with pytest.raises(DecisionRefused, match="NOT_LIVE"):
        erased(service, known.golden_id, "e2")


def test_quarantined_rows_that_name_them_go_too(service: Service) -> None:
    from identity.connectors.one_by_one import refused_rows
    from identity.model.errors import RowError
    from identity.ports import Load

    (known,) = told(service, zora("z1"))
    load = Load("l1", "f.csv", "d", "pos", NINE)
    rows = refused_rows(load, [(RecordKey("pos", "q"), RowError("E305", "odd", ""))] * 2, NINE)
    raw = ['{"mail": "ZORA.KANARI@vogelhuber.example", "birth": "x"}', '{"mail": "somebody@else.example"}']
    rows = rows.set_column(rows.schema.get_field_index("raw"), "raw", [raw])
    with service.store.begin(service.desk.clock) as work:
        work.start_load(replace(load, load_id="l1"))
        work.put_quarantine(rows)
    erased(service, known.golden_id)
    assert left(service) == []
    assert service.store.views.counts().open_quarantine == 1


def test_what_systems_passed_on_about_them_is_closed(service: Service) -> None:
    known, other = told(service, zora("z1"), yves("y1"))
    for number, key in enumerate((RecordKey("pos", "z1"), RecordKey("pos", "y1"))):
        wish = PrivacyWish("pos", f"m{number}", WishKind.ERASE, NINE, NINE + timedelta(days=30), key)
        service.store.intake.wish(wish)
    erased(service, known.golden_id)
    assert [wish.key for wish in service.store.intake.wishes()] == [RecordKey("pos", "y1")]
    assert left(service, "'z1'") == []
    assert other.golden_id


def test_who_was_taken_for_them_once_stays_and_that_past_goes(service: Service) -> None:
    one, other = told(service, zora("z1"), yves("y1"))
    assert one.golden_id
    assert other.golden_id
    done = merge(service.desk, [one.golden_id, other.golden_id], Wish("ines", "one person"))
    undo(service.desk, done.operation.operation_id, Wish("ines", "no"))
    (survivor,) = {image.golden_id for image in done.operation.after if image.records}
    stays = RecordKey("pos", "y1") if survivor == one.golden_id else RecordKey("pos", "z1")
    home = service.store.views.golden_id_of(stays)
    assert home
    ids = erased(service, survivor).golden_ids
    assert [each.name for each in service.store.verify(ids) if each.broken] == []
    assert service.store.views.golden_id_of(stays) == home
    assert service.how(home).golden_id == home
