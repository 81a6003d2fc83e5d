"""What writing a record does: taken, passed over, taken out; who it joins and leaves; and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity.bootstrap import STARTER, Service, Settings
from identity.flows.ingest import Ingested, Outcome
from identity.model.errors import LookupFailed, StoreError
from identity.model.judgement import Judgement
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival
from matching_rules.loader import rules_directory

from .conftest import Person, Ready
from .real_time import arrival, deleted, rebuilt, state
from .whole import contradictions, everything, rows, spoil

Serving = Callable[[Settings], Service]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA = {
    "given_name": "Ana",
    "family_name": "Zywicka",
    "birth_date": "1985-03-04",
    "email": "ana@zywicka.example",
    "phone": "2125550142",
}
BORIS = {
    "given_name": "Boris",
    "family_name": "Quill",
    "birth_date": "1961-11-23",
    "email": "boris@quill.example",
    "phone": "3015550187",
}
CLEO = {
    "given_name": "Cleo",
    "family_name": "Marchetti",
    "birth_date": "1999-07-30",
    "email": "cleo@marchetti.example",
    "phone": "6175550123",
}


@pytest.fixture
def serving() -> Iterator[Serving]:
    """Opens services, and closes them behind the test."""
    opened: list[Service] = []

    def open_with(settings: Settings) -> Service:
        opened.append(Service(settings))
        return opened[-1]

    yield open_with
    for service in opened:
        service.store.close()


def told(number: int, person: Person, observed_at: datetime | None = None, **more: str) -> Arrival:
    """A record of the till, by its number."""
    key = {"source": "pos", "source_record_id": f"{number:02}"}
    mode = more.pop("mode", "live")
    return arrival(person | more | key, observed_at, mode)


def key(number: int) -> RecordKey:
    return RecordKey("pos", f"{number:02}")


def one_by_one(service: Service, *arrivals: Arrival) -> list[str]:
    """The golden ids of records that are told one after the other: of two ids the older one stays."""
    return [str(service.ingest([each])[0].golden_id) for each in arrivals]


def outcomes(done: Sequence[Ingested]) -> list[Outcome]:
    return [found.outcome for found in done]


def history(url: str, golden_id: str | None) -> list[tuple[str, int]]:
    """The types and versions of a profile's events, in the order of the log."""
    found = rows(url, f"select type, version from event where subject = '{golden_id}' order by position")
    return [(type_, version) for type_, version in found]


def status(url: str, golden_id: str | None) -> str:
    ((found,),) = rows(url, f"select status from golden_profile where golden_id = '{golden_id}'")
    return str(found)


def redirects(url: str) -> dict[str, str]:
    return dict(rows(url, "select retired, survivor from redirect"))


def assert_sound(service: Service) -> None:
    """What is stored is one story, and what a rebuild would give."""
    assert contradictions(service.settings.database_url) == {}
    assert state(service.settings.database_url).differences(rebuilt(service)) == {}


# The first record, and repeats


def test_the_first_record_ever_is_judged_by_the_model_that_is_shipped(url: str, serving: Serving) -> None:
    service = serving(Settings(url))
    (found,) = service.ingest([told(1, ANA)])
    assert (found.key, found.outcome, found.judgement) == (key(1), Outcome.ACCEPTED, Judgement.NO_MATCH)
    shipped = service.model_file(rules_directory() / STARTER)
    assert service.active_model().version == shipped.version
    assert history(url, found.golden_id) == [("customer.created", 1)]
    assert rows(url, "select kind, model_version from change") == [("ingest", shipped.version)]
    (same,) = service.ingest([told(2, ANA)])
    assert (same.golden_id, same.judgement) == (found.golden_id, Judgement.MATCH)
    assert_sound(service)


def test_a_record_told_again_as_it_is_changes_nothing_and_writes_nothing(ready: Ready, url: str) -> None:
    service = ready(url)
    first = service.ingest([told(1, ANA, NOON), told(2, BORIS)])
    before = everything(url)
    again = service.ingest([told(1, ANA, NOON), told(2, BORIS), told(2, BORIS)])
    assert outcomes(again) == [Outcome.UNCHANGED] * 3
    assert [found.golden_id for found in again[:2]] == [found.golden_id for found in first]
    assert all(found.change_id is None for found in again)
    assert everything(url) == before


def test_of_one_record_twice_in_one_call_the_later_wins(ready: Ready, url: str) -> None:
    service = ready(url)
    done = service.ingest([told(1, ANA), told(2, CLEO), told(1, BORIS), told(1, ANA, city="Boston")])
    assert [found.key for found in done] == [key(1), key(2), key(1), key(1)]
    assert outcomes(done) == [Outcome.ACCEPTED] * 4
    assert rows(url, "select given_name, city from source_record order by 1") == [
        ("Ana", "Boston"),
        ("Cleo", None),
    ]
    assert_sound(service)


def test_a_thousand_records_in_one_call_are_a_thousand_records(
    ready: Ready, url: str, sampled: list[Person]
) -> None:
    service = ready(url)
    people = sampled[:1000]
    done = service.ingest([arrival(person) for person in people], "call-1")
    assert [str(found.key) for found in done] == [
        f"{person['source']}:{person['source_record_id']}" for person in people
    ]
    assert set(outcomes(done)) == {Outcome.ACCEPTED}
    assert rows(url, "select count(*) from crosswalk where valid_to is null") == [(1000,)]
    issued, gone = {str(found.golden_id) for found in done}, redirects(url)
    live = {name for (name,) in rows(url, "select golden_id from golden_profile where status = 'live'")}
    assert {gone.get(golden_id, golden_id) for golden_id in issued} <= live
    assert {"call-1"} <= {name for (name,) in rows(url, "select distinct correlation_id from event")}
    service.redo()
    assert_sound(service)


# Which of two tellings counts


@pytest.mark.parametrize(
    ("stored", "comes", "expected"),
    [
        (NOON, NOON - timedelta(microseconds=1), Outcome.SUPERSEDED),
        (NOON, NOON.astimezone(tz=None) - timedelta(hours=1), Outcome.SUPERSEDED),
        (NOON, NOON, Outcome.ACCEPTED),
        (NOON, NOON + timedelta(microseconds=1), Outcome.ACCEPTED),
        (NOON, None, Outcome.ACCEPTED),
        (None, NOON, Outcome.ACCEPTED),
        (None, None, Outcome.ACCEPTED),
    ],
)
def test_what_was_observed_earlier_never_overwrites_what_was_observed_later(
    ready: Ready, url: str, stored: datetime | None, comes: datetime | None, expected: Outcome
) -> None:
    service = ready(url)
    (first,) = service.ingest([told(1, ANA, stored)])
    before = everything(url)
    (found,) = service.ingest([told(1, ANA, comes, city="Boston")])
    assert (found.outcome, found.golden_id) == (expected, first.golden_id)
    wins = expected is Outcome.ACCEPTED
    assert rows(url, "select city from source_record") == [("Boston" if wins else None,)]
    assert (everything(url) == before) is not wins
    versions = 2 if wins else 1
    assert [version for _, version in history(url, first.golden_id)] == list(range(1, versions + 1))


# Taking out


def test_a_deleted_record_leaves_its_profile_which_the_others_keep(ready: Ready, url: str) -> None:
    service = ready(url)
    one, two = service.ingest([told(1, ANA), told(2, ANA, city="Boston")])
    assert rows(url, "select count(*) from link") == [(1,)]
    (gone,) = service.ingest([deleted(key(2))])
    assert (gone.outcome, gone.golden_id) == (Outcome.DELETED, None)
    assert rows(url, "select count(*) from link") == [(0,)]
    assert rows(url, "select source_record_id from crosswalk where valid_to is null") == [("01",)]
    assert (one.golden_id, status(url, one.golden_id)) == (two.golden_id, "live")
    assert history(url, one.golden_id)[-1] == ("customer.split", 2)
    assert "Boston" not in rows(url, "select attributes from golden_profile")[0][0]
    assert rows(url, "select given_name from source_record where deleted_at is not null") == [("Ana",)]
    assert_sound(service)


def test_a_profile_whose_last_record_is_taken_out_is_empty_and_says_so(ready: Ready, url: str) -> None:
    service = ready(url)
    (first,) = service.ingest([told(1, ANA)])
    service.ingest([deleted(key(1))])
    ((attributes, consents, count),) = rows(
        url, "select attributes, consents, record_count from golden_profile where status = 'empty'"
    )
    assert (attributes, consents, count) == ("{}", "{}", 0)
    assert history(url, first.golden_id) == [("customer.created", 1), ("customer.updated", 2)]
    for table in ("filed", "identifier", "link"):
        assert rows(url, f"select count(*) from {table}") == [(0,)]
    assert_sound(service)


def test_a_deletion_that_comes_late_does_not_take_out_what_was_told_since(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told(1, ANA, datetime(2026, 3, 2, tzinfo=UTC))])
    late = Arrival(SourceRecord(key(1), {}, datetime(2026, 3, 1, tzinfo=UTC)), "", deleted=True)
    assert outcomes(service.ingest([late])) == [Outcome.SUPERSEDED]
    assert service.store.views.golden_id_of(key(1)) is not None


def test_to_delete_what_is_not_there_is_unknown_and_writes_nothing(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told(1, ANA)])
    service.ingest([deleted(key(1))])
    before = everything(url)
    done = service.ingest([deleted(key(1)), deleted(key(9)), deleted(RecordKey("nowhere", "1"))])
    assert outcomes(done) == [Outcome.UNKNOWN] * 3
    assert everything(url) == before


def test_a_deleted_record_told_again_lives_again_under_another_id(ready: Ready, url: str) -> None:
    service = ready(url)
    (first,) = service.ingest([told(1, ANA, NOON)])
    service.ingest([deleted(key(1))])
    (before_it_was_deleted,) = service.ingest([told(1, ANA, NOON)])
    assert before_it_was_deleted.outcome is Outcome.SUPERSEDED
    (again,) = service.ingest([told(1, ANA, datetime.now(UTC) + timedelta(days=1))])
    assert again.outcome is Outcome.ACCEPTED
    assert again.golden_id not in (None, first.golden_id), "an id is never given out twice"
    assert status(url, first.golden_id) == "empty"
    assert history(url, again.golden_id) == [("customer.created", 1)]
    service.ingest([deleted(key(1))])
    (third,) = service.ingest([told(1, ANA)])
    assert len({first.golden_id, again.golden_id, third.golden_id}) == 3
    assert_sound(service)


# Shadow mode


def test_a_shadow_record_is_stored_and_belongs_to_nobody(ready: Ready, url: str) -> None:
    service = ready(url)
    (live,) = service.ingest([told(1, ANA)])
    before = everything(url)
    (shadow,) = service.ingest([told(2, ANA, mode="shadow")])
    assert (shadow.outcome, shadow.golden_id) == (Outcome.SHADOW, None)
    after = everything(url)
    assert after.pop("source_record") > before.pop("source_record")
    assert after == before, "nothing but the record itself"
    assert outcomes(service.ingest([told(2, ANA, mode="shadow")])) == [Outcome.UNCHANGED]
    (taken_over,) = service.ingest([told(2, ANA)])
    assert (taken_over.outcome, taken_over.golden_id) == (Outcome.ACCEPTED, live.golden_id)
    assert_sound(service)


def test_what_is_told_in_shadow_mode_does_not_touch_a_live_record(ready: Ready, url: str) -> None:
    service = ready(url)
    (live,) = service.ingest([told(1, ANA)])
    before = everything(url)
    (shadow,) = service.ingest([told(1, BORIS, mode="shadow")])
    assert (shadow.outcome, shadow.golden_id) == (Outcome.SUPERSEDED, live.golden_id)
    assert everything(url) == before


def test_a_shadow_record_can_be_deleted_and_nobody_notices(ready: Ready, url: str) -> None:
    service = ready(url)
    assert outcomes(service.ingest([told(1, ANA, mode="shadow"), deleted(key(1))])) == [
        Outcome.SHADOW,
        Outcome.DELETED,
    ]
    assert rows(url, "select count(*) from event") == [(0,)]
    assert outcomes(service.ingest([deleted(key(1))])) == [Outcome.UNKNOWN]
    assert_sound(service)


# Merging and splitting


def test_profiles_merge_when_evidence_comes_and_split_when_it_goes(ready: Ready, url: str) -> None:
    service = ready(url)
    ana, boris = one_by_one(service, told(1, ANA), told(2, BORIS))
    assert ana != boris
    (now_ana,) = service.ingest([told(2, ANA, city="Boston")])
    assert (now_ana.golden_id, now_ana.judgement) == (ana, Judgement.MATCH)
    assert redirects(url) == {boris: ana}
    assert history(url, ana)[-1] == ("customer.merged", 2)
    assert history(url, boris) == [("customer.created", 1), ("customer.merged", 2)]
    (boris_again,) = service.ingest([told(2, BORIS)])
    assert boris_again.golden_id not in (ana, boris), "an id is never given out twice"
    assert (status(url, ana), status(url, boris)) == ("live", "merged")
    assert history(url, ana)[-1] == ("customer.split", 3)
    assert history(url, boris_again.golden_id) == [("customer.created", 1)]
    assert_sound(service)


def test_a_chain_of_merges_redirects_in_one_hop(ready: Ready, url: str) -> None:
    service = ready(url)
    cleo, ana, boris = one_by_one(service, told(1, CLEO), told(4, ANA), told(5, BORIS))
    service.ingest([told(2, CLEO), told(3, CLEO)])
    service.ingest([told(5, ANA)])
    assert redirects(url) == {boris: ana}
    service.ingest([told(4, CLEO), told(5, CLEO)])
    assert redirects(url) == {ana: cleo, boris: cleo}
    assert history(url, boris) == [("customer.created", 1), ("customer.merged", 2)]
    assert_sound(service)


def test_a_record_between_two_people_holds_them_together_only_while_it_is_there(
    ready: Ready, url: str
) -> None:
    """Two halves of a life with nothing in common but the record that has both."""
    service = ready(url)
    mail = {"given_name": "Ines", "family_name": "Oyelaran", "email": "ines@oyelaran.example"}
    phone = {"loyalty_id": "700411", "phone": "2125550199", "birth_date": "1985-03-04"}
    one, other = service.ingest([told(1, mail), told(2, phone)])
    assert one.golden_id != other.golden_id
    (bridge,) = service.ingest([told(3, mail | phone)])
    homes = rows(url, "select distinct golden_id from crosswalk where valid_to is null")
    assert len(homes) == 1
    assert redirects(url).keys() == {str(one.golden_id), str(other.golden_id)} - {bridge.golden_id}
    service.ingest([deleted(key(3))])
    service.redo()
    homes = rows(url, "select distinct golden_id from crosswalk where valid_to is null")
    assert len(homes) == 2
    assert_sound(service)


# What is refused


@pytest.mark.parametrize("other", ["rules", "secret"])
def test_an_index_that_was_built_in_another_way_is_refused_and_left_as_it_is(
    ready: Ready, url: str, serving: Serving, tight_rules: Path, other: str
) -> None:
    service = ready(url)
    service.ingest([told(1, ANA)])
    before = everything(url)
    settings = (
        Settings(url, tight_rules, index_secret=service.settings.index_secret)
        if other == "rules"
        else Settings(url, index_secret="another secret")
    )
    changed = serving(settings)
    for ask in (
        lambda: changed.ingest([told(2, BORIS)]),
        lambda: changed.redo(),
        lambda: changed.lookup([]),
        lambda: changed.match(told(2, BORIS).record),
    ):
        with pytest.raises(StoreError) as refused:
            ask()
        assert refused.value.code == "E412"
    assert everything(url) == before


def test_a_database_with_records_and_no_index_is_refused_until_one_is_built(
    ready: Ready, url: str, serving: Serving
) -> None:
    service = ready(url)
    service.ingest([told(1, ANA)])
    spoil(url, "delete from setting where name = 'index_version'")
    with pytest.raises(StoreError) as refused:
        serving(service.settings).ingest([told(2, BORIS)])
    assert refused.value.code == "E412"


def test_a_model_that_is_gone_is_said_by_number_and_nothing_is_written(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told(1, ANA)])
    spoil(url, "delete from match_model")
    before = everything(url)
    for ask in (lambda: service.ingest([told(2, BORIS)]), lambda: service.match(told(2, BORIS).record)):
        with pytest.raises(LookupFailed) as refused:
            ask()
        assert refused.value.code == "E503"
    assert everything(url) == before


def test_a_database_without_tables_is_brought_to_this_version_by_the_first_record(
    empty_url: str, serving: Serving
) -> None:
    service = serving(Settings(empty_url))
    assert outcomes(service.ingest([told(1, ANA)])) == [Outcome.ACCEPTED]
    service.store.check_current()
