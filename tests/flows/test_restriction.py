"""Who asked that nothing of theirs be used is kept, and not used: not matched, not told of, not reached."""

from __future__ import annotations

import itertools
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from identity.bootstrap import Service
from identity.commands.load import load_files
from identity.commands.person import person_report
from identity.commands.privacy import carry_out, known_request, receive, release, verify
from identity.engines.stages import Stages
from identity.flows.consent import Asker, Said, Teller
from identity.flows.ingest import Outcome, ingest
from identity.flows.judge import Wish
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.privacy import PrivacyKind, PrivacyStatus
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import arrival, deleted
from .test_erase import yves, zora

MAIL = ByIdentifier("email", "zora.kanari@vogelhuber.example")


_ACTS = itertools.count()


def name_of_act() -> str:
    return f"op{next(_ACTS)}"


def key(name: str) -> RecordKey:
    return RecordKey("pos", name)


def home(service: Service, name: str) -> GoldenId | None:
    (answer,) = service.lookup([ByRecord(key(name))])
    return answer.golden_ids[0] if answer.golden_ids else None


def reason(service: Service, about: Question, channel: str = "email") -> str:
    (found,) = service.consents.check([about], Asker("marketing", channel))
    assert not found.permission.allowed or found.permission.reason == "granted"
    return found.permission.reason


def told(service: Service, *records: dict[str, str]) -> list[Outcome]:
    return [each.outcome for each in ingest(service.desk, [arrival(record) for record in records])]


def restricted(service: Service, golden_id: GoldenId | None) -> str:
    assert golden_id
    request = receive(service, PrivacyKind.RESTRICTION, golden_id, "officer")
    verify(service, request.request_id, "by letter", "officer")
    assert carry_out(service, request.request_id, "officer").status is PrivacyStatus.DONE
    return request.request_id


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    service = ready(url)
    told(service, zora("z1"), zora("z2"), yves("y1"))
    for about in (ByRecord(key("z1")), ByRecord(key("y1"))):
        service.consents.tell([Said(about, "marketing", "email", "granted")], Teller("tests", name_of_act()))
    return service


def test_nobody_is_found_or_reached_while_they_are_restricted(service: Service) -> None:
    zoras, yvess = home(service, "z1"), home(service, "y1")
    assert zoras
    assert reason(service, ByGoldenId(zoras)) == "granted"
    request_id = restricted(service, zoras)
    assert (home(service, "z1"), home(service, "z2"), home(service, "y1")) == (None, None, yvess)
    assert service.lookup([MAIL])[0].golden_ids == ()
    assert [reason(service, about) for about in (ByGoldenId(zoras), ByRecord(key("z2")), MAIL)] == [
        "restricted"
    ] * 3
    assert reason(service, ByRecord(key("y1"))) == "granted"
    view = service.store.views.profile(zoras)
    assert view
    assert (view.status, view.profile.values) == ("empty", {})
    person = person_report(service, zoras)
    assert (person["restricted"], len(person["records"])) == (True, 2)
    assert known_request(service, request_id).report["records"] == 2


def test_neither_files_nor_rematches_bring_them_back_and_a_release_does_whole(service: Service) -> None:
    zoras = home(service, "z1")
    before = service.store.views.profile(zoras or GoldenId(""))
    request_id = restricted(service, zoras)
    assert told(service, zora("z2", gender="female")) == [Outcome.SHADOW]
    rematch(service.workshop, Stages())
    assert (home(service, "z1"), home(service, "z2")) == (None, None)
    assert release(service, request_id, "officer")["records"] == 2
    assert home(service, "z1") == home(service, "z2") == zoras
    after = service.store.views.profile(zoras or GoldenId(""))
    assert before
    assert after
    assert after.profile.values["gender"].value == "female"
    assert {**after.profile.values, "gender": None} == {**before.profile.values, "gender": None}
    assert reason(service, MAIL) == "granted"


def test_a_new_record_of_them_is_somebody_of_its_own_and_not_reached_by_their_address(
    service: Service,
) -> None:
    zoras = home(service, "z1")
    request_id = restricted(service, zoras)
    assert told(service, zora("z3")) == [Outcome.ACCEPTED]
    fresh = home(service, "z3")
    assert fresh not in (None, zoras)
    service.consents.tell(
        [Said(ByRecord(key("z3")), "marketing", "email", "granted")], Teller("tests", name_of_act())
    )
    assert fresh
    assert reason(service, ByGoldenId(fresh)) == "restricted"
    release(service, request_id, "officer")
    assert home(service, "z3") == home(service, "z1") == zoras


def test_several_restrictions_hold_until_the_last_is_lifted(service: Service) -> None:
    zoras = home(service, "z1")
    first = restricted(service, zoras)
    second = restricted(service, zoras)
    assert release(service, first, "officer")["records"] == 0
    assert home(service, "z1") is None
    assert release(service, second, "officer")["records"] == 2
    assert home(service, "z1") == zoras
    assert release(service, second, "officer")["records"] == 0


def test_a_restricted_profile_is_not_merged_and_a_merge_before_it_is_taken_back_after(
    service: Service,
) -> None:
    zoras, yvess = home(service, "z1"), home(service, "y1")
    assert zoras
    assert yvess
    merged = service.decisions.merge([zoras, yvess], Wish("tests", "one person")).operation
    request_id = restricted(service, home(service, "y1"))
    assert [home(service, name) for name in ("z1", "z2", "y1")] == [None] * 3
    with pytest.raises(DecisionRefused):
        service.decisions.undo(merged.operation_id, Wish("tests", "back"))
    assert release(service, request_id, "officer")["records"] == 3
    service.decisions.undo(merged.operation_id, Wish("tests", "back"))
    assert (home(service, "z1"), home(service, "y1")) == (zoras, yvess)


def test_what_a_source_deletes_meanwhile_stays_away(service: Service) -> None:
    request_id = restricted(service, home(service, "z1"))
    assert [each.outcome for each in ingest(service.desk, [deleted(key("z2"))])] == [Outcome.DELETED]
    release(service, request_id, "officer")
    assert (home(service, "z1") is not None, home(service, "z2")) == (True, None)


ACTS = ("restrict", "release", "merge", "undo", "tell", "load")


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_merged_or_taken_back_the_restriction_is_the_union(
    ready: Ready, url: str, seed: int
) -> None:
    """A record is used exactly while no request that is not lifted restricts it, and is never reached otherwise."""
    random, service = Random(seed), ready(url)
    people = [zora("z1"), zora("z2"), yves("y1"), yves("y2", given_name="Ulf", birth_date="1990-02-03")]
    told(service, *people)
    names = [person["source_record_id"] for person in people]
    marks: dict[str, set[str]] = {}
    operations: list[str] = []

    def act() -> None:
        homes = sorted({found for name in names if (found := home(service, name))})
        match random.choice(ACTS):
            case "restrict" if homes:
                golden_id = random.choice(homes)
                under = {name for name in names if home(service, name) == golden_id}
                marks[restricted(service, golden_id)] = under
            case "release" if marks:
                request_id = random.choice(sorted(marks))
                release(service, request_id, "officer")
                del marks[request_id]
            case "merge" if len(homes) > 1:
                wish = Wish("tests", "one person")
                operations.append(
                    service.decisions.merge(random.sample(homes, 2), wish).operation.operation_id
                )
            case "undo" if operations:
                with suppress(DecisionRefused):
                    service.decisions.undo(operations.pop(), Wish("tests", "back"))
            case "tell":
                told(service, random.choice(people))
            case "load":
                rematch(service.workshop, Stages())

    for _ in range(14):
        with suppress(DecisionRefused):  # what contradicts an earlier decision
            act()
        union = set().union(*marks.values())
        for name in names:
            assert (home(service, name) is None) == (name in union)
            assert (reason(service, ByRecord(key(name))) == "restricted") >= (name in union)
    for request_id in marks:
        release(service, request_id, "officer")
    assert all(home(service, name) for name in names)


def test_a_file_is_kept_of_who_is_restricted_and_nothing_follows(service: Service, tmp_path: Path) -> None:
    request_id = restricted(service, home(service, "z1"))
    changed = zora("z2", gender="female")
    file = tmp_path / "late.csv"
    names = list(changed)
    file.write_text("\n".join([",".join(names), ",".join(changed.values())]), encoding="utf-8")
    events = len(service.store.views.events(0, 1_000))
    load_files(service, [str(file)], None, Stages())
    assert (home(service, "z1"), home(service, "z2")) == (None, None)
    assert len(service.store.views.events(0, 1_000)) == events
    release(service, request_id, "officer")
    view = service.store.views.profile(home(service, "z2") or GoldenId(""))
    assert view
    assert view.profile.values["gender"].value == "female"
