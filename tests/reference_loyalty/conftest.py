"""One platform for all tests of the module; each test has a programme of its own on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.reference_loyalty.serving import Shop, open_program, rooms, shop

_ROOMS = rooms()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop(tmp_path_factory.mktemp("loyalty") / "loyalty.db") as running:
        yield running


@pytest.fixture
def here(platform: Shop) -> Iterator[Shop]:
    """A shop with an empty programme. Member numbers are the platform's: `number` makes them this test's own."""
    room = next(_ROOMS)
    open_program(platform.client, room)
    yield replace(platform, program=room)
    platform.no_faults()
