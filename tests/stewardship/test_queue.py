"""The queue: parts, claims, assignment, and what is live of it."""

from __future__ import annotations

import html
import re

import pytest

from identity.bootstrap import SystemClock
from identity.commands.reviews import WHY
from identity.model.following import Followed, FollowedOutcome
from identity.model.review import Concern, ReviewKind
from identity.model.steward import Role
from identity.store.consumer_reviews import put_concerns
from stewardship.choices import OFFERED
from stewardship.words import KINDS, QUESTIONS

from .world import World, told


def listed(page: str) -> list[str]:
    return re.findall(r'id="row-(\w+)"', page)


def test_the_most_pressing_task_comes_first_and_every_kind_has_a_part(world: World) -> None:
    ana = world.visitor("ana")
    tasks = world.tasks()
    assert listed(ana.get("").text) == [task.task_id for task in tasks[:50]]
    assert listed(ana.get("?page=2").text) == [task.task_id for task in tasks[50:100]]
    kind = ReviewKind.WEAK_BRIDGE
    assert listed(ana.get(f"?kind={kind}").text) == [task.task_id for task in world.tasks(kind)][:50]
    assert listed(ana.get("?kind=nonsense&whose=%3Cb%3E&page=-1").text)


def test_next_sits_down_at_the_most_pressing_free_task(world: World) -> None:
    ana, ben = world.visitor("ana"), world.visitor("ben")
    first, second, *_ = world.tasks()
    for visitor, task in ((ana, first), (ben, second), (ana, first)):
        visitor.get("")
        assert f"/tasks/{task.task_id}" in visitor.post("/next").headers["location"]
    assert listed(ana.get("?whose=mine").text) == [first.task_id]
    assert first.task_id not in listed(ben.get("?whose=free").text)


def test_after_a_decision_one_sits_at_the_next_task(world: World) -> None:
    ana = world.visitor("ana")
    answer = ana.decide(world.task(), "apart")
    following = re.search(r"/tasks/(\w+)", answer.headers["location"])
    assert following is not None
    assert world.service.store.desks(SystemClock()).desk(following[1]).holder == "ana"


def test_many_are_claimed_and_left_at_once_but_not_those_of_others(world: World) -> None:
    ana, ben = world.visitor("ana"), world.visitor("ben")
    ids = [task.task_id for task in world.tasks()[:5]]
    ana.get("")
    assert told(ana.post("/claim", {"task": ids[:3]}))["note"] == "claimed"
    ben.get("")
    assert told(ben.post("/claim", {"task": ids}))["note"] == "claimed_some"
    assert listed(ben.get("?whose=mine").text) == ids[3:]
    assert told(ana.post("/release", {"task": ids})) == {"note": "released"}
    assert listed(ana.get("?whose=mine").text) == []
    assert listed(ben.get("?whose=mine").text) == ids[3:]
    assert ana.post("/claim", {"task": ["<script>"]}).status_code == 400


def test_a_lead_says_whose_tasks_they_are(world: World) -> None:
    lead, ana = world.visitor("lea", Role.LEAD), world.visitor("ana")
    world.visitor("otto", Role.AUDITOR)
    ids = [task.task_id for task in world.tasks()[:2]]
    lead.get("")
    assert told(lead.post("/assign", {"task": ids, "assignee": "ana"}))["note"] == "assigned"
    assert listed(ana.get("?whose=mine").text) == ids
    for nobody in ("otto", "nobody"):
        assert lead.post("/assign", {"task": ids, "assignee": nobody}).status_code == 400
    lead.post("/assign", {"task": ids, "assignee": ""})
    assert listed(ana.get("?whose=mine").text) == []
    ana.get("")
    assert ana.post("/assign", {"task": ids, "assignee": "ana"}).status_code == 403


def test_what_is_live_comes_only_when_it_is_another(world: World) -> None:
    ana, ben = world.visitor("ana"), world.visitor("ben")
    page = ana.get("").text
    poll = re.search(r'hx-get="/review(/queue\?[^"]+)"', page)
    assert poll is not None
    place = poll[1].replace("&amp;", "&")
    assert ana.get(place).status_code == 204
    ben.get("")
    ben.post("/next")
    changed = ana.get(place)
    assert changed.status_code == 200
    assert "ben ·" in changed.text
    assert "<html" not in changed.text


def test_the_values_of_nobody_are_in_the_queue(world: World) -> None:
    page = world.visitor("ana").get("").text
    for task in world.tasks()[:20]:
        for golden_id in task.golden_ids:
            view = world.service.store.views.profile(golden_id)
            assert view is not None
            values = [
                told.value for name, told in view.profile.values.items() if name in ("email", "family_name")
            ]
            assert not [value for value in values if value in page]


def test_every_kind_of_task_has_its_words_and_its_choices() -> None:
    """Systems that follow bring kinds of their own: one without words would close the queue for everybody."""
    for table in (KINDS, QUESTIONS, WHY, OFFERED):
        assert set(table) == set(ReviewKind)


@pytest.mark.parametrize("kind", list(ReviewKind))
def test_a_task_of_any_kind_is_listed_and_opened(world: World, kind: ReviewKind) -> None:
    found = world.task()
    left, right = (str(world.service.store.views.members(each)[0]) for each in found.golden_ids)
    details: dict[str, object] = {"golden_ids": list(found.golden_ids), "left": left, "right": right}
    if kind.startswith("loyalty_"):
        details = {"golden_ids": list(found.golden_ids), "program": "rewards", "reason": "OPEN_REDEMPTION"}
        details |= {
            "members": ["7000104093"],
            "blockers": [{"member": "7000104093", "kind": "OPEN_REDEMPTION"}],
        }
    concern = Concern(kind, found.golden_ids, 9.0, 1.0, details=details, about=f"about {kind}")
    at = SystemClock().now()
    with world.service.store._database.write() as connection:
        put_concerns(connection, Followed(FollowedOutcome.BLOCKED, opened=(concern,)), at)
    ana = world.visitor("ana")
    (task,) = [
        each for each in world.service.store.views.reviews(at, kind) if each.subject == concern.subject
    ]
    queue = ana.get(f"?kind={kind}")
    assert (queue.status_code, KINDS[kind] in queue.text) == (200, True)
    page = ana.get(f"/tasks/{task.task_id}")
    assert page.status_code == 200
    assert WHY[kind] in html.unescape(page.text)
    assert ("7000104093" in page.text) == kind.startswith("loyalty_")
