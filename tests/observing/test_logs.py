"""Every process logs in one way: lines that say who, in which request and trace; and nothing about a person."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import structlog
import uvicorn
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.serving import config_of
from api.settings import api_settings_from
from identity.model.errors import RulesError
from identity.model.record import CANONICAL_ATTRIBUTES
from identity.observing import ObservingSettings, observing_settings_from
from identity.observing.saying import say
from identity.observing.settings import VARIABLES
from identity.observing.traces import span, trace_to, untraced

from .lines import Lines, logged

__all__ = ["logged"]


def test_a_line_says_which_process_request_and_trace(logged: Callable[..., Lines]) -> None:
    lines = logged("relay")
    trace_to(InMemorySpanExporter(), "tests", at_once=True)
    try:
        with structlog.contextvars.bound_contextvars(correlation_id="order:77"), span("work"):
            say("done", count=3)
    finally:
        untraced()
    (line,) = lines()
    assert {name: line[name] for name in ("process", "correlation_id", "event", "count", "level")} == {
        "process": "relay",
        "correlation_id": "order:77",
        "event": "done",
        "count": 3,
        "level": "info",
    }
    assert len(line["trace_id"]) == 32
    assert len(line["span_id"]) == 16
    assert line["timestamp"].endswith("Z")


def test_values_of_people_and_secrets_are_hidden_by_their_names(logged: Callable[..., Lines]) -> None:
    lines = logged()
    personal = dict.fromkeys(
        (*CANONICAL_ATTRIBUTES, "attributes", "password", "token", "Email"), "Kanarivogel"
    )
    say("said", **personal)
    say("said", told=[{"inner": {"email": "kanarivogel@example.com"}}], remark="by kanarivogel@example.com")
    assert len(lines()) == 2
    assert "kanari" not in str(lines()).lower()


def test_errors_are_told_by_kind_and_place(logged: Callable[..., Lines]) -> None:
    lines = logged()
    try:
        raise ValueError("Kanarivogel")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("uvicorn.error").exception("Exception in %s\n", "Kanarivogel")
    ours, theirs = lines()
    assert (ours["error"], theirs["error"]) == ("ValueError", "ValueError")
    assert "test_logs.py:" in ours["place"]
    assert (theirs["event"], theirs["logger"]) == ("Exception in %s", "uvicorn.error")
    assert "kanari" not in str(lines()).lower()


def test_a_server_of_ours_keeps_no_log_of_its_own(
    logged: Callable[..., Lines], capfd: pytest.CaptureFixture[str]
) -> None:
    uvicorn.Config("api.app:create_app")  # one that does, as others in this process may have
    lines = logged()
    config_of("api.app:create_app", api_settings_from({"IDENTITY_MODE": "development"}))
    try:
        raise ValueError("Kanarivogel")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    (line,) = lines()
    assert (line["error"], line["event"]) == ("ValueError", "Exception in ASGI application")
    assert "kanari" not in (str(line) + "".join(capfd.readouterr())).lower()


def test_libraries_are_heard_from_warnings_on(logged: Callable[..., Lines]) -> None:
    lines = logged(level="debug")
    logging.getLogger("httpx").info("HTTP Request: %s", "https://shop.example/kanarivogel")
    logging.getLogger("celery").warning("Task %s failed", "kanarivogel")
    assert [line["event"] for line in lines()] == ["Task %s failed"]


def test_a_level_and_a_form_can_be_chosen(logged: Callable[..., Lines]) -> None:
    lines = logged(level="warning", form="console")
    say("quiet")
    say("loud", "warning", code="E405")
    ((line,),) = [told.values() for told in lines()]
    assert "loud code=E405" in line


def test_settings_are_read_and_nonsense_is_refused_unrepeated() -> None:
    assert observing_settings_from({}) == ObservingSettings()
    told = {"IDENTITY_LOG_LEVEL": "debug", "IDENTITY_METRICS_PORT": "9464", "IDENTITY_TRACE_SHARE": "0.25"}
    assert observing_settings_from(told) == ObservingSettings("debug", "json", "", 0.25, metrics_port=9464)
    for variable in VARIABLES.values():
        with pytest.raises(RulesError) as refusal:
            observing_settings_from({variable: "http://user:kanari@host x"})
        assert refusal.value.code == "E119"
        assert "kanari" not in str(refusal.value)
