"""The queue: parts, claims, assignment, and what is live of it."""

from __future__ import annotations

import re

from identity.bootstrap import SystemClock
from identity.model.review import ReviewKind
from identity.model.steward import Role

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
