"""What becomes of one attempt, with receivers of every kind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event as Latch

import pytest

from identity.delivery.addresses import Allowed, destination
from identity.delivery.post import Outcome, Post, Verdict

from .receivers import Answer, Receiver, receiver

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN = Allowed(frozenset({"127.0.0.1"}))
DAY = timedelta(days=1)


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def sent(address: str, patience: float = 5.0) -> Outcome:
    post = Post(destination(address, OWN), patience)
    try:
        return post(b'{"id":"g1/1"}', {"webhook-id": "g1/1"}, NOW)
    finally:
        post.close()


def failed(code: str) -> Outcome:
    return Outcome(Verdict.FAILED, code)


def waits(code: str, wait: timedelta) -> Outcome:
    return Outcome(Verdict.WAIT, code, wait)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, body=b"thank you"), Outcome(Verdict.TAKEN)),
        (Answer(204), Outcome(Verdict.TAKEN)),
        (Answer(400), failed("HTTP_400")),
        (Answer(404), failed("HTTP_404")),
        (Answer(410), Outcome(Verdict.GONE, "HTTP_410")),
        (Answer(429), waits("HTTP_429", timedelta(minutes=1))),
        (Answer(429, {"Retry-After": "7"}), waits("HTTP_429", timedelta(seconds=7))),
        (Answer(429, {"retry-after": "99999999"}), waits("HTTP_429", DAY)),
        (
            Answer(503, {"Retry-After": "Mon, 02 Mar 2026 09:02:00 GMT"}),
            waits("HTTP_503", timedelta(minutes=2)),
        ),
        (Answer(503, {"Retry-After": "Mon, 02 Mar 2020 09:02:00 GMT"}), failed("HTTP_503")),
        (Answer(503, {"Retry-After": "soon"}), failed("HTTP_503")),
        (Answer(503, {"Retry-After": "-1"}), failed("HTTP_503")),
        (Answer(503, {"Retry-After": "1e9"}), failed("HTTP_503")),
        (Answer(503, {"Retry-After": "Mon, 99 Mar 99999 99:99:99 GMT"}), failed("HTTP_503")),
        (Answer(503), failed("HTTP_503")),
        (Answer(500), failed("HTTP_500")),
        (Answer(304), failed("REDIRECTED")),
        (Answer(cut=True), failed("UNREACHABLE")),
    ],
)
def test_what_is_answered_decides_what_became_of_it(shop: Receiver, answer: Answer, outcome: Outcome) -> None:
    shop.answers = lambda _: answer
    assert sent(shop.url) == outcome
    (heard,) = shop.heard
    assert heard.content == b'{"id":"g1/1"}'
    assert heard.headers["content-type"] == "application/cloudevents+json"
    assert heard.headers["webhook-id"] == "g1/1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(shop: Receiver, status: int) -> None:
    shop.answers = lambda _: Answer(status, {"Location": f"http://127.0.0.1:{shop.port}/elsewhere"})
    assert sent(shop.url) == failed("REDIRECTED")
    assert [heard.path for heard in shop.heard] == ["/hook"]


@pytest.mark.parametrize("kind", ["silent", "trickling"])
def test_an_attempt_ends_when_its_time_is_up_whatever_trickles_in(shop: Receiver, kind: str) -> None:
    latch = Latch()
    shop.answers = lambda _: Answer(trickles=True) if kind == "trickling" else Answer(waits_for=latch)
    began = time.monotonic()
    assert sent(shop.url, patience=0.4) == failed("TIMEOUT")
    assert time.monotonic() - began < 2.0
    latch.set()


def test_of_a_huge_answer_little_is_read(shop: Receiver) -> None:
    shop.answers = lambda _: Answer(endless=True)
    began = time.monotonic()
    assert sent(shop.url) == Outcome(Verdict.TAKEN)
    assert time.monotonic() - began < 2.0


def test_nobody_there_is_a_failure_and_somebody_there_later_is_found() -> None:
    with receiver() as shop:
        gone, port = shop.url, shop.port
    assert sent(gone) == failed("UNREACHABLE")
    assert port


def test_a_connection_is_used_again_and_one_that_was_cut_is_not(shop: Receiver) -> None:
    post = Post(destination(shop.url, OWN), 5.0)
    cuts = iter([False, False, True, False, False])
    shop.answers = lambda _: Answer(cut=next(cuts))
    verdicts = [post(b"{}", {}, NOW).verdict for _ in range(5)]
    post.close()
    assert [verdict is Verdict.TAKEN for verdict in verdicts] == [True, True, False, True, True]
    assert shop.connections == 2
