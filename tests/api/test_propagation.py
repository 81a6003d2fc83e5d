"""How far a decision has come in the systems that follow, as the API and the metrics tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from identity.bootstrap import Service, SystemClock
from identity.commands.following import consume_report
from identity.commands.reviews import review_report
from identity.settings import ConsumerSettings
from tests.reference_loyalty.serving import Shop, shop

from .conftest import Api

INES = {"given_name": "Ines", "family_name": "Calder", "birth_date": "1980-01-02"}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "loyalty.db") as running:
        running.enrol("L1", 10)
        running.enrol("L2", 5)
        yield running


@pytest.fixture
def followed(api: Api, platform: Shop) -> Callable[[], dict[str, Any]]:
    """What happens when the consumer of the loyalty platform follows; the API needs not know where that is."""
    told = replace(api.service.settings, consumers=ConsumerSettings(loyalty_url=platform.url))
    service = Service(told)
    service.__dict__["store"] = api.service.store
    return lambda: consume_report(service)


@pytest.fixture
def pair(api: Api) -> tuple[str, str]:
    one = api.tell("loyalty", "L1", email="ines@example.com", **INES)["golden_id"]
    other = api.tell("loyalty", "L2", email="i.calder@example.org", given_name="Inez")["golden_id"]
    assert one != other
    return one, other


def where(api: Api, operation_id: str) -> list[tuple[str, str, str | None]]:
    answer = api.get(f"/v1/merges/{operation_id}/propagation")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["operation_id"] == operation_id
    return [(each["consumer"], each["status"], each["reason"]) for each in told["consumers"]]


def merged(api: Api, pair: tuple[str, str]) -> str:
    answer = api.post("/v1/merges", {"profile_ids": list(pair), "reason": "She says so."})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["operation_id"])


def test_a_decision_is_pending_acknowledged_and_compensated(
    api: Api, pair: tuple[str, str], platform: Shop, followed: Callable[[], dict[str, Any]]
) -> None:
    followed()
    operation = merged(api, pair)
    assert where(api, operation) == [("loyalty", "pending", None)]
    assert followed()["done"]
    assert where(api, operation) == [("loyalty", "acknowledged", None)]
    assert platform.member("L2")["number"] == platform.member("L1")["number"]
    undone = api.post(f"/v1/merges/{operation}/undo", {}).json()["operation_id"]
    assert where(api, undone) == [("loyalty", "pending", None)]
    assert where(api, operation) == [("loyalty", "acknowledged", None)]
    assert followed()["done"]
    assert where(api, undone) == [("loyalty", "acknowledged", None)]
    assert where(api, operation) == [("loyalty", "compensated", None)]
    assert platform.member("L2")["number"] == "L2"


def test_what_a_person_has_to_see_to_is_named_and_explained_by_its_task(
    api: Api, pair: tuple[str, str], platform: Shop, followed: Callable[[], dict[str, Any]]
) -> None:
    platform.redeem("L1", 3, open=True)
    operation = merged(api, pair)
    assert followed()["followed"][0]["blocked"]
    assert where(api, operation) == [("loyalty", "failed", "OPEN_REDEMPTION")]
    (task,) = [
        task
        for task in api.service.store.views.reviews(SystemClock().now())
        if task.kind.value.startswith("loyalty")
    ]
    told = review_report(api.service, task.task_id)
    assert told["ways"][0]["run"] == "identity reconcile loyalty --repair"


def test_a_decision_that_nobody_knows_is_404(api: Api) -> None:
    answer = api.get("/v1/merges/nobody/propagation")
    assert (answer.status_code, answer.json()["code"]) == (404, "E504")
    headers = api.headers("lookup")
    assert api.http.get("/v1/merges/nobody/propagation", headers=headers).status_code == 403


def test_a_decision_is_known_where_nobody_follows(api: Api, pair: tuple[str, str]) -> None:
    assert where(api, merged(api, pair)) == []


def test_metrics_tell_how_consumers_stand(
    api: Api, pair: tuple[str, str], followed: Callable[[], dict[str, Any]]
) -> None:
    assert "identity_consumer_lag{" not in api.http.get("/metrics").text
    followed()
    merged(api, pair)
    told = api.http.get("/metrics").text
    for line in (
        'identity_consumer_lag{consumer="loyalty"} 2.0',
        'identity_consumer_held{consumer="loyalty"} 0.0',
        'identity_consumer_dead_letters{consumer="loyalty"} 0.0',
        'identity_consumer_blocked{consumer="loyalty"} 0.0',
    ):
        assert line in told, told
