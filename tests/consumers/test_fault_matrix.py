"""Everything a platform can do wrong, one after the other: nothing is lost, nothing is done twice, only a permanent
refusal is given up, and the backlog is drained when the platform is back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2
import pytest

from identity.consumers.following import Following, Worked, follow
from identity.model.review import ReviewKind
from identity.store import Store
from tests.delivery.world import until
from tests.reference_loyalty.serving import PROGRAM, TIERS, Shop

from .world import Master, MovingClock, following, identical, merges, points, worked_until_done

MEMBERS = 14
ROOT = Path(__file__).parents[2]
HOUR = 3_600


@dataclass(frozen=True)
class Row:
    """A fault of the platform for so many calls whose address contains `path`; `hours` pass while it lasts."""

    fault: str
    calls: int
    path: str = ""
    retry_after: int = 0
    hours: float = 0


MATRIX = {
    "429 with Retry-After": Row("too_many_requests", 3, retry_after=120),
    "500 for reads": Row("server_error", 6, "GET"),
    "500 for merges": Row("server_error", 4, "member-merges"),
    "500 for hours": Row("server_error", 10_000, hours=12),
    "no answer though it was done": Row("timeout_after_commit", 3, "POST"),
    "wrong JSON for reads": Row("wrong_json", 5, "GET"),
    "wrong JSON for merges": Row("wrong_json", 3, "POST"),
    "an error that calls itself 200": Row("error_in_200", 4),
    "the connection is cut": Row("connection_cut", 4, "POST"),
    "429 for a day": Row("too_many_requests", 10_000, hours=24),
}


@pytest.fixture
def numbers(here: Shop, master: Master) -> list[str]:
    found = [f"{here.program}-{at}" for at in range(MEMBERS)]
    for at, number in enumerate(found):
        here.enrol(number, 10 + at)
    master.enrol(*found)
    master.commit()
    return found


@pytest.fixture
def room(store: Store, here: Shop, clock: MovingClock, numbers: list[str]) -> Iterator[Following]:
    assert numbers
    with following(store, here, clock) as room:
        assert follow(room).dealt == MEMBERS
        yield room


def change_a_lot(master: Master, seed: int) -> None:
    """Merges and splits of many people, in one transaction each."""
    random = Random(seed)
    for _ in range(12):
        master.change_something(random)
        master.commit()


@pytest.mark.parametrize("row", MATRIX.values(), ids=MATRIX)
def test_nothing_is_lost_and_nothing_done_twice(
    store: Store,
    here: Shop,
    master: Master,
    room: Following,
    clock: MovingClock,
    numbers: list[str],
    row: Row,
) -> None:
    before = points(here)
    here.fault(row.fault, calls=row.calls, path=row.path, retry_after=row.retry_after, seconds=2)
    change_a_lot(master, seed=3)
    follow(room)
    for _ in range(int(row.hours * HOUR / 1_800)):
        clock.turn(1_800)
        follow(room)
    if row.hours:
        assert room.consumers.consumer("loyalty").lag > 0
        here.no_faults()
    worked = worked_until_done(room, clock)
    assert_in_step(store, here, master, room, numbers, worked)
    assert room.consumers.dead_letters("loyalty", status=None) == ()
    assert points(here) == before


def assert_in_step(
    store: Store, here: Shop, master: Master, room: Following, numbers: list[str], worked: Worked
) -> None:
    assert worked.why == "done"
    consumer = room.consumers.consumer("loyalty")
    assert (consumer.lag, consumer.failures, consumer.retry_at) == (0, 0, None)
    assert room.consumers.held("loyalty") == ()
    assert identical(here, numbers) == master.groups()
    active = {merge.merge_id for merge in store.loyalty_book.active()}
    assert active == {merge_id for merge_id, status in merges(here).items() if status == "DONE"}


def test_only_what_is_refused_for_good_is_given_up(
    store: Store, here: Shop, master: Master, room: Following, clock: MovingClock, numbers: list[str]
) -> None:
    here.fault("refusal", path="member-merges", calls=1, word="CUSTOMER_HAS_GIFT_CARDS")
    change_a_lot(master, seed=4)
    worked_until_done(room, clock)
    (letter,) = room.consumers.dead_letters("loyalty")
    assert letter.code == "CUSTOMER_HAS_GIFT_CARDS"
    room.consumers.redrive([letter.number])
    worked = worked_until_done(room, clock)
    assert_in_step(store, here, master, room, numbers, worked)


def test_a_platform_that_refuses_us_altogether_gives_nothing_up(
    store: Store, here: Shop, master: Master, room: Following, clock: MovingClock, numbers: list[str]
) -> None:
    """A token that has ended, say."""
    here.fault("refusal", calls=10_000, word="UNAUTHENTICATED")
    change_a_lot(master, seed=5)
    for _ in range(24):
        follow(room)
        clock.turn(HOUR)
    assert room.consumers.dead_letters("loyalty") == ()
    here.no_faults()
    assert_in_step(store, here, master, room, numbers, worked_until_done(room, clock))


@contextmanager
def platform_of_its_own(folder: Path) -> Iterator[tuple[Shop, subprocess.Popen[bytes]]]:
    """A platform in a process that can be stopped and killed."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = folder / "own.db"
    command = [sys.executable, "-m", "reference_loyalty", "--port", str(port), "--database", str(database)]
    url = f"http://127.0.0.1:{port}"
    with httpx2.Client(base_url=url, timeout=20) as client:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "ignore"})
        try:
            until(lambda: _answers(client))
            client.post("/v1/programs", json={"program": PROGRAM, "tiers": TIERS})
            yield Shop(url, client, database), process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


def _answers(client: httpx2.Client) -> bool:
    try:
        client.get("/v1/programs")
    except httpx2.HTTPError:
        return False
    return True


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Shop, subprocess.Popen[bytes]]]:
    with platform_of_its_own(tmp_path) as found:
        yield found


def test_a_platform_that_is_stopped_and_goes_on_loses_nothing(
    store: Store, master: Master, clock: MovingClock, own: tuple[Shop, subprocess.Popen[bytes]]
) -> None:
    """SIGSTOP: connections are taken, and nobody answers."""
    here, process = own
    numbers = [f"m{at}" for at in range(MEMBERS)]
    for number in numbers:
        here.enrol(number, 10)
    master.enrol(*numbers)
    master.commit()
    with following(store, here, clock) as room:
        follow(room)
        before = points(here)
        change_a_lot(master, seed=6)
        process.send_signal(signal.SIGSTOP)
        for _ in range(5):
            worked = follow(room)
            clock.turn(HOUR)
        assert (worked.dead, room.consumers.consumer("loyalty").lag > 0) == (0, True)
        process.send_signal(signal.SIGCONT)
        assert_in_step(store, here, master, room, numbers, worked_until_done(room, clock))
        assert points(here) == before


def test_what_a_person_has_to_see_to_never_becomes_a_dead_letter(
    store: Store, here: Shop, master: Master, room: Following, clock: MovingClock, numbers: list[str]
) -> None:
    for number in numbers:
        here.redeem(number, 1, open=True)
    master.merge(numbers[0], numbers[1])
    master.merge(numbers[2], numbers[3])
    master.commit()
    assert worked_until_done(room, clock).dead == 0
    kinds: Callable[[], list[ReviewKind]] = lambda: [task.kind for task in store.views.reviews(clock.now())]  # noqa: E731
    assert kinds() == [ReviewKind.LOYALTY_BLOCKED] * 2
