"""Files become golden profiles in the database; every row is accounted for, and nothing happens twice."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from identity.bootstrap import Service
from identity.commands.load import rematch_everything
from identity.engines.stages import Stages
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.sample import write_sample
from matching_rules.loader import rules_directory

from .world import (
    FILES,
    contradictions,
    crowd,
    events,
    inside,
    links,
    load,
    partition,
    rows,
    service_at,
    write,
)

INES = {
    "given_name": "Ines",
    "family_name": "Zywicka",
    "email": "ines@zywicka.example",
    "birth_date": "1985-03-04",
}
MARRIED = {"given_name": "Ines", "family_name": "Quandt", "phone": "6175550142", "city": "Worcester"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(150, 3, folder)
    return folder


@pytest.fixture(scope="module")
def loaded(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that four systems' files were loaded into."""
    database = tmp_path_factory.mktemp("loaded") / "identity.db"
    load(service_at(database), *(inside(sample, file) for file in FILES))
    return database


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with sixty people of two records each, in canonical columns."""
    folder = tmp_path_factory.mktemp("settled")
    load(service_at(folder / "identity.db"), write(folder / "crowd.csv", crowd(60)))
    return folder / "identity.db"


@pytest.fixture
def database(settled: Path, tmp_path: Path) -> Path:
    """A copy of the settled database, to change."""
    for file in settled.parent.glob("identity.db*"):
        shutil.copy(file, tmp_path)
    return tmp_path / "identity.db"


def home(service: Service, record: str) -> GoldenId:
    found = service.store.views.golden_id_of(RecordKey("shop", record))
    assert found is not None
    return found


def test_four_systems_in_one_command_become_one_consistent_story(loaded: Path, sample: Path) -> None:
    assert contradictions(loaded) == {}
    kinds = Counter(kind for kind, _, _ in events(loaded))
    assert set(kinds) == {"customer.created"}
    assert kinds["customer.created"] == len(partition(loaded))
    shared = [names for names in partition(loaded) if len({name.split(":")[0] for name in names}) == 4]
    assert len(shared) > 2
    report = load(service_at(loaded), inside(sample, FILES[0]))
    assert report["rows"] == report["accepted"] + report["quarantined"] + report["rejected"]


def test_four_systems_one_by_one_are_consistent_after_each(sample: Path, tmp_path: Path) -> None:
    database = tmp_path / "identity.db"
    records = 0
    for file in FILES:
        report = load(service_at(database), inside(sample, file))
        records += report["accepted"]
        assert report["records"] == records
        assert contradictions(database) == {}
    assert Counter(kind for kind, _, _ in events(database))["customer.merged"] > 0


def test_the_same_files_again_change_nothing(loaded: Path, sample: Path) -> None:
    before = partition(loaded), links(loaded), events(loaded)
    report = load(service_at(loaded), *(inside(sample, file) for file in FILES))
    assert report["unchanged"] == report["accepted"] > 0
    assert [report[name] for name in ("created", "updated", "merged", "split", "records_moved")] == [0] * 5
    assert not report["trained_now"]
    assert (partition(loaded), links(loaded), events(loaded)) == before


def test_a_rematch_right_after_a_load_changes_nothing(loaded: Path) -> None:
    before = partition(loaded), links(loaded), events(loaded)
    report = rematch_everything(service_at(loaded), Stages(), retrain=False)
    assert [report[name] for name in ("created", "updated", "merged", "split", "records_moved")] == [0] * 5
    assert (partition(loaded), links(loaded), events(loaded)) == before


def test_retraining_on_the_same_records_changes_nothing_either(database: Path) -> None:
    before = partition(database), events(database)
    report = rematch_everything(service_at(database), Stages(), retrain=True)
    assert report["trained_now"]
    assert (partition(database), events(database)) == before
    assert contradictions(database) == {}


def test_every_row_of_a_bad_file_is_accounted_for_in_the_report_and_in_the_database(
    database: Path, tmp_path: Path
) -> None:
    file = write(tmp_path / "bad.csv", [{"source": "shop", "source_record_id": "ines", **INES}] * 2)
    with file.open("ab") as stream:
        stream.write(b"shop,,No,Id,,,,\nshop,cut\nshop,b\xff,Bad,Bytes,,,,\n")
    report = load(service_at(database), file)
    (told,) = report["files"]
    assert (told["rows"], told["accepted"], told["quarantined"], told["rejected"]) == (5, 1, 3, 1)
    assert told["codes"] == {"E301": 1, "E304": 1, "E311": 1, "E340": 1}
    stored = rows(database, f"select row, code, outcome from quarantine where file = '{file}' order by row")
    assert stored == [
        (1, "E340", "rejected"),
        (3, "E311", "quarantined"),
        (4, "E304", "quarantined"),
        (5, "E301", "quarantined"),
    ]
    assert contradictions(database) == {}
    load(service_at(database), file)
    again = rows(database, f"select row, code from quarantine where file = '{file}' and status = 'open'")
    assert len(again) == 4, "the same bad rows wait twice for a person"


def test_a_later_file_with_a_changed_record_updates_its_profile_and_nobody_elses(
    database: Path, tmp_path: Path
) -> None:
    service = service_at(database)
    before, position = partition(database), len(events(database))
    changed = crowd(60)[0] | {"city": "Springfield"}
    report = load(service, write(tmp_path / "later.csv", [changed, crowd(60)[1]]))
    assert (report["accepted"], report["unchanged"], report["updated"], report["created"]) == (2, 1, 1, 0)
    golden_id = home(service, changed["source_record_id"])
    assert events(database, position) == [("customer.updated", golden_id, 2)]
    assert contradictions(database) == {}
    after = partition(database)
    assert sum(after[names] != values for names, values in before.items()) == 1
    record = service.store.views.record(RecordKey("shop", changed["source_record_id"]))
    assert record is not None
    assert record.attributes["city"] == "Springfield"


def test_a_record_that_becomes_somebody_else_leaves_and_takes_its_links_along(
    database: Path, tmp_path: Path
) -> None:
    service = service_at(database)
    person, left = crowd(60)[:2]
    stays, position = home(service, person["source_record_id"]), len(events(database))
    report = load(
        service,
        write(
            tmp_path / "other.csv", [INES | {"source": "shop", "source_record_id": left["source_record_id"]}]
        ),
    )
    assert (report["created"], report["merged"]) == (1, 0)
    assert contradictions(database) == {}
    gone = home(service, left["source_record_id"])
    assert home(service, person["source_record_id"]) == stays != gone
    assert {kind for kind, _, _ in events(database, position)} <= {"customer.created", "customer.split"}
    key = RecordKey("shop", left["source_record_id"])
    assert [link for link in service.store.views.links_of([key]) if link.judgement == "match"] == []


def test_a_record_between_two_profiles_merges_them_and_the_retired_id_leads_on(
    database: Path, tmp_path: Path
) -> None:
    service = service_at(database)
    one = {"source": "shop", "source_record_id": "x1", **INES}
    other = {"source": "shop", "source_record_id": "x2", **MARRIED}
    load(service, write(tmp_path / "two.csv", [one, other]))
    ids = {home(service, "x1"), home(service, "x2")}
    assert len(ids) == 2
    both = {**MARRIED, **INES, "family_name": "Zywicka Quandt", "source": "shop", "source_record_id": "x3"}
    position = len(events(database))
    report = load(service, write(tmp_path / "both.csv", [both]))
    assert (report["created"], report["merged"]) == (0, 1)
    assert contradictions(database) == {}
    survivor = home(service, "x3")
    (retired,) = ids - {survivor}
    found = service.store.views.profile(retired)
    assert found is not None
    assert (found.profile.golden_id, found.redirected_from) == (survivor, retired)
    assert sorted(events(database, position)) == sorted(
        [("customer.merged", survivor, 2), ("customer.merged", retired, 2)]
    )
    issued = {subject for _, subject, _ in events(database)}
    stranger = crowd(61)[-1] | {"source_record_id": "x3"}
    load(service, write(tmp_path / "apart.csv", [stranger]))
    assert contradictions(database) == {}
    apart = {home(service, name) for name in ("x1", "x2", "x3")}
    assert len(apart) == 3
    assert retired not in apart
    assert len(apart & issued) == 1


@pytest.fixture
def shadowing(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    shutil.copytree(rules_directory(), rules, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    policy = rules / "sources" / "pos.yml"
    told = [line for line in policy.read_text().splitlines() if not line.startswith("mode:")]
    policy.write_text("\n".join(["mode: shadow", *told]))
    return rules


def test_a_source_in_shadow_mode_is_stored_and_takes_no_effect(
    sample: Path, shadowing: Path, tmp_path: Path
) -> None:
    database = tmp_path / "identity.db"
    load(service_at(database), *(inside(sample, file) for file in FILES[1:]))
    before = partition(database), links(database), events(database)
    report = load(service_at(database, shadowing), inside(sample, FILES[0]))
    assert report["accepted"] > 0
    assert (partition(database), links(database), events(database)) == before
    assert rows(database, "select distinct mode from source_record where source = 'pos'") == [("shadow",)]
    again = load(service_at(database, shadowing), inside(sample, FILES[0]))
    assert again["unchanged"] == again["accepted"]
    assert contradictions(database) == {}


def test_a_first_file_in_shadow_mode_is_stored_too(sample: Path, shadowing: Path, tmp_path: Path) -> None:
    database = tmp_path / "identity.db"
    report = load(service_at(database, shadowing), inside(sample, FILES[0]))
    assert rows(database, "select count(*) from source_record") == [(report["accepted"],)]
    assert events(database) == []


def test_a_source_put_into_shadow_mode_later_takes_no_effect_with_what_it_tells_then(
    loaded: Path, sample: Path, shadowing: Path, tmp_path: Path
) -> None:
    for file in loaded.parent.glob("identity.db*"):
        shutil.copy(file, tmp_path)
    database = tmp_path / "identity.db"
    lines = (sample / "pos.csv").read_bytes().splitlines(keepends=True)
    (sample / "pos2.csv").write_bytes(lines[0] + lines[1].replace(b"a", b"e"))
    load(service_at(database, shadowing), inside(sample, "pos=pos2.csv"))
    assert contradictions(database) == {}


def test_of_a_record_in_two_files_the_later_file_wins_also_when_it_repeats_what_is_stored(
    database: Path, tmp_path: Path
) -> None:
    service, known = service_at(database), crowd(60)[0]
    first = write(tmp_path / "first.csv", [known | {"city": "Springfield"}])
    second = write(tmp_path / "second.csv", [known])
    key = RecordKey("shop", known["source_record_id"])
    for files, city in [((first, second), known["city"]), ((second, first), "Springfield")] * 2:
        load(service, *files)
        record = service.store.views.record(key)
        assert record is not None
        assert record.attributes["city"] == city


def test_a_first_customer_can_be_loaded_alone(tmp_path: Path) -> None:
    database = tmp_path / "identity.db"
    report = load(
        service_at(database),
        write(tmp_path / "one.csv", [{"source": "shop", "source_record_id": "1", **INES}]),
    )
    assert (report["records"], report["profiles"], report["created"]) == (1, 1, 1)
    assert contradictions(database) == {}


def test_a_file_with_a_header_only_is_a_load_of_no_rows(tmp_path: Path) -> None:
    database = tmp_path / "identity.db"
    report = load(service_at(database), write(tmp_path / "none.csv", []))
    assert (report["rows"], report["records"], report["profiles"]) == (0, 0, 0)
    assert rows(database, "select count(*) from event") == [(0,)]
