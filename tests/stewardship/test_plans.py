"""No page that a steward is at all day reads a whole table: it is as quick over a million records."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from identity.model.review import ReviewKind
from identity.model.steward import Role
from tests.plans import watched

from .world import World, service_at


def test_pages_ask_for_what_an_index_finds(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "identity.db"
    shutil.copy(loaded, file)
    with watched(monkeypatch) as asked:
        world = World(service_at(f"sqlite:///{file}"))
        lea = world.visitor("lea", Role.LEAD)
        tasks = [world.tasks(kind)[0] for kind in ReviewKind if world.tasks(kind)]
        del asked.statements[:]
        lea.get()
        lea.get("?whose=mine")
        for task in tasks:
            lea.get(f"/tasks/{task.task_id}")
            lea.get(f"/profiles/{task.golden_ids[0]}")
        lea.post("/search", {"sought": "anna@example.org"})
        lea.post("/search", {"sought": "Anna Okafor"})
        lea.decide(world.task(), "merge")
        for place in ("/sources", "/quarantine", "/runs", "/letters"):
            lea.get(place)
        world.service.store.close()
    assert len(asked.statements) > 100
    assert asked.reading_whole_tables(file) == {}
