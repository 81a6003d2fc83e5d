"""A steward's day on every database: claims, decisions, what is shown, what is taken back; every page answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.flows.estimate import draw_sample
from identity.model.review import ReviewKind, ReviewStatus
from identity.model.steward import Role
from stewardship.app import PLACES

from .world import World, load_shop, service_at, told


@pytest.fixture
def world(url: str, tmp_path: Path) -> World:
    service = service_at(url)
    load_shop(service, tmp_path, 150)
    return World(service)


def test_a_day_at_the_screen(world: World) -> None:
    lead = world.visitor("lea", Role.LEAD)
    assert lead.get("").status_code == 200
    lead.follow(lead.post("/next"))
    task = world.task()
    lead.follow(lead.post(f"/tasks/{task.task_id}/reveal"))
    merged = lead.decide(task, "merge")
    assert merged.status_code == 303
    assert world.again(task).status is ReviewStatus.CLOSED
    lead.follow(merged)
    assert lead.post(f"/operations/{told(merged)['done']}/undo", {"task": task.task_id}).status_code == 303
    later = world.task(ReviewKind.POSSIBLE_MATCH)
    lead.get(f"/tasks/{later.task_id}")
    assert lead.post(f"/tasks/{later.task_id}/defer", {"days": "1", "reason": "later"}).status_code == 303
    assert lead.post(f"/tasks/{later.task_id}/resume").status_code == 303
    assert world.again(later).status is ReviewStatus.OPEN
    draw_sample(world.service.sampling_room, 2)
    (sample, *_) = world.tasks(ReviewKind.SAMPLE)
    assert lead.decide(sample, "same").status_code == 303
    assert lead.post(f"/tasks/{sample.task_id}/unlabel").status_code == 303
    assert world.again(sample) == sample
    golden_id = later.golden_ids[0]
    for place in (
        f"/profiles/{golden_id}",
        "/search",
        "/runs",
        "/letters",
        "/sources",
        "/sources/counts",
        "/quarantine",
        "/systems/loyalty",
        "/quality",
        "/quality/estimate",
    ):
        assert lead.get(place).status_code == 200, place
    record = world.service.store.views.members(golden_id)[0]
    found = lead.post("/search", {"sought": str(record)})
    assert golden_id in found.text
    assert "1 found" in found.text
    for name, role in (("otto", Role.AUDITOR), ("root", Role.ADMIN)):
        visitor = world.visitor(name, role)
        assert visitor.get("/audit").status_code == 200
    assert visitor.get("/accounts").status_code == 200
    assert task.task_id in world.visitor("pia", Role.PRIVACY_OFFICER).get("/audit").text
    world.service.store.close()


def test_every_place_of_the_screen_is_visited_by_some_test() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("*.py"))
    for place in PLACES:
        words = [part for part in place.path.split("/") if part and not part.startswith("{")]
        assert all(word in texts for word in words), place.path
