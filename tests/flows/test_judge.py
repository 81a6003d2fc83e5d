"""What people decide holds, and can be taken back exactly (I2, I5, I6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, keep_apart, keep_together, merge, split, undo
from identity.flows.judge.judging import preview
from identity.flows.lookup import Answer, ByGoldenId
from identity.flows.redo import drain
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import arrival, contradictions, deleted, rebuilt, rows, state

WISH = Wish("ines", "they said so")
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Standing:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NINE


def key(name: str) -> RecordKey:
    return RecordKey("pos", name)


def anna(name: str, **more: str) -> dict[str, str]:
    """A record of Anna: all of hers are alike."""
    told = {"given_name": "Anna", "family_name": "Kowalczyk", "birth_date": "1980-05-01"}
    return {**told, "email": "anna.k@acme.example", "phone": "2125550142", **_named(name), **more}


def bert(name: str, **more: str) -> dict[str, str]:
    """A record of Bert, who has nothing in common with Anna."""
    told = {"given_name": "Bert", "family_name": "Okonkwo", "birth_date": "1961-11-23"}
    return {**told, "email": "bert@okonkwo.example", "phone": "3125550177", **_named(name), **more}


def cleo(name: str, **more: str) -> dict[str, str]:
    told = {"given_name": "Cleo", "family_name": "Vandermeer", "birth_date": "1999-02-14"}
    return {**told, "email": "cleo@vandermeer.example", "phone": "6175550119", **_named(name), **more}


def _named(name: str) -> dict[str, str]:
    return {"source": "pos", "source_record_id": name}


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


def told(service: Service, *records: dict[str, str], at: datetime | None = None) -> None:
    ingest(service.desk, [arrival(record, at) for record in records])


def homes(service: Service, *names: str) -> list[GoldenId]:
    with service.store.look() as look:
        found = look.memberships([key(name) for name in names])
    return [found[key(name)] for name in names]


def image(service: Service) -> dict[str, Any]:
    """What undoing has to restore: who is where, under which id, with which values and consents."""
    url = service.settings.database_url
    where = dict(rows(url, "select source_record_id, golden_id from crosswalk where valid_to is null"))
    profiles = rows(url, "select golden_id, status, attributes, consents, record_count from golden_profile")
    return {"where": where, "profiles": {row[0]: row[1:] for row in profiles if row[1] == "live"}}


def consents(service: Service, name: str) -> dict[str, str]:
    found = service.store.views.profile(homes(service, name)[0])
    assert found is not None
    return dict(found.profile.consents)


def sound(service: Service) -> bool:
    """No contradiction in the database, and it is what a rebuild would give."""
    url = service.settings.database_url
    drain(service.desk)
    assert contradictions(url) == {}
    assert state(url).differences(rebuilt(service)) == {}
    return True


def test_a_merge_makes_one_profile_and_both_ids_lead_to_it(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"))
    ann, _, ben = homes(service, "a1", "a2", "b1")
    done = merge(service.desk, [ann, ben], WISH)
    assert homes(service, "a1", "a2", "b1") == [ann, ann, ann]
    assert [(r.retired, r.survivor) for r in done.redirects] == [(ben, ann)]
    assert [image.golden_id for image in done.operation.before] == sorted([ann, ben])
    assert {image.golden_id: image.status for image in done.operation.after} == {ann: "live", ben: "merged"}
    assert sound(service)


def test_the_id_that_lives_on_can_be_chosen(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    merge(service.desk, [ann, ben], WISH, into=ben)
    assert homes(service, "a1", "a2", "b1") == [ben, ben, ben]
    assert sound(service)


def test_undoing_a_merge_restores_members_ids_values_and_consents(service: Service) -> None:
    told(service, anna("a1", **{"marketing.email": "granted"}), anna("a2"))
    told(service, bert("b1", **{"marketing.email": "withdrawn"}))
    before = image(service)
    done = merge(service.desk, homes(service, "a1", "b1"), WISH)
    assert image(service) != before
    back = undo(service.desk, done.operation.operation_id, WISH)
    assert image(service) == before
    assert back.operation.reverses == done.operation.operation_id
    assert sound(service)


def test_an_undo_is_told_as_a_split_of_both(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    done = merge(service.desk, [ann, ben], WISH)
    last = service.store.views.events(limit=1000)[-1].position
    undo(service.desk, done.operation.operation_id, Wish("ines", correlation_id="call-7"))
    events = service.store.views.events(after=last)
    assert {(event.type, event.subject) for event in events} == {
        ("customer.split", ann),
        ("customer.split", ben),
    }
    assert {event.correlation_id for event in events} == {"call-7"}
    assert {event.body["operation"] for event in events} == {"undo"}


def test_what_came_in_between_follows_its_record(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    done = merge(service.desk, [ann, ben], WISH)
    told(service, anna("a2"), bert("b2"), bert("b3"), bert("b4"))
    assert set(homes(service, "a1", "a2", "b1", "b2", "b3", "b4")) == set(homes(service, "a1"))
    undo(service.desk, done.operation.operation_id, WISH)
    assert homes(service, "a1", "a2") == [ann, ann]
    assert homes(service, "b1", "b2", "b3", "b4") == [ben] * 4
    assert sound(service)


def test_consent_withdrawn_in_between_is_withdrawn_on_both_sides_until_it_is_given_anew(
    service: Service,
) -> None:
    told(service, anna("a1", **{"marketing.email": "granted"}), at=NINE)
    told(service, bert("b1", **{"marketing.email": "granted", "marketing.sms": "granted"}), at=NINE)
    done = merge(service.desk, homes(service, "a1", "b1"), WISH)
    told(service, anna("a1", **{"marketing.email": "withdrawn"}), at=NINE + timedelta(hours=1))
    undo(service.desk, done.operation.operation_id, WISH)
    assert consents(service, "a1") == {"marketing.email": "withdrawn"}
    assert consents(service, "b1") == {"marketing.email": "withdrawn", "marketing.sms": "granted"}
    assert sound(service)
    later = datetime.now(UTC) + timedelta(minutes=5)
    told(
        service,
        bert("b1", **{"marketing.email": "granted", "marketing.sms": "granted"}, city="Boston"),
        at=later,
    )
    assert consents(service, "b1") == {"marketing.email": "granted", "marketing.sms": "granted"}
    assert sound(service)


def test_a_merge_by_the_machine_is_taken_back_and_not_made_again(service: Service) -> None:
    told(service, anna("a1", email="x@y.example", phone="9995550100"), anna("a2", email="", phone=""))
    one, other = homes(service, "a1", "a2")
    if one == other:  # the machine must first have had a reason to doubt
        told(service, anna("a2", email="q@r.example", birth_date="1951-01-09"))
        one, other = homes(service, "a1", "a2")
    assert one != other
    told(service, anna("a2", email="x@y.example", phone="9995550100"))
    assert len(set(homes(service, "a1", "a2"))) == 1
    retired = ({one, other} - set(homes(service, "a1"))).pop()
    back = undo(service.desk, retired, WISH)
    assert set(homes(service, "a1", "a2")) == {one, other}
    assert homes(service, "a1") == [one]
    assert back.operation.reverses == retired
    rematch(service.workshop, Stages(), model=service.active_model())
    told(service, anna("a2", email="x@y.example", phone="9995550100", city="Boston"))
    assert homes(service, "a1", "a2") == [one, other]
    assert sound(service)


def test_a_stewards_split_survives_the_next_rematch_and_retraining(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), anna("a3"))
    (whole,) = set(homes(service, "a1", "a2", "a3"))
    split(service.desk, whole, [key("a3")], WISH)
    for _ in range(2):
        assert homes(service, "a1", "a2") == [whole, whole]
        assert homes(service, "a3") != [whole]
        rematch(service.workshop, Stages(), model=service.active_model())
    told(service, anna("a4"))
    assert homes(service, "a3") != homes(service, "a1")
    assert sound(service)


def test_undoing_a_split_restores_the_profile_as_it_was(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), anna("a3"))
    before = image(service)
    done = split(service.desk, homes(service, "a1")[0], [key("a2"), key("a3")], WISH)
    assert image(service) != before
    undo(service.desk, done.operation.operation_id, WISH)
    assert image(service) == before
    assert sound(service)


def test_profiles_that_are_kept_apart_are_never_put_together(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    keep_apart(service.desk, ann, ben, WISH)
    told(service, anna("b1"))  # the same in every word now
    ann, ben = homes(service, "a1", "b1")
    assert ann != ben
    assert sound(service)


def test_records_that_are_kept_together_stay_so(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    done = keep_together(service.desk, key("a1"), key("b1"), WISH)
    assert len(set(homes(service, "a1", "b1"))) == 1
    rematch(service.workshop, Stages(), model=service.active_model())
    assert len(set(homes(service, "a1", "b1"))) == 1
    undo(service.desk, done.operation.operation_id, WISH)
    assert len(set(homes(service, "a1", "b1"))) == 2
    assert sound(service)


def test_contradictory_decisions_are_refused(service: Service) -> None:
    told(service, anna("a1"), bert("b1"), cleo("c1"))
    ann, ben, cle = homes(service, "a1", "b1", "c1")
    keep_apart(service.desk, ann, cle, WISH)
    merge(service.desk, [ann, ben], WISH)
    (one,) = set(homes(service, "a1", "b1"))
    before = image(service)
    refusals: list[Callable[[], object]] = [
        lambda: merge(service.desk, [one, cle], WISH),
        lambda: keep_together(service.desk, key("b1"), key("c1"), WISH),
        lambda: keep_apart(service.desk, key("a1"), key("b1"), WISH),
    ]
    for refused in refusals:
        with pytest.raises(DecisionRefused) as refusal:
            refused()
        assert refusal.value.code == "CONTRADICTION"
    assert image(service) == before


def test_one_record_leaves_a_merged_profile_and_the_merge_holds_for_the_others(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"), bert("b2"))
    ann, ben = homes(service, "a1", "b1")
    merge(service.desk, [ann, ben], WISH)
    (one,) = set(homes(service, "a1", "a2", "b1", "b2"))
    done = split(service.desk, one, [key("a1")], WISH)
    rest = set(homes(service, "a2", "b1", "b2"))
    assert len(rest) == 1
    assert not rest & set(homes(service, "a1"))
    rematch(service.workshop, Stages(), model=service.active_model())
    assert set(homes(service, "a2", "b1", "b2")) == rest
    assert sound(service)
    undo(service.desk, done.operation.operation_id, WISH)
    assert homes(service, "a1", "a2", "b1", "b2") == [one] * 4
    assert sound(service)


def test_records_kept_together_by_name_are_not_parted_by_a_split(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"))
    keep_together(service.desk, key("a1"), key("b1"), WISH)
    (one,) = set(homes(service, "a1", "a2", "b1"))
    with pytest.raises(DecisionRefused) as refusal:
        split(service.desk, one, [key("b1")], WISH)
    assert refusal.value.code == "CONTRADICTION"
    assert sound(service)


def test_a_stale_version_is_refused(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    told(service, anna("a1", city="Boston"))
    with pytest.raises(DecisionRefused) as refusal:
        merge(service.desk, [ann, ben], Wish("ines", expected={ann: 1, ben: 1}))
    assert refusal.value.code == "STALE_VERSION"
    merge(service.desk, [ann, ben], Wish("ines", expected={ann: 2, ben: 1}))


def test_what_cannot_be_undone_is_refused_with_its_code(service: Service) -> None:
    told(service, anna("a1"), bert("b1"), cleo("c1"))
    ann, ben, cle = homes(service, "a1", "b1", "c1")
    first = merge(service.desk, [ann, ben], WISH).operation.operation_id
    second = merge(service.desk, [homes(service, "a1")[0], cle], WISH, into=cle).operation.operation_id
    assert _refusal(service, first) == "MERGE_SUPERSEDED"
    undo(service.desk, second, WISH)
    assert _refusal(service, second) == "MERGE_ALREADY_REVERSED"
    assert _refusal(service, homes(service, "a1")[0]) == "MERGE_NOT_REVERSIBLE"
    undo(service.desk, first, WISH)
    assert homes(service, "a1", "b1", "c1") == [ann, ben, cle]
    with pytest.raises(LookupFailed, match="E504"):
        undo(service.desk, "nothing-of-the-kind", WISH)


def test_ids_that_led_to_a_profile_lead_to_it_again_when_its_merge_is_taken_back(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"), cleo("c1"))
    ann, ben, cle = homes(service, "a1", "b1", "c1")
    merge(service.desk, [ann, ben], WISH)
    second = merge(service.desk, [ann, cle], WISH, into=cle).operation.operation_id
    assert service.lookup([ByGoldenId(ben)])[0].golden_ids == (cle,)
    undo(service.desk, second, WISH)
    assert homes(service, "b1") == [ann]
    assert service.lookup([ByGoldenId(ben)]) == [Answer((ann,), "live", redirected=True)]


def test_an_undo_by_mistake_can_be_taken_back(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    done = merge(service.desk, [ann, ben], WISH, into=ben).operation.operation_id
    merged, apart = image(service), undo(service.desk, done, WISH).operation.operation_id
    parted = image(service)
    again = undo(service.desk, apart, WISH).operation.operation_id
    assert image(service) == merged
    assert sound(service)
    undo(service.desk, again, WISH)
    assert image(service) == parted
    assert sound(service)


def test_the_undo_of_a_split_can_be_taken_back(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), anna("a3"))
    done = split(service.desk, homes(service, "a1")[0], [key("a3")], WISH).operation.operation_id
    parted, whole = image(service), undo(service.desk, done, WISH).operation.operation_id
    undo(service.desk, whole, WISH)
    assert image(service) == parted
    assert sound(service)


def test_a_merge_by_the_machine_that_was_parted_by_mistake_is_one_again(service: Service) -> None:
    told(service, anna("a1"), bert("a2"))
    retired = {homes(service, "a1")[0], homes(service, "a2")[0]}
    told(service, anna("a2"))
    retired -= set(homes(service, "a1"))
    whole, apart = image(service), undo(service.desk, retired.pop(), WISH).operation.operation_id
    undo(service.desk, apart, WISH)
    assert image(service) == whole
    assert sound(service)


def test_what_was_never_kept_apart_again_is_decided_afresh(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    kept = keep_apart(service.desk, key("a1"), key("b1"), WISH).operation.operation_id
    undone = undo(service.desk, kept, WISH).operation.operation_id
    assert _refusal(service, undone) == "MERGE_NOT_REVERSIBLE"
    merge(service.desk, homes(service, "a1", "b1"), WISH)


def test_a_merge_one_side_of_which_is_gone_is_not_reversible(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    done = merge(service.desk, homes(service, "a1", "b1"), WISH)
    ingest(service.desk, [deleted(key("b1"))])
    assert _refusal(service, done.operation.operation_id) == "MERGE_NOT_REVERSIBLE"


def _refusal(service: Service, operation_id: str) -> str:
    before = image(service)
    with pytest.raises(DecisionRefused) as refusal:
        undo(service.desk, operation_id, WISH)
    assert image(service) == before
    return refusal.value.code


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a"]])
def test_a_merge_of_fewer_than_two_profiles_is_refused(service: Service, ids: list[str]) -> None:
    told(service, anna("a"))
    given = [homes(service, name)[0] for name in ids]
    with pytest.raises(DecisionRefused) as refusal:
        merge(service.desk, given, WISH)
    assert refusal.value.code == "NOTHING_TO_DECIDE"


def test_a_split_takes_some_records_and_leaves_some(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"))
    (whole,) = set(homes(service, "a1", "a2"))
    for wrong in ([], ["a1", "a2"], ["b1"], ["a1", "b1"]):
        with pytest.raises(DecisionRefused) as refusal:
            split(service.desk, whole, [key(name) for name in wrong], WISH)
        assert refusal.value.code == "NOTHING_TO_DECIDE"


def test_ids_that_nobody_has_are_refused(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    with pytest.raises(LookupFailed, match="E501"):
        merge(service.desk, [ann, GoldenId("g-unknown")], WISH)
    with pytest.raises(LookupFailed, match="E502"):
        keep_together(service.desk, key("a1"), key("nobody"), WISH)
    merge(service.desk, [ann, ben], WISH)
    with pytest.raises(DecisionRefused) as refusal:
        merge(service.desk, [ann, ben], WISH)
    assert refusal.value.code == "NOT_LIVE"


def test_a_preview_says_what_it_leads_to_and_writes_nothing(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    url = service.settings.database_url
    before, events = image(service), rows(url, "select count(*) from event")
    shown = preview(lambda end: merge(service.desk, [ann, ben], WISH, end=end))
    assert shown.blockers == ()
    assert shown.decided is not None
    assert [r.retired for r in shown.decided.redirects] == [ben] or [
        r.retired for r in shown.decided.redirects
    ] == [ann]
    assert shown.accounts == {"pos": ("a1", "b1")}
    assert image(service) == before
    assert rows(url, "select count(*) from event") == events
    assert rows(url, "select count(*) from verdict") == [(0,)]
    done = merge(service.desk, [ann, ben], WISH)
    assert [i.records for i in done.operation.after] == [i.records for i in shown.decided.operation.after]


def test_a_preview_of_what_would_be_refused_says_why(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    keep_apart(service.desk, ann, ben, WISH)
    shown = preview(lambda end: merge(service.desk, [ann, ben], WISH, end=end))
    assert shown.decided is None
    assert [blocker.code for blocker in shown.blockers] == ["CONTRADICTION"]


def test_changes_of_one_moment_by_the_clock_are_taken_back_like_others(service: Service) -> None:
    desk = replace(service.desk, clock=Standing())
    ingest(desk, [arrival(anna("a1")), arrival(anna("a2")), arrival(bert("b1")), arrival(cleo("c1"))])
    before = image(service)
    ann, ben, cle = homes(service, "a1", "b1", "c1")
    merge(desk, [ann, ben], WISH, into=ann)
    between = image(service)
    merge(desk, [ann, cle], WISH, into=cle)
    undo(desk, ann, WISH)
    assert image(service) == between
    undo(desk, ben, WISH)
    assert image(service) == before
    history = service.how(cle).history
    assert [passage.change and passage.change.kind for passage in history] == ["ingest", "merge", "undo"]


def test_what_people_decided_is_listed_newest_first(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    done = merge(service.desk, [ann, ben], Wish("ines", "called", "call-7")).operation
    back = undo(service.desk, done.operation_id, Wish("bea")).operation
    newest, oldest = service.store.views.operations()
    assert (newest.operation_id, newest.reverses, newest.actor) == (
        back.operation_id,
        done.operation_id,
        "bea",
    )
    assert (oldest.operation_id, oldest.reversed_by, oldest.status) == (
        done.operation_id, back.operation_id, "reversed",
    )  # fmt: skip
    assert (oldest.at, oldest.actor, oldest.reason, oldest.correlation_id) == (
        done.at, "ines", "called", "call-7",
    )  # fmt: skip
    assert set(oldest.profiles) == {ann, ben}
    assert service.store.views.operations(limit=1) == (newest,)
