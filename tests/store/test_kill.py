"""A process killed in the middle of its commits leaves whole chunks or nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from identity.store import Store

CHILD = """
import sys
from tests.store.worlds import StandingClock, events, memberships, records
from identity.store import Store

store, clock, size = Store(sys.argv[1]), StandingClock(), int(sys.argv[2])
first = store.views.counts().records
for start in range(first, first + 100_000_000, size):
    ids = [f"r{n:09}" for n in range(start, start + size)]
    tables = records(*ids), memberships(**{i: "g" + i for i in ids}), events(*((i, 1) for i in ids))
    if start == first:
        print("writing", flush=True)
    with store.begin(clock) as work:
        work.put_records(tables[0])
        work.move(tables[1], "c1", work.at)
        work.append_events(tables[2])
"""
CHUNK = 2_500


@pytest.mark.parametrize("milliseconds", [5, 60, 90, 130, 200])
def test_a_killed_process_leaves_whole_chunks_or_nothing(url: str, milliseconds: int) -> None:
    command = [sys.executable, "-c", CHILD, url, str(CHUNK)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(milliseconds / 1000)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    store = Store(url)
    counts = store.views.counts()
    store.close()
    assert counts.records == counts.memberships == counts.events
    assert counts.records % CHUNK == 0
