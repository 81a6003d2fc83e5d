"""With keys, everything is as without, and no contact value stands in the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from identity.bootstrap import Service, SystemClock
from identity.commands.export import export_report
from identity.commands.keys import rotate_report
from identity.commands.load import load_files
from identity.commands.person import person_report
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller
from identity.flows.ingest import Outcome, ingest
from identity.flows.judge import Wish, merge, undo
from identity.flows.lookup import ByIdentifier
from identity.flows.redo import drain
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy
from identity.model.errors import StoreError
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import KEYS, arrival
from .test_consent import (
    test_a_late_no_of_a_record_that_is_gone_is_heard_by_who_holds_the_address as test_late_no,  # noqa: F401
)
from .test_consent import test_a_load_of_everybody_goes_by_facts as test_facts_in_loads  # noqa: F401
from .test_consent import test_an_address_that_was_refused_before_anybody_had_it_stays_refused as test_refused  # noqa: F401
from .test_consent import test_everything_that_was_said_is_told_with_reasons as test_reasons  # noqa: F401
from .test_consent import test_silence_is_no_yes_but_where_the_law_lets_it as test_places  # noqa: F401
from .test_erase import (
    stored,
    told,
    yves,
    zora,
)
from .test_erase import test_a_file_brings_nobody_back_and_its_rows_are_accounted_for as test_a_file  # noqa: F401
from .test_erase import test_a_rematch_and_what_is_queued_bring_nobody_back as test_a_rematch  # noqa: F401
from .test_erase import test_everything_of_a_person_goes_and_their_ids_say_so as test_everything  # noqa: F401
from .test_erase import test_ids_that_led_to_them_answer_the_same as test_ids  # noqa: F401
from .test_erase import test_quarantined_rows_that_name_them_go_too as test_quarantine  # noqa: F401
from .test_erase import test_what_was_deleted_or_moved_away_before_is_found_too as test_deleted  # noqa: F401
from .test_erase import test_who_was_erased_is_not_brought_back as test_not_brought_back  # noqa: F401
from .test_judge import test_a_merge_by_the_machine_is_taken_back_and_not_made_again as test_machine  # noqa: F401
from .test_judge import test_a_stewards_split_survives_the_next_rematch_and_retraining as test_split  # noqa: F401
from .test_judge import test_undoing_a_merge_restores_members_ids_values_and_consents as test_undo  # noqa: F401
from .test_judge import test_what_came_in_between_follows_its_record as test_in_between  # noqa: F401

ROTATED = {"k2": b"2" * 32, **KEYS}
CONTACTS = ("kanari@", "vogelhuber.example", "5550142", "kanarienweg", "yves@example")


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url, field_keys=KEYS)


Keyed = Callable[[Service, dict[str, bytes]], Service]


@pytest.fixture
def with_keys() -> Iterator[Keyed]:
    """Opens the database of a service with other keys."""
    opened: list[Service] = []

    def opening(service: Service, keys: dict[str, bytes]) -> Service:
        opened.append(Service(replace(service.settings, field_keys=keys)))
        return opened[-1]

    yield opening
    for service in opened:
        if "store" in vars(service):
            service.store.close()


def in_clear(service: Service, *contacts: str) -> list[str]:
    return [row for row in stored(service) if any(each in row.lower() for each in contacts or CONTACTS)]


def a_life(service: Service) -> tuple[GoldenId, GoldenId]:
    """Two people who were told, matched, merged by mistake and parted again."""
    one, _, other = told(service, zora("z1"), zora("z2", source="erp"), yves("y1"))
    assert one.golden_id
    assert other.golden_id
    done = merge(service.desk, [one.golden_id, other.golden_id], Wish("ines", "one person"))
    undo(service.desk, done.operation.operation_id, Wish("ines", "no"))
    drain(service.desk)
    return one.golden_id, other.golden_id


def test_a_life_leaves_no_contact_value_and_is_told_as_it_was(service: Service, tmp_path: Path) -> None:
    one, other = a_life(service)
    assert in_clear(service) == []
    view = service.store.views.profile(one)
    assert view
    assert view.profile.values["email"].value == "zora.kanari@vogelhuber.example"
    record = service.store.views.record(RecordKey("pos", "y1"))
    assert record
    assert record.attributes["street_address"] == "17 Kanarienweg"
    assert service.lookup([ByIdentifier("email", "ZORA.KANARI@vogelhuber.example")])[0].golden_ids == (one,)
    assert service.why(RecordKey("pos", "z1"), RecordKey("erp", "z2")).together
    assert service.how(one)
    assert person_report(service, one)["profile"]["phone"]["value"]
    for operation in service.store.views.operations():
        found = service.store.views.operation(operation.operation_id)
        assert found
        assert any("email" in image.attributes for image in found.before)
    unchanged, changed = told(service, zora("z1"), yves("y1", email="y.v@example.org"))
    assert (unchanged.outcome, changed.outcome) == (Outcome.UNCHANGED, Outcome.ACCEPTED)
    before = service.store.views.counts()
    rematch(service.workshop, Stages(), reason="night")
    assert service.store.views.counts().live_profiles == before.live_profiles == 2
    out = tmp_path / "golden.ndjson"
    export_report(service, out, "ndjson", Stages())
    assert "zora.kanari@vogelhuber.example" in out.read_text(encoding="utf-8").lower()
    assert in_clear(service, *CONTACTS, "y.v@example") == []
    assert other


NO = Said(ByIdentifier("email", "zora.kanari@vogelhuber.example"), "marketing", "email", "withdrawn")


def test_a_no_for_an_address_is_found_under_whichever_key_it_was_kept(
    service: Service, with_keys: Keyed
) -> None:
    service.consents.tell([replace(NO, evidence="called from 5550142")], Teller("shop", "t1"))
    assert in_clear(service) == []
    rotating = with_keys(service, ROTATED)
    (someone,) = told(rotating, zora("z1"))
    assert someone.golden_id
    asker = Asker("marketing", "email")
    for keyed in (rotating, rotating):
        (answer,) = keyed.consents.check([ByIdentifier("email", "zora.kanari@vogelhuber.example")], asker)
        assert (answer.status, answer.permission.allowed) == ("withdrawn", False)
        rotate_report(rotating, Stages())
    assert not [row for row in stored(rotating) if "enc1:k1:" in row]


def test_the_erp_is_told_values_as_they_were_told_to_us(service: Service) -> None:
    a_life(service)
    wishes = service.store.erp_book.wishes(ErpPolicy(attributes=("email",)))
    assert [wish.attributes for wish in wishes.values()] == [{"email": "zora.kanari@vogelhuber.example"}]


def test_files_that_are_loaded_are_encrypted_as_they_are_stored(service: Service, tmp_path: Path) -> None:
    names = list(zora("z1"))
    rows = [zora("z1"), zora("z9", birth_date="31.02.1980"), yves("y1")]
    file = tmp_path / "told.csv"
    text = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    file.write_text("\n".join([*text, "pos,,,,,broken@vogelhuber.example"]), encoding="utf-8")
    load_files(service, [str(file)], None, Stages())
    assert in_clear(service) == []
    assert service.store.views.counts().live_profiles == 2
    book = service.store.quarantine(SystemClock())
    aside = book.of_file(str(file.name), 0, 10) or book.of_file(str(file), 0, 10)
    assert any("broken@vogelhuber.example" in (row.raw or "") for row in aside)


def test_the_file_of_the_database_holds_no_contact_value(ready: Ready, sqlite_url: str) -> None:
    service = ready(sqlite_url, field_keys=KEYS)
    a_life(service)
    service.store.scrub()
    name = make_url(sqlite_url).database
    assert name
    files = [Path(name), Path(f"{name}-wal")]
    held = b"".join(file.read_bytes() for file in files if file.exists()).lower()
    assert [each for each in CONTACTS if each.encode() in held] == []
    assert b"enc1:k1:" in held


@pytest.mark.parametrize(
    ("keys", "code"),
    [({}, "E422"), ({"k9": b"9" * 32}, "E422"), ({"k1": b"9" * 32}, "E423")],
    ids=["none", "another", "a wrong one"],
)
def test_without_the_right_key_nothing_begins_and_nothing_is_lost(
    service: Service, with_keys: Keyed, keys: dict[str, bytes], code: str
) -> None:
    one, _ = a_life(service)
    other = with_keys(service, keys)
    with pytest.raises(StoreError, match=code):
        ingest(other.desk, [arrival(zora("z7"))])
    view = service.store.views.profile(one)
    assert view
    assert view.profile.values["email"].value == "zora.kanari@vogelhuber.example"


def everything(service: Service) -> list[object]:
    """All that was told, as it is read."""
    records = [RecordKey("pos", "z1"), RecordKey("erp", "z2"), RecordKey("pos", "y1")]
    views = service.store.views
    golden_ids = sorted({home for key in records if (home := views.golden_id_of(key))})
    with service.store.begin(SystemClock()) as work:
        live = sorted(map(str, work.live_records().to_pylist()))
    operations = [views.operation(each.operation_id) for each in views.operations()]
    return [
        [views.record(key) for key in records], [views.original(key) for key in records],
        [views.profile(golden_id) for golden_id in golden_ids], live, operations,
    ]  # fmt: skip


def test_what_was_plain_is_encrypted_by_and_by_and_all_at_once_on_request(
    ready: Ready, with_keys: Keyed, url: str
) -> None:
    plain = ready(url)
    a_life(plain)
    assert in_clear(plain)
    service = with_keys(plain, KEYS)
    assert everything(service) == everything(plain)
    report = rotate_report(service, Stages())
    assert report["tables"]["source_record"]["rows"] == 3
    assert in_clear(service) == []
    again = rotate_report(service, Stages())
    assert {told["values"] for told in again["tables"].values()} == {0}, "what is done is passed over"


def test_keys_are_rotated_without_a_lost_row_beside_who_reads_and_writes(
    service: Service, with_keys: Keyed
) -> None:
    a_life(service)
    told(service, *(yves(f"n{n}", email=f"n{n}@vogelhuber.example", given_name=f"N{n}") for n in range(40)))
    before = everything(service)
    rotating = with_keys(service, ROTATED)
    stop, problems = threading.Event(), list[BaseException]()

    def beside(act: Callable[[], object]) -> threading.Thread:
        def go() -> None:
            try:
                while not stop.is_set():
                    act()
            except BaseException as problem:
                problems.append(problem)

        thread = threading.Thread(target=go)
        thread.start()
        return thread

    written = with_keys(service, ROTATED)
    numbers, was_told, was_read = iter(range(10_000)), threading.Event(), threading.Event()

    def tell() -> None:
        told(written, yves("n7", email=f"w{next(numbers)}@vogelhuber.example"))
        was_told.set()

    def read() -> None:
        everything(rotating)
        was_read.set()

    threads = [beside(read), beside(tell)]
    for _ in rotating.store.rotate():
        for event in (was_told, was_read):
            assert event.wait(30), problems
            event.clear()
    stop.set()
    for thread in threads:
        thread.join(30)
    assert problems == []
    alone = with_keys(service, {"k2": ROTATED["k2"]})
    assert everything(alone)[0] == before[0]
    assert len(everything(alone)[3]) == 43  # type: ignore[arg-type]
    assert not [row for row in stored(alone) if "enc1:k1:" in row]


def test_a_rotation_that_ends_half_way_goes_on(service: Service, with_keys: Keyed) -> None:
    a_life(service)
    before = everything(service)
    rotating = with_keys(service, ROTATED)
    next(rotating.store.rotate())
    assert everything(rotating) == before, "some under one key, some under the other"
    rotate_report(rotating, Stages())
    alone = with_keys(service, {"k2": ROTATED["k2"]})
    assert everything(alone) == before
