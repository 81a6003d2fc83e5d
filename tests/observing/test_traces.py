"""One request is one trace: from the API over the log and the stream to the system that follows, nobody is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from identity.bootstrap import Service, SystemClock
from identity.commands.delivery import add_report, beginning, deliver_report, wanted
from identity.commands.following import consume_report
from identity.delivery.redis_stream import STREAM
from identity.observing.traces import ALLOWED, provider, span, trace_ids, trace_to, traceparent, untraced
from identity.settings import ConsumerSettings, DeliverySettings
from tests.api.conftest import Api, api, at, lite
from tests.delivery.receivers import receiver
from tests.delivery.world import Log, courier_on, told
from tests.jobs.redis import redis_server
from tests.reference_loyalty.serving import Shop, shop

__all__ = ["api", "at", "lite"]

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
INES = {"given_name": "Ines", "family_name": "Calder", "birth_date": "1980-01-02"}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is exported, asked for before the application that makes it."""
    exporter = InMemorySpanExporter()
    trace_to(exporter, "tests", at_once=True)
    yield exporter
    untraced()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "loyalty.db") as running:
        running.enrol("L1", 10)
        running.enrol("L2", 5)
        yield running


def settings_with(api: Api, redis_url: str, platform: Shop) -> Service:
    """The service as it stands in another process: told of a broker and of the loyalty platform."""
    settings = replace(
        api.service.settings,
        delivery=DeliverySettings(redis_url=redis_url),
        consumers=ConsumerSettings(loyalty_url=platform.url),
    )
    other = Service(settings)
    other.__dict__["store"] = api.service.store
    return other


def hexed(span_id: int) -> str:
    return f"{span_id:016x}"


def of(spans: InMemorySpanExporter, trace_id: str) -> dict[str, list[ReadableSpan]]:
    """The spans of one trace by name, the first first."""
    found: dict[str, list[ReadableSpan]] = {}
    for each in sorted(spans.get_finished_spans(), key=lambda each: each.start_time or 0):
        if each.context and f"{each.context.trace_id:032x}" == trace_id:
            found.setdefault(each.name, []).append(each)
    return found


def above(inner: ReadableSpan, all_spans: dict[str, list[ReadableSpan]]) -> list[str]:
    """The names of the spans that one stands in, the innermost first."""
    by_id = {each.context.span_id: each for some in all_spans.values() for each in some if each.context}
    names, at = list[str](), inner
    while at.parent is not None and at.parent.span_id in by_id:
        at = by_id[at.parent.span_id]
        names.append(at.name)
    return names


def test_a_merge_is_one_trace_from_the_api_to_the_loyalty_platform(
    spans: InMemorySpanExporter, at: Callable[..., Api], url: str, platform: Shop
) -> None:
    with redis_server() as redis_url:
        api = at(url)
        other = settings_with(api, redis_url, platform)
        add_report(other, wanted("stream", None, STREAM, (), (), beginning("0")))
        one = api.tell("loyalty", "L1", email="ines@example.com", **INES)["golden_id"]
        two = api.tell("loyalty", "L2", email="i.calder@example.org", given_name="Inez")["golden_id"]
        deliver_report(other)
        consume_report(other)
        spans.clear()

        body = {"profile_ids": [one, two], "reason": "She says so."}
        assert api.post("/v1/merges", body, traceparent=CALLER).status_code == 200
        assert deliver_report(other)["told"]
        assert consume_report(other)["done"]
    assert platform.member("L2")["number"] == platform.member("L1")["number"]

    trace_id, caller = CALLER.split("-")[1:3]
    found = of(spans, trace_id)
    (asked,) = found["POST /v1/merges"]
    assert asked.parent
    assert hexed(asked.parent.span_id) == caller
    change = ["database write", "POST /v1/merges"]  # the transaction that wrote the event
    for step in ("publish", "follow"):  # both sides of a merge are told of it
        assert [above(each, found) for each in found[f"{step} customer.merged"]] == [change, change]
    calls = [call for name, some in found.items() if name.endswith("the loyalty platform") for call in some]
    assert calls
    assert {tuple(above(call, found)) for call in calls} == {("follow customer.merged", *change)}


def test_events_carry_the_trace_and_are_told_alike_each_time(
    spans: InMemorySpanExporter, at: Callable[..., Api], sqlite_url: str
) -> None:
    api = at(sqlite_url)
    body = {"source": "pos", "source_record_id": "1", **INES}
    assert api.post("/v1/records", body, traceparent=CALLER).status_code == 200
    (event,) = api.service.store.views.events()
    assert event.traceparent
    assert event.traceparent.split("-")[1] == CALLER.split("-")[1]
    assert spans.get_finished_spans()
    untraced()
    api.tell("pos", "2", given_name="Bert", family_name="Klein")
    assert api.service.store.views.events(event.position)[0].traceparent is None


def test_a_webhook_is_told_the_trace_twice_in_the_event_and_in_a_header(
    spans: InMemorySpanExporter, at: Callable[..., Api], sqlite_url: str
) -> None:
    """The event says where it was written, the same each time; the header where it was sent from."""
    api = at(sqlite_url)
    with receiver() as shop:
        Log(api.service.store, SystemClock()).subscribe(address=shop.url)
        body = {"source": "pos", "source_record_id": "1", **INES}
        assert api.post("/v1/records", body, traceparent=CALLER).status_code == 200
        assert told(courier_on(Log(api.service.store, SystemClock()), shop.url)).taken == 1
        (heard,) = shop.heard
    headers = {name.lower(): value for name, value in heard.headers.items()}
    (event,) = api.service.store.views.events()
    assert heard.event["traceparent"] == event.traceparent
    assert headers["traceparent"].split("-")[1] == CALLER.split("-")[1]
    found = of(spans, CALLER.split("-")[1])
    (delivered,) = found["deliver customer.created"]
    assert delivered.context
    assert headers["traceparent"].split("-")[2] == hexed(delivered.context.span_id)
    assert above(delivered, found) == ["database write", "POST /v1/records"]


def test_nothing_of_a_person_is_in_a_span(
    spans: InMemorySpanExporter, at: Callable[..., Api], sqlite_url: str
) -> None:
    api = at(sqlite_url)

    def broken() -> None:
        raise RuntimeError("kanarivogel@example.com")

    api.app.add_api_route("/v1/broken", broken)
    person = {"email": "kanarivogel@example.com", "family_name": "Kanarivogel"}
    api.tell("pos", "1", **person)
    state = {"traceparent": CALLER, "tracestate": "shop=kanarivogel", "baggage": "who=kanarivogel"}
    for answer in (
        api.post("/v1/lookup", {"email": person["email"]}, **state),
        api.post("/v1/search", person),
        api.post("/v1/records", {"family_name": "Kanarivogel"}),
        api.get("/v1/profiles/kanarivogel?as_of=kanarivogel"),
        api.get("/kanarivogel"),
        api.get("/v1/crosswalk/pos/kanarivogel"),
        api.get("/v1/broken"),
    ):
        assert answer.status_code != 401
    exported = spans.get_finished_spans()
    assert {each.name for each in exported} >= {"POST /v1/lookup", "GET /v1/broken", "database look"}
    assert [each.to_json() for each in exported if "kanari" in each.to_json().lower()] == []
    assert {name for each in exported for name in each.attributes or {}} <= ALLOWED
    assert [each for each in exported if each.events or each.status.description] == []


def test_without_traces_nothing_is_made(lite: Api) -> None:
    assert provider() is None
    with span("nothing"):
        assert (traceparent(), trace_ids()) == (None, {})
    assert lite.app.state is not None


def test_a_failure_is_told_by_what_it_is(spans: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), span("work", system="erp"):
        raise RuntimeError("kanarivogel")
    (found,) = spans.get_finished_spans()
    attributes: dict[str, Any] = dict(found.attributes or {})
    assert attributes == {"identity.system": "erp", "error.type": "RuntimeError"}
    assert not found.status.is_ok
