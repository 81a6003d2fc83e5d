"""Systems that follow, on the screen: how they stand, what differs, and mending it; over a real loyalty platform."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.following import consume_report, reconcile_report
from identity.consumers.loyalty.reconcile import DriftKind as LoyaltyDrift
from identity.model.erp import DriftKind as ErpDrift
from identity.model.errors import DeliveryError
from identity.model.steward import Role
from identity.settings import ConsumerSettings
from stewardship.words import DRIFT
from tests.consumers.world import Master
from tests.reference_loyalty.serving import Shop, shop

from .world import SECRET, Visitor, World


def parted_again(url: str, here: Shop) -> World:
    """Two members who are one person, and whom the platform has parted again."""
    service = Service(Settings(url, index_secret=SECRET, consumers=ConsumerSettings(here.url)))
    master = Master(service.store)
    here.enrol("a", 10)
    here.enrol("b", 5)
    master.enrol("a", "b")
    master.commit()
    consume_report(service)
    here.merge("a", "b")
    return World(service)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "loyalty.db") as running:
        yield running


@pytest.fixture
def drifted(url: str, here: Shop) -> Iterator[World]:
    world = parted_again(url, here)
    yield world
    world.service.store.close()


@pytest.fixture
def lea(drifted: World) -> Visitor:
    return drifted.visitor("lea", Role.LEAD)


def compared(lea: Visitor, what: str) -> str:
    """Have it compared, and wait until that is over."""
    lea.follow(lea.post(f"/systems/loyalty/{what}"))
    until = time.monotonic() + 30
    while (answer := lea.get("/systems/loyalty/state")).status_code == 204:
        assert time.monotonic() < until, "it is being compared for ever"
        time.sleep(0.05)
    assert answer.headers["hx-redirect"] == "/review/systems/loyalty"
    return str(lea.get("/systems/loyalty").text)


def test_a_system_is_compared_and_mended(lea: Visitor) -> None:
    assert "never" in lea.get("/letters").text
    assert "never compared" in lea.get("/systems/loyalty").text
    page = compared(lea, "compare")
    assert "MERGED_ACROSS" in page
    assert "nobody knows yet" in page
    assert "by lea" in page
    assert "Mend" in page
    page = compared(lea, "repair")
    assert "somebody is asked" in page
    assert "followed once more" in page
    assert "1 known" in lea.get("/letters").text


def test_what_is_kept_names_profiles_and_no_accounts(drifted: World) -> None:
    told = reconcile_report(drifted.service, "loyalty", actor="night")
    assert told["drift"][0]["accounts"] == ["a", "b"]
    kept = drifted.service.store.reconciliations(SystemClock()).every()["loyalty"]
    assert kept.actor == "night"
    assert kept.report["samples"] == [
        {"kind": "MERGED_ACROSS", "accounts": 2, "golden_ids": ["g-a", "g-b"], "known": False}
    ]


def test_a_system_that_does_not_answer_is_told_and_what_was_known_stays(
    drifted: World, lea: Visitor, url: str
) -> None:
    reconcile_report(drifted.service, "loyalty")
    away = Service(Settings(url, index_secret=SECRET, consumers=ConsumerSettings("http://127.0.0.1:9")))
    with pytest.raises(DeliveryError):
        reconcile_report(away, "loyalty")
    away.store.close()
    page = lea.get("/systems/loyalty").text
    assert "came to nothing: E723" in page
    assert "MERGED_ACROSS" in page


def test_every_kind_of_difference_has_its_words() -> None:
    assert set(DRIFT) == {*LoyaltyDrift, *ErpDrift}


def test_only_who_may_send_again_compares(drifted: World) -> None:
    eva = drifted.visitor("eva", Role.AUDITOR)
    assert "Compare now" not in eva.get("/systems/loyalty").text
    assert eva.post("/systems/loyalty/compare").status_code == 403
    assert drifted.visitor("ana").get("/systems/loyalty").status_code == 403
    assert eva.get("/systems/nothing").status_code == 404
    assert drifted.visitor("lea", Role.LEAD).post("/systems/erp/compare").status_code == 409
