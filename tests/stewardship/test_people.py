"""People: found by whatever is known of them, shown, split and merged; runs and letters; accounts of what happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from identity.bootstrap import SystemClock
from identity.model.cluster import GoldenId
from identity.model.delivery import DeadLetter, DeadLetterStatus
from identity.model.run import Run, RunKind, RunStatus
from identity.model.steward import Role
from tests.delivery.world import until

from .world import World, told


def somebody(world: World) -> Any:
    """Return a profile of several records with e-mail, phone and name."""
    for task in world.tasks():
        for golden_id in task.golden_ids:
            view = world.service.store.views.profile(golden_id)
            if (
                view
                and len(view.profile.records) > 2
                and {"email", "phone", "family_name", "loyalty_id"} <= view.profile.values.keys()
            ):
                return view.profile
    raise AssertionError("the sample has nobody like this")


@pytest.mark.parametrize("by", ["email", "phone", "golden_id", "record", "record id", "name", "loyalty_id"])
def test_somebody_is_found_by_whatever_is_known_of_them(world: World, by: str) -> None:
    profile, ana = somebody(world), world.visitor("ana")
    values = {name: told.value for name, told in profile.values.items()}
    known = {
        **values, "golden_id": profile.golden_id, "record": str(profile.records[0]),
        "record id": profile.records[0].source_record_id,
        "name": f"{values.get('given_name', '')} {values['family_name']}",
    }  # fmt: skip
    if by not in known:
        pytest.fail(f"the sample's profile has no {by}")
    ana.get("/search")
    page = ana.post("/search", {"sought": known[by]})
    assert profile.golden_id in page.text
    assert values["email"] not in page.text.replace(f'value="{known[by]}"', "")


def test_what_is_sought_is_in_no_address_and_in_no_log(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = world.visitor("ana")
    ana.get("/search")
    answer = ana.post("/search", {"sought": "somebody@secret.example"})
    assert "Nobody is known by this." in answer.text
    assert "secret.example" not in str(answer.url)
    assert "secret.example" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "sought", ["", " ", "@", "%", "'; drop", "x" * 5_000, "a:b:c", "\u202e", "0", "((((((((("]
)
def test_anything_may_be_sought(world: World, sought: str) -> None:
    ana = world.visitor("ana")
    ana.get("/search")
    assert ana.post("/search", {"sought": sought}).status_code == 200


def test_a_profile_shows_where_everything_comes_from_masked_until_asked(world: World) -> None:
    profile, ana = somebody(world), world.visitor("ana")
    page = ana.get(f"/profiles/{profile.golden_id}").text
    email = profile.values["email"]
    assert email.value not in page
    assert str(email.record) in page
    ana.follow(ana.post(f"/profiles/{profile.golden_id}/reveal"))
    assert email.value in ana.last.text
    trail = world.service.store.audit(SystemClock()).entries(profile.golden_id)
    assert [(entry.actor, entry.action) for entry in trail] == [("ana", "reveal")], (
        "written down for the auditor"
    )
    assert "customer.created" in ana.last.text


def test_records_are_split_off_and_profiles_merged_on_a_profile(world: World) -> None:
    profile, ana = somebody(world), world.visitor("ana")
    place, key = f"/profiles/{profile.golden_id}", profile.records[0]
    ana.get(place)
    split = ana.post(
        f"{place}/split", {"record": [str(key)], "version": str(profile.version), "reason": "her son"}
    )
    assert split.status_code == 303
    other = world.service.store.views.golden_id_of(key)
    homes = {world.service.store.views.golden_id_of(each) for each in profile.records}
    assert len(homes) == 2
    ana.follow(split)
    assert "her son" in ana.last.text
    stale = ana.post(f"{place}/merge", {"other": str(other), "version": str(profile.version)})
    assert stale.status_code == 409
    undone = ana.post(f"/operations/{told(split)['done']}/undo", {"profile": profile.golden_id})
    assert "everything is as it was" in ana.follow(undone).text
    assert ana.post(f"{place}/merge", {"other": "gnobody"}).status_code == 404


def test_a_value_is_put_right_on_a_profile_and_taken_back(world: World) -> None:
    profile, ana = somebody(world), world.visitor("ana")
    place = f"/profiles/{profile.golden_id}"
    right = {"field": "city", "value": "Ghent", "version": str(profile.version), "reason": "asked her"}
    ana.get(place)
    done = ana.post(f"{place}/override", right)
    ana.follow(done)
    assert "a steward" in ana.last.text
    assert "asked her" in ana.last.text
    view = world.service.store.views.profile(profile.golden_id)
    assert view is not None
    assert view.profile.values["city"].value == "Ghent"
    assert ana.post(f"{place}/override", right).status_code == 409, "it was looked at before"
    for field, value in (
        ("shoe_size", "forty-four"),
        ("city", " "),
        ("birth_date", "soon"),
        ("birth_date", "31.02.1980"),
        ("birth_date", "03.02.1980"),
        ("birth_date", "2199-01-01"),
    ):
        refused = ana.post(f"{place}/override", {"field": field, "value": value})
        assert (field, refused.status_code) == (field, 409)
        assert value.strip() == "" or value not in refused.text
    ana.get(place)
    ana.post(f"/operations/{told(done)['done']}/undo", {"profile": profile.golden_id})
    again = world.service.store.views.profile(profile.golden_id)
    assert again is not None
    assert again.profile.values == profile.values


def test_who_only_audits_puts_nothing_right(world: World) -> None:
    profile, otto = somebody(world), world.visitor("otto", Role.AUDITOR)
    page = otto.get(f"/profiles/{profile.golden_id}").text
    assert "Give a better value" not in page
    said = {"field": "city", "value": "Ghent"}
    assert otto.post(f"/profiles/{profile.golden_id}/override", said).status_code == 403


def test_an_id_that_was_merged_away_leads_to_who_answers(world: World) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.decide(task, "merge")
    views = world.service.store.views
    retired = next(each for each in task.golden_ids if (view := views.profile(each)) and view.redirected_from)
    survivor = views.profile(GoldenId(retired))
    assert survivor is not None
    answer = ana.get(f"/profiles/{retired}")
    assert answer.headers["location"].endswith(f"/profiles/{survivor.profile.golden_id}")


def waiting(world: World, run_id: str = "run1") -> None:
    at = SystemClock().now()
    world.service.runs.begin(Run(run_id, RunKind.FULL, RunStatus.RUNNING, at, at))
    breach = {"limit": "profiles_changed", "measured": 0.3, "allowed": 0.02}
    world.service.runs.finish(run_id, RunStatus.WAITING, at, {"impact": {"merged": 7}, "breaches": [breach]})


def test_a_re_match_is_let_go_or_carried_out_by_a_lead(world: World) -> None:
    lead, auditor = world.visitor("lea", Role.LEAD), world.visitor("otto", Role.AUDITOR)
    waiting(world)
    assert "Shall this change be made?" in lead.get("/runs/run1").text
    assert "Profiles changed: 30 %, and 2 % is allowed." in lead.last.text
    auditor.get("/runs/run1")
    assert auditor.post("/runs/run1/reject").status_code == 403
    assert lead.post("/runs/run1/reject").status_code == 303
    run = world.service.runs.run("run1")
    assert run is not None
    assert (run.status, run.decided_by) == (RunStatus.REJECTED, "lea")
    assert lead.post("/runs/run1/approve").status_code == 409
    waiting(world, "run2")
    assert told(lead.post("/runs/run2/approve"))["note"] == "approved"
    until(lambda: (found := world.service.runs.run("run2")) and found.status is RunStatus.APPLIED, 60)


def given_up(world: World, many: int, name: str = "") -> None:
    at, event = datetime(2026, 3, 2, tzinfo=UTC), world.service.store.views.events(0, 1)[0]
    for number in range(many):
        told = ("shop", event.subject, event.position, f"{event.event_id}{name}{number}")
        world.service.deliveries.put_dead_letter(DeadLetter(*told, "REFUSED", "", 9, at, at, "{}"))


def test_what_was_given_up_is_sent_again_or_dropped(world: World) -> None:
    lead = world.visitor("lea", Role.LEAD)
    given_up(world, 2)
    numbers = re.findall(r'name="letter" value="(\d+)"', lead.get("/letters").text)
    assert len(numbers) == 2
    assert lead.post("/letters/redrive", {"letter": numbers[:1]}).status_code == 303
    lead.get("/letters")
    assert lead.post("/letters/drop", {"letter": numbers[1:]}).status_code == 303
    assert lead.post("/letters/drop", {"letter": ["x"]}).status_code == 400
    statuses = [letter.status for letter in world.service.deliveries.dead_letters(None, None)]
    assert statuses == [DeadLetterStatus.REDRIVEN, DeadLetterStatus.DROPPED]
