"""What the platform tells of its own accord, and how it misbehaves when it is asked to."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from reference_loyalty import Options
from tests.reference_loyalty.serving import Shop, merging, served, shop

SECRET = "whsec_" + "c2VjcmV0" * 4


def eventually(there: Callable[[], bool], seconds: float = 5.0) -> None:
    latest = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < latest
        time.sleep(0.01)


def test_a_merge_and_its_reversal_are_told_signed_until_they_arrive(tmp_path: Path) -> None:
    arrived: list[tuple[dict[str, str], bytes]] = []
    answers = iter([500, 302])
    receiver = FastAPI()

    @receiver.post("/hook")
    async def hook(request: Request) -> Response:
        arrived.append((dict(request.headers), await request.body()))
        return Response(status_code=next(answers, 204))

    with served(receiver) as url:
        options = Options(webhook_url=f"{url}/hook", webhook_secret=SECRET, first_retry_seconds=0.02)
        with shop(tmp_path / "loyalty.db", options) as here:
            here.enrol("told-1", 5)
            here.enrol("told-2", 7)
            receipt = here.merge("told-1", "told-2", golden_id="g1")
            eventually(lambda: len(arrived) == 3)
            here.unmerge(receipt)
            eventually(lambda: len(arrived) == 4)
            here.refused("member-merges", merging("told-1", "told-1"))
    merged, unmerged = (Webhook(SECRET).verify(body, headers) for headers, body in arrived[2:])
    assert (merged["type"], unmerged["type"]) == ("member.merged", "member.unmerged")
    assert merged["data"]["merge_id"] == unmerged["data"]["merge_id"] == receipt["merge_id"]
    assert (merged["data"]["survivor"], merged["data"]["sources"]) == ("told-1", ["told-2"])
    ids = [headers["webhook-id"] for headers, _ in arrived]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(arrived[2][1].replace(b"told-1", b"told-9"), arrived[2][0])


@pytest.fixture
def pair(here: Shop) -> tuple[str, str]:
    for at in (1, 2):
        here.enrol(f"{here.program}-{at}", 10)
    return f"{here.program}-1", f"{here.program}-2"


def attempt(here: Shop, pair: tuple[str, str]) -> httpx2.Response:
    return here.client.post(
        here.at("member-merges"),
        json=merging(*pair),
        headers={"idempotency-key": f"{here.program}-fault"},
        timeout=0.3,
    )


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("timeout_after_commit", httpx2.ReadTimeout),
        ("connection_cut", httpx2.RemoteProtocolError),
    ],
)
def test_an_effect_without_an_answer_is_told_by_a_repetition(
    here: Shop, pair: tuple[str, str], fault: str, error: type[Exception]
) -> None:
    here.fault(fault, path="member-merges")
    with pytest.raises(error):
        attempt(here, pair)
    assert here.member(pair[1])["number"] == pair[0]
    again = attempt(here, pair)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")


@pytest.mark.parametrize(
    ("fault", "status"),
    [("too_many_requests", 429), ("server_error", 500), ("refusal", 409), ("error_in_200", 200)],
)
def test_a_fault_stands_in_for_the_next_calls_only(
    here: Shop, pair: tuple[str, str], fault: str, status: int
) -> None:
    here.fault(fault, calls=2, path="member-merges", retry_after=7, word="ON_HOLIDAY")
    told: list[Any] = [attempt(here, pair) for _ in range(2)]
    assert [reply.status_code for reply in told] == [status, status]
    assert told[0].headers.get("retry-after") == ("7" if status == 429 else None)
    assert here.member(pair[1])["number"] == pair[1]
    assert attempt(here, pair).json()["status"] == "DONE"


def test_a_garbled_answer_and_a_new_number_on_demand(here: Shop, pair: tuple[str, str]) -> None:
    here.fault("wrong_json", path="transfers")
    body = {"from": pair[0], "to": pair[1], "points": 1}
    assert here.call("POST", here.at("transfers"), body, f"{here.program}-t").text == '{"merge_id": "mrg_'
    here.fault("new_id_survivor", path="member-merges")
    assert attempt(here, pair).json()["survivor"] not in pair
