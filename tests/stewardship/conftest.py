"""A screen over a shop that was loaded once, and copied for everybody who changes something in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stewardship import passwords
from stewardship.settings import ScreenSettings

from .world import World, load_shop, service_at


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reviewed")
    service = service_at(f"sqlite:///{folder / 'identity.db'}")
    load_shop(service, folder)
    service.store.close()
    return folder / "identity.db"


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """What takes long on purpose takes no time here; the way to the answer is the same."""
    from argon2 import PasswordHasher

    before = passwords._HASHER
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    passwords._HASHER = before


@pytest.fixture
def world_of(loaded: Path, tmp_path: Path) -> Iterator[Callable[..., World]]:
    opened: list[World] = []

    def open_world(**settings: Any) -> World:
        copy = tmp_path / f"identity-{len(opened)}.db"
        with closing(sqlite3.connect(loaded)) as known, closing(sqlite3.connect(copy)) as copied:
            known.backup(copied)
        world = World(service_at(f"sqlite:///{copy}"), ScreenSettings(**settings))
        opened.append(world)
        return world

    yield open_world
    for world in opened:
        world.service.store.close()


@pytest.fixture
def world(world_of: Callable[..., World]) -> World:
    return world_of()
