"""Whoever writes in SQLite comes to its turn, whoever else comes back at once: in this process, and in another one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from identity.clock import SystemClock
from identity.model.errors import StoreError
from identity.store import Store
from identity.store.dialect.sqlite_turns import waiting
from tests.delivery.world import until

_PATIENCE = 5.0
_TURNS = 50
_OTHER_PROCESS = """
import sys
from identity.clock import SystemClock
from identity.store import Store
book = Store(sys.argv[1], patience=30).reconciliations(SystemClock())
while True:
    book.begin("hot", "other")
    print("wrote", flush=True)
"""


def write(store: Store, what: str) -> None:
    store.reconciliations(SystemClock()).begin(what, "tests")


def written(store: Store) -> list[str]:
    return [name for name in store.reconciliations(SystemClock()).every() if name != "hot"]


@contextmanager
def in_this_process(url: str) -> Iterator[None]:
    stop, wrote = threading.Event(), threading.Event()
    store = Store(url, patience=30)

    def hot() -> None:
        while not stop.is_set():
            write(store, "hot")
            wrote.set()

    thread = threading.Thread(target=hot)
    thread.start()
    try:
        assert wrote.wait(30)
        yield
    finally:
        stop.set()
        thread.join(30)
        store.close()


@contextmanager
def in_another_process(url: str) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROCESS, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"wrote\n"
            drained = threading.Thread(target=process.stdout.read)  # so that it never waits for a reader
            drained.start()
            yield
            assert process.poll() is None, "it wrote all the time"
        finally:
            process.kill()
        drained.join(30)


@pytest.mark.parametrize("hot", [in_this_process, in_another_process])
def test_who_waits_comes_to_its_turn(hot: object, sqlite_url: str) -> None:
    assert callable(hot)
    store = Store(sqlite_url, patience=_PATIENCE)
    with hot(sqlite_url):
        for turn in range(_TURNS):
            write(store, f"turn {turn}")
    assert len(written(store)) == _TURNS
    store.close()


def test_those_who_wait_come_in_the_order_of_coming(sqlite_url: str) -> None:
    stores = [Store(sqlite_url, patience=30) for _ in range(4)]
    path = Path(str(make_url(sqlite_url).database))
    done, threads = list[int](), []
    with stores[0]._database.write():
        for number, store in enumerate(stores[1:], 1):

            def wait(number: int = number, store: Store = store) -> None:
                write(store, f"turn {number}")
                done.append(number)

            thread = threading.Thread(target=wait)
            thread.start()
            threads.append(thread)
            until(lambda number=number: waiting(path) == number)  # type: ignore[misc]
    for thread in threads:
        thread.join(30)
    assert done == [1, 2, 3]
    for store in stores:
        store.close()


def test_who_has_waited_long_enough_is_told(sqlite_url: str) -> None:
    holding, impatient = Store(sqlite_url, patience=30), Store(sqlite_url, patience=0.2)
    with holding._database.write():
        for _ in range(2):
            with pytest.raises(StoreError, match="E405"):
                write(impatient, "turn")
    write(impatient, "turn")
    assert written(impatient) == ["turn"]
    for store in (holding, impatient):
        store.close()
