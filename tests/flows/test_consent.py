"""What people allow: one history for each identifier, whatever merges, undoes and arrives in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from typing import Any

import pyarrow as pa
import pytest

from identity.bootstrap import Service
from identity.connectors.told import arrival_of
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, merge, undo
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord
from identity.flows.redo import drain
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed, RowError
from identity.model.record import RecordKey
from identity.ports import RECORDS

from .conftest import Ready
from .real_time import arrival, contradictions, deleted, rebuilt, rows, state

DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
MAIL, NEWS = "anna@shop.example", "marketing.email"
_NUMBERS = count()


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


def key(name: str) -> RecordKey:
    return RecordKey("pos", name)


def person(name: str, given: str, family: str, **told: str) -> dict[str, str]:
    return {"source": "pos", "source_record_id": name, "given_name": given, "family_name": family, **told}


def anna(name: str = "a1", **told: str) -> dict[str, str]:
    return person(name, "Anna", "Okafor", email=MAIL, birth_date="1980-02-03", **told)


def bert(name: str = "b1", **told: str) -> dict[str, str]:
    return person(name, "Bert", "Lindqvist", email="bert@mail.example", birth_date="1971-11-30", **told)


def told(service: Service, *people: dict[str, str], at: datetime | None = None) -> None:
    ingest(service.desk, [arrival(each, at) for each in people])
    drain(service.desk)


def captured(service: Service, someone: dict[str, str], **consents: tuple[str, datetime]) -> None:
    """A record with consents and when each was captured."""
    attributes = {name: value for name, value in someone.items() if not name.startswith("source")}
    said = {
        name.replace("__", "."): {"status": status, "captured_at": at.isoformat()}
        for name, (status, at) in consents.items()
    }
    ingest(service.desk, [arrival_of(key(someone["source_record_id"]), attributes, None, said)])
    drain(service.desk)


def home(service: Service, name: str) -> GoldenId:
    with service.store.look() as look:
        return look.memberships([key(name)])[key(name)]


def say(service: Service, about: Any, status: str, at: datetime | None = None, **more: Any) -> str:
    if isinstance(about, str):
        about = ByIdentifier("email", about) if "@" in about else ByRecord(key(about))
    purpose, channel = more.pop("consent", NEWS).split(".")
    operation = f"said-{next(_NUMBERS)}"
    service.consents.tell([Said(about, purpose, channel, status, at, **more)], Teller("tests", operation))
    drain(service.desk)
    return f"{operation}.1"


def flags(service: Service, name: str = "a1") -> dict[str, str]:
    view = service.store.views.profile(home(service, name))
    assert view is not None
    return dict(view.profile.consents)


def allowed(service: Service, about: Any, purpose: str = "marketing", **more: Any) -> tuple[bool, str]:
    (found,) = service.consents.check([about], Asker(purpose, more.pop("channel", "email"), **more))
    return found.permission.allowed, found.permission.reason


def sound(service: Service) -> bool:
    url = service.settings.database_url
    assert contradictions(url) == {}
    differences = state(url).differences(rebuilt(service))
    assert not differences, differences
    return True


def test_a_fact_is_in_the_profile_with_its_event_at_once(service: Service, url: str) -> None:
    told(service, anna())
    say(service, ByGoldenId(home(service, "a1")), "granted")
    assert flags(service) == {NEWS: "granted"}
    kinds = [kind for (kind,) in rows(url, "select type from event order by position")]
    assert kinds == ["customer.created", "customer.consent_changed"]
    (last,) = service.store.views.events(after=1)
    assert last.body["changes"] == [{"purpose": "marketing", "channel": "email", "status": "granted"}]
    assert sound(service)


def test_what_is_said_again_changes_nothing_and_tells_nothing(service: Service, url: str) -> None:
    told(service, anna())
    say(service, MAIL, "withdrawn", NOW - DAY)
    before = rows(url, "select count(*) from event")
    say(service, MAIL, "withdrawn", NOW - 2 * DAY)
    assert rows(url, "select count(*) from event") == before


def test_a_withdrawal_comes_back_only_by_a_later_yes_for_the_same_identifier(service: Service) -> None:
    told(service, anna(**{NEWS: "granted"}))
    say(service, MAIL, "withdrawn", NOW - DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    say(service, MAIL, "granted", NOW - 2 * DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    say(service, "anna@elsewhere.example", "granted", NOW)
    say(service, MAIL, "granted", NOW, consent="marketing.sms")
    assert flags(service)[NEWS] == "withdrawn"
    say(service, MAIL, "granted", NOW - DAY / 2)
    assert flags(service)[NEWS] == "granted"
    assert sound(service)


def test_a_nightly_file_that_knows_nothing_of_a_withdrawal_does_not_undo_it(service: Service) -> None:
    told(service, anna(**{NEWS: "granted"}), at=NOW - 3 * DAY)
    say(service, MAIL, "withdrawn", NOW - 2 * DAY)
    told(service, anna(city="Boston", **{NEWS: "granted"}), at=NOW - DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    assert sound(service)


def test_records_and_facts_are_one_history(service: Service) -> None:
    captured(service, anna(), marketing__email=("withdrawn", NOW - 2 * DAY))
    say(service, MAIL, "granted", NOW - DAY)
    assert flags(service) == {NEWS: "granted"}
    captured(service, anna("a2"), marketing__email=("withdrawn", NOW - DAY / 2))
    assert home(service, "a1") == home(service, "a2")
    assert flags(service) == {NEWS: "withdrawn"}
    captured(service, anna("a3"), marketing__email=("granted", NOW - DAY / 4))
    assert flags(service) == {NEWS: "granted"}
    assert sound(service)


def test_the_order_in_which_things_arrive_does_not_matter(ready: Ready, url: str) -> None:
    steps: list[Callable[[Service], object]] = [
        lambda it: captured(it, anna(), marketing__email=("withdrawn", NOW - 4 * DAY)),
        lambda it: say(it, MAIL, "granted", NOW - 3 * DAY),
        lambda it: say(it, "a1", "objected", NOW - 2 * DAY, consent="profiling.any"),
        lambda it: say(it, MAIL, "denied", NOW - DAY),
    ]
    service, found = ready(url), set()
    for number, order in enumerate(list(permutations(steps))[::5]):
        for step in order:
            step(service)
        found.add(str(flags(service)))
        assert sound(service)
        if number == 4:
            break
    assert found == {str({NEWS: "denied", "profiling.any": "objected"})}


def test_a_merge_takes_the_strictest_and_undo_gives_each_their_own_back(service: Service) -> None:
    told(service, anna(**{NEWS: "granted"}), bert(**{NEWS: "granted"}))
    say(service, "bert@mail.example", "objected", NOW - DAY)
    done = merge(service.desk, [home(service, "a1"), home(service, "b1")], Wish("ann"))
    assert flags(service) == {NEWS: "objected"}
    assert sound(service)
    undo(service.desk, done.operation.operation_id, Wish("ann"))
    assert (flags(service), flags(service, "b1")) == ({NEWS: "granted"}, {NEWS: "objected"})
    assert sound(service)


def test_what_was_refused_in_between_holds_for_both_until_each_says_yes_again(service: Service) -> None:
    told(service, anna(**{NEWS: "granted"}), bert(**{NEWS: "granted"}))
    done = merge(service.desk, [home(service, "a1"), home(service, "b1")], Wish("ann"))
    say(service, ByGoldenId(home(service, "a1")), "withdrawn")
    undo(service.desk, done.operation.operation_id, Wish("ann"))
    assert (flags(service), flags(service, "b1")) == ({NEWS: "withdrawn"}, {NEWS: "withdrawn"})
    say(service, MAIL, "granted", datetime.now(UTC) + timedelta(seconds=10))
    assert flags(service, "b1") == {NEWS: "withdrawn"}
    assert sound(service)


def test_a_yes_of_people_who_were_taken_for_one_is_nobodys_once_they_are_parted(service: Service) -> None:
    told(service, anna(), bert())
    done = merge(service.desk, [home(service, "a1"), home(service, "b1")], Wish("ann"))
    say(service, ByGoldenId(home(service, "a1")), "granted")
    assert flags(service) == {NEWS: "granted"}
    undo(service.desk, done.operation.operation_id, Wish("ann"))
    assert (flags(service), flags(service, "b1")) == ({}, {})
    assert sound(service)
    ingest(service.desk, [deleted(key("b1"))])
    drain(service.desk)
    assert flags(service) == {NEWS: "granted"}, "nobody else is left whom it could have been"
    assert sound(service)


def test_a_merge_by_the_machine_that_is_taken_back_spreads_no_older_refusal(service: Service) -> None:
    told(service, anna(), person("a2", "Cleo", "Marsh", email="a.o@mail.example"))
    first, second = home(service, "a1"), home(service, "a2")
    assert first != second
    say(service, "a.o@mail.example", "objected", NOW - DAY)
    told(service, person("a2", "Anna", "Okafor", birth_date="1980-02-03", email="a.o@mail.example"))
    gone = ({first, second} - {home(service, "a1")}).pop()
    assert home(service, "a1") == home(service, "a2")
    undo(service.desk, gone, Wish("ann"))
    assert (flags(service), flags(service, "a2")) == ({}, {NEWS: "objected"})
    assert sound(service)


def test_a_no_outlives_the_record_that_said_it(service: Service) -> None:
    told(service, anna(), anna("a2", **{NEWS: "withdrawn"}), at=NOW - DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    ingest(service.desk, [deleted(key("a2"))])
    drain(service.desk)
    assert flags(service) == {NEWS: "withdrawn"}
    assert sound(service)
    told(service, anna(city="Boston", **{NEWS: "denied"}), at=NOW)
    told(service, anna(city="Boston"), at=NOW + timedelta(seconds=1))
    say(service, MAIL, "granted", NOW - DAY / 2)
    assert flags(service) == {NEWS: "denied"}, "the source forgot it, the person did not"
    assert sound(service)


def test_a_source_may_take_its_own_no_back(service: Service) -> None:
    told(service, anna(**{NEWS: "withdrawn"}), at=NOW - 2 * DAY)
    told(service, anna(), at=NOW - DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    told(service, anna(**{NEWS: "granted"}), at=NOW)
    assert flags(service) == {NEWS: "granted"}
    assert sound(service)


def test_a_no_that_comes_late_is_heard(service: Service) -> None:
    told(service, anna(), at=NOW)
    told(service, anna(**{NEWS: "withdrawn"}), at=NOW - DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    assert sound(service)


def test_an_address_that_was_refused_before_anybody_had_it_stays_refused(service: Service) -> None:
    say(service, "  ANNA@shop.example ", "objected", NOW - DAY)
    told(service, anna(**{NEWS: "granted"}))
    assert flags(service) == {NEWS: "objected"}
    assert sound(service)


def test_a_yes_runs_out_for_who_asks_at_once_and_in_profiles_when_it_is_seen_to(service: Service) -> None:
    told(service, anna(country="DE"))
    say(service, MAIL, "granted", NOW - 2 * DAY, expires_at=NOW - DAY)
    golden_id = home(service, "a1")
    assert flags(service) == {NEWS: "unknown"}
    assert allowed(service, ByGoldenId(golden_id)) == (False, "expired")
    soon = datetime.now(UTC) + timedelta(seconds=1)
    say(service, MAIL, "granted", expires_at=soon)
    assert allowed(service, ByGoldenId(golden_id)) == (True, "granted")
    while datetime.now(UTC) <= soon:
        pass
    assert flags(service) == {NEWS: "granted"}
    assert allowed(service, ByGoldenId(golden_id)) == (False, "expired")
    assert service.consents.lapse() == 2
    assert flags(service) == {NEWS: "unknown"}
    assert service.consents.lapse() == 0
    assert sound(service)


def test_a_basis_lasts_as_long_as_the_law_of_the_place_says(service: Service) -> None:
    told(service, anna(country="CA"))
    fact_id = say(service, MAIL, "granted", NOW - 800 * DAY, jurisdiction="ca", basis="implied_consent")
    told_now = service.consents.told(fact_id)
    assert told_now is not None
    assert told_now.fact.expires_at == NOW - 70 * DAY
    assert allowed(service, ByIdentifier("email", MAIL)) == (False, "expired")


def test_clocks_that_are_ahead_are_set_back(service: Service) -> None:
    told(service, anna())
    say(service, MAIL, "withdrawn")
    say(service, MAIL, "granted", datetime.now(UTC) + 400 * DAY)
    assert flags(service) == {NEWS: "withdrawn"}, "a yes from the future proves nothing against a no"
    captured(service, anna("a2"), marketing__email=("granted", datetime.now(UTC) + 400 * DAY))
    assert flags(service) == {NEWS: "withdrawn"}
    assert sound(service)


def test_silence_is_no_yes_but_where_the_law_lets_it(service: Service) -> None:
    told(service, anna(country="DE"), bert(country="US", region="CA"))
    a, b = ByGoldenId(home(service, "a1")), ByGoldenId(home(service, "b1"))
    assert allowed(service, a) == (False, "never_asked")
    assert allowed(service, b) == (True, "not_refused")
    assert allowed(service, b, jurisdiction="ca") == (False, "never_asked")
    assert allowed(service, a, "service") == (True, "not_needed")
    say(service, ByGoldenId(b.golden_id), "objected", consent="service.email")
    assert allowed(service, b, "service") == (False, "objected")
    assert allowed(service, ByIdentifier("email", "nobody@mail.example")) == (False, "unknown_person")


def test_a_link_to_unsubscribe_follows_its_person_through_merges_and_splits(service: Service) -> None:
    told(service, anna(**{NEWS: "granted"}), bert(**{NEWS: "granted"}))
    a, b = home(service, "a1"), home(service, "b1")
    tokens = service.consents.mint([a, b], "marketing", "email")
    assert not any("anna" in token or "@" in token for token in tokens)
    done = merge(service.desk, [a, b], Wish("ann"))
    gone = ({a, b} - {home(service, "a1")}).pop()
    token = tokens[[a, b].index(gone)]
    assert service.consents.unsubscribe(token, Teller("page", "u1")) is not None
    assert flags(service) == {NEWS: "withdrawn"}
    undo(service.desk, done.operation.operation_id, Wish("ann"))
    assert flags(service, "a1") == flags(service, "b1") == {NEWS: "withdrawn"}
    assert sound(service)


@pytest.mark.parametrize("token", ["", "x", "AAAA", "é", "A" * 200])
def test_a_token_of_others_is_refused(service: Service, token: str) -> None:
    with pytest.raises(LookupFailed, match="E532"):
        service.consents.unsubscribe(token, Teller("page", "u1"))


def test_what_there_is_not_is_refused(service: Service) -> None:
    told(service, anna())
    wrongs: list[dict[str, Any]] = [
        {"consent": "magic.email"},
        {"consent": "marketing.pigeon"},
        {"basis": "whim"},
    ]
    for wrong in wrongs:
        with pytest.raises(RowError, match="E320"):
            say(service, MAIL, "granted", **wrong)
    with pytest.raises(RowError, match="E322"):
        say(service, ByIdentifier("phone", "n/a"), "granted")
    with pytest.raises(LookupFailed, match="E501"):
        say(service, ByGoldenId(GoldenId("g00000000000000000")), "granted")


def test_everything_that_was_said_is_told_with_reasons(service: Service) -> None:
    captured(service, anna(), marketing__email=("granted", NOW - 2 * DAY))
    say(service, MAIL, "withdrawn", NOW - DAY, source="preference centre", notice="v3")
    found = service.consents.agreement(home(service, "a1"))
    assert found is not None
    held = found.effective[NEWS].held
    assert (held.status, held.reason, held.since) == ("withdrawn", "withdrawn", NOW - DAY)
    assert list(found.effective[NEWS].identifiers) == [("email", MAIL)]
    assert [(fact.status, fact.source) for fact in found.facts] == [("withdrawn", "preference centre")]


def test_a_no_that_a_source_took_back_binds_no_other_record(service: Service) -> None:
    told(service, anna(), anna("a2", **{NEWS: "withdrawn"}), at=NOW - 2 * DAY)
    told(service, anna("a2", **{NEWS: "granted"}), at=NOW - DAY)
    assert flags(service) == {NEWS: "granted"}
    assert sound(service)


def test_a_late_no_of_a_record_that_is_gone_is_heard_by_who_holds_the_address(service: Service) -> None:
    told(service, anna(), anna("a2"), at=NOW - DAY)
    ingest(service.desk, [deleted(key("a2"))])
    told(service, anna("a2", **{NEWS: "withdrawn"}), at=NOW - 2 * DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    assert sound(service)


def bulk(service: Service, *people: dict[str, str | None], at: datetime | None = None) -> None:
    """Load records as a file of them is loaded."""
    moment = at or NOW
    columns: dict[str, list[Any]] = {name: [] for name in RECORDS.names}
    for each in people:
        row = {
            "mode": "live",
            "loaded_at": moment,
            "observed_at": moment,
            "load_id": "l",
            "custom": "{}",
        } | each
        row["content_hash"] = str(sorted(each.items(), key=str))
        for name, values in columns.items():
            values.append(row.get(name) or ("{}" if name == "consents" else None))
    table = pa.table({field.name: pa.array(columns[field.name], field.type) for field in RECORDS})
    rematch(service.workshop, Stages(), table)


def test_a_file_that_forgets_a_no_does_not_undo_it(service: Service) -> None:
    no = '{"marketing.email":{"status":"withdrawn"}}'
    bulk(service, {**anna(), "consents": no}, {**anna("a2"), "consents": no}, dict(bert()), at=NOW - DAY)
    assert flags(service) == {NEWS: "withdrawn"}
    bulk(service, dict(anna()), dict(anna("a2")))
    assert flags(service) == {NEWS: "withdrawn"}
    say(service, MAIL, "granted", NOW + timedelta(seconds=1))
    assert flags(service) == {NEWS: "granted"}
    assert sound(service)


def test_a_load_of_everybody_goes_by_facts(service: Service) -> None:
    say(service, MAIL, "objected", NOW - DAY)
    say(service, ByIdentifier("phone", "(212) 555-0142", "US"), "denied", NOW - DAY, consent="marketing.sms")
    say(service, "b1", "granted", NOW - DAY)
    bulk(service, dict(anna()), {**bert(), "phone": "+1 212 555 0142"})
    assert flags(service) == {NEWS: "objected"}
    assert flags(service, "b1") == {NEWS: "granted", "marketing.sms": "denied"}
    assert sound(service)


def test_a_load_tells_of_consents_by_events_of_their_own(service: Service) -> None:
    yes, no = '{"marketing.email":{"status":"granted"}}', '{"marketing.email":{"status":"withdrawn"}}'
    bulk(service, {**anna(), "consents": yes}, dict(bert()), at=NOW - DAY)
    bulk(service, {**anna(), "consents": no}, {**bert(), "city": "Boston"})
    views, a, b = service.store.views, home(service, "a1"), home(service, "b1")
    assert [(event.version, event.type) for event in views.events(subject=a)] == [
        (1, "customer.created"),
        (2, "customer.updated"),
        (3, "customer.consent_changed"),
    ]
    assert [event.version for event in views.events(subject=b)] == [1, 2]
    last = views.events(subject=a)[-1]
    assert last.body["changes"] == [{"purpose": "marketing", "channel": "email", "status": "withdrawn"}]
    assert sound(service)
