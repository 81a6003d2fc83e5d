"""Other systems are followed and compared by jobs, as settings say where they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from identity.settings import job_settings_from
from identity.store import Store
from tests.consumers.world import Master, identical
from tests.reference_loyalty.serving import Shop, shop

ROOT = Path(__file__).parents[2]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "loyalty.db") as running:
        for number in "ab":
            running.enrol(number, 10)
        yield running


@pytest.fixture
def master(sqlite_url: str) -> Iterator[Master]:
    """One person with two members."""
    store = Store(sqlite_url)
    master = Master(store)
    master.enrol("a", "b")
    master.merge("a", "b")
    master.commit()
    yield master
    store.close()


def job(name: str, url: str, loyalty: str) -> dict[str, Any]:
    code = (
        f"import orjson; from identity import jobs; print(orjson.dumps(jobs.{name}.delay().get()).decode())"
    )
    environment = {**os.environ, "IDENTITY_DATABASE_URL": url, "IDENTITY_LOYALTY_URL": loyalty}
    environment.pop("IDENTITY_BROKER_URL", None)
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told


def test_a_nudge_has_consumers_follow_what_there_is(platform: Shop, master: Master, sqlite_url: str) -> None:
    assert job("follow", sqlite_url, platform.url)["done"]
    assert identical(platform, "ab") == master.groups()
    assert job("follow", sqlite_url, platform.url)["followed"][0]["dealt"] == 0


def test_the_nightly_comparison_repairs(platform: Shop, master: Master, sqlite_url: str) -> None:
    told = job("reconcile", sqlite_url, platform.url)
    assert told == {"loyalty": {"accounts": 2, "profiles": 1, "kinds": {}, "known": 0, "agrees": True}}
    assert identical(platform, "ab") == master.groups()


def test_a_system_that_is_away_is_told_by_its_number(master: Master, sqlite_url: str) -> None:
    assert master
    assert job("reconcile", sqlite_url, "http://127.0.0.1:9") == {"loyalty": {"why": "E723"}}


def test_without_a_system_there_is_nothing_to_do(sqlite_url: str) -> None:
    assert job("follow", sqlite_url, "") == {}
    assert job("reconcile", sqlite_url, "") == {}


def test_both_are_on_the_clock_at_the_hour_that_is_set() -> None:
    from identity import jobs

    schedule = jobs._schedule(job_settings_from({"IDENTITY_RECONCILE": "04:30"}))
    compared = schedule["compare with other systems"]
    assert compared["task"] == jobs.reconcile.name
    assert (compared["schedule"].hour, compared["schedule"].minute) == ({4}, {30})
    assert schedule["follow"]["task"] == jobs.follow.name
