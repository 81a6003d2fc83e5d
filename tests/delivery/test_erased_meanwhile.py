"""What a subscriber had in hand of somebody who is erased by then is not kept; that they were erased is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from identity.model.delivery import DeadLetter, HeldEvent
from identity.ports.delivery import LoggedEvent, Settlement
from tests.operations.world import NOW, World, lived

PAYLOAD = '{"records_gained": ["pos:1"]}'


@pytest.fixture
def world(url: str, tmp_path: Path) -> Iterator[World]:
    with lived(url, tmp_path) as world:
        yield world


def letter(event: LoggedEvent) -> DeadLetter:
    place = (event.subject, event.position, event.event_id)
    return DeadLetter("stream", *place, "HTTP_410", "refused", 1, NOW, NOW, PAYLOAD)


def held(event: LoggedEvent) -> HeldEvent:
    return HeldEvent("stream", event.position, event.subject, 1, NOW, NOW)


@pytest.mark.parametrize("way", ["held", "dead"])
def test_of_somebody_erased_only_the_erasure_waits(world: World, way: str) -> None:
    deliveries = world.service.deliveries
    golden_id = world.golden_id("1")
    (before,) = (event for event in world.service.store.views.events(subject=golden_id) if event.version == 1)
    (other,) = (event for event in world.service.store.views.events(subject=world.golden_id("2"))[:1])
    world.erase("1")
    told = world.service.store.views.events(subject=golden_id)[-1]
    assert told.type == "customer.erased"
    lease = deliveries.take("stream", "tests", 60)
    assert lease
    events = (before, told, other)
    some = [held(each) for each in events], [letter(each) for each in events]
    settlement = (
        Settlement(told.position, held=some[0]) if way == "held" else Settlement(told.position, dead=some[1])
    )
    assert deliveries.settle(lease, settlement, 60)
    kept = deliveries.held("stream") if way == "held" else deliveries.dead_letters("stream")
    assert sorted(each.position for each in kept) == sorted([told.position, other.position])
