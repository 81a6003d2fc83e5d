"""The set, loaded once into a database."""

from __future__ import annotations

import pytest

from tests.flows.world import service_at
from tests.overmerge.deliveries import by_loads
from tests.overmerge.loaded import Loaded
from tests.overmerge.world import draw_world


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("overmerge")
    world, service = draw_world(), service_at(folder / "identity.db")
    by_loads(service, [world.told], folder)
    return Loaded(world, service, folder / "identity.db")
