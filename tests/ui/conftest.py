"""One browser, and a real server over a shop of its own for each file of tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from identity.bootstrap import SystemClock
from identity.model.steward import QueueFilter, Whose
from tests.browsers import chromium
from tests.evidence import BROWSER
from tests.stewardship.conftest import _quick_passwords, loaded  # noqa: F401
from tests.stewardship.world import World, service_at

from .serving import served
from .walking import Walker, walker_at

pytestmark = pytest.mark.browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with chromium() as found:
        request.config.stash[BROWSER] = f"Chromium {found.version}"
        yield found


@pytest.fixture(scope="module")
def live(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:  # noqa: F811
    """A world, and the address at which it is served."""
    copy = tmp_path_factory.mktemp("served") / "identity.db"
    with closing(sqlite3.connect(loaded)) as known, closing(sqlite3.connect(copy)) as copied:
        known.backup(copied)
    found = World(service_at(f"sqlite:///{copy}"))
    with served(found) as root:
        yield found, root
    found.service.store.close()


@pytest.fixture
def walk(browser: Browser, live: tuple[World, str]) -> Iterator[Callable[..., Walker]]:
    """Opens the screen for somebody. What their browser complains of fails the test."""
    opened: list[Walker] = []

    def walker(name: str = "ana", **options: Any) -> Walker:
        opened.append(walker_at(browser, live[1], live[0], name, **options))
        return opened[-1]

    yield walker
    for each in opened:
        each.context.close()
    _leave(live[0])
    assert [complaint for each in opened for complaint in each.complaints] == []


def _leave(world: World) -> None:
    """Let everybody leave the tasks they are at: the next test begins with a free queue."""
    desks = world.service.store.desks(SystemClock())
    for steward in world.service.store.stewards(SystemClock()).stewards():
        mine = desks.queue(QueueFilter(steward.name, Whose.MINE))
        desks.release([row.task.task_id for row in mine], steward.name)
