"""The log: a JSON object in each line, whoever writes it. Libraries are quoted with the sentence that stands in their
code, without what they put into it: that may be anybody's."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import orjson
import structlog

from identity.observing.personal import hidden, place_of
from identity.observing.saying import begin_saying
from identity.observing.traces import trace_ids

__all__ = ["log_to"]

_LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}
_LISTENED_TO = ("uvicorn", "uvicorn.error", "uvicorn.access")
_QUIET = logging.WARNING
"""From where on libraries are heard."""
Event = MutableMapping[str, Any]


def log_to(process: str, level: str, form: str, stream: TextIO, *, lasting: bool = True) -> None:
    """Write this process's log to a stream, from a level on, as `json` or for the `console`. A `lasting` one costs
    less: whoever has written to it goes on to, whatever is configured later."""
    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _named(process),
        _traced,
        _without_errors,
        _without_people,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _FORMS[form],
    ]
    structlog.configure(
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_WRITERS[form](stream),
        cache_logger_on_first_use=lasting,
    )
    begin_saying()
    root = logging.getLogger()
    root.handlers = [_Foreign(max(_LEVELS[level], _QUIET))]
    root.setLevel(max(_LEVELS[level], _QUIET))
    for name in _LISTENED_TO:
        # It may have been given a writer of its own, which would quote what was sent.
        theirs = logging.getLogger(name)
        theirs.handlers, theirs.propagate, theirs.disabled = [], True, False
        theirs.setLevel(logging.NOTSET)


def _named(process: str) -> Callable[[Any, str, Event], Event]:
    def named(_: Any, __: str, event: Event) -> Event:
        event.setdefault("process", process)
        return event

    return named


def _traced(_: Any, __: str, event: Event) -> Event:
    event.update(trace_ids())
    return event


def _without_errors(_: Any, __: str, event: Event) -> Event:
    """Tell of an error what it is and where; its text and its trace may quote what was sent."""
    told = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = told[1] if isinstance(told, tuple) else sys.exc_info()[1] if told is True else told
    if isinstance(error, BaseException):
        event["error"], event["place"] = type(error).__name__, place_of(error)
    return event


def _without_people(_: Any, __: str, event: Event) -> Event:
    return {name: hidden(name, value) for name, value in event.items()}


def _as_json(_: Any, __: str, event: Event) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _for_people(_: Any, __: str, event: Mapping[str, Any]) -> str:
    told = dict(event)
    at, level, process, what = (
        str(told.pop(name, "")) for name in ("timestamp", "level", "process", "event")
    )
    rest = " ".join(f"{name}={value}" for name, value in told.items() if value is not None)
    return f"{at[11:23]} {level:<7} {process:<8} {what} {rest}".rstrip()


_FORMS = {"json": _as_json, "console": _for_people}
_WRITERS: dict[str, Callable[[Any], Any]] = {
    "json": lambda stream: structlog.BytesLoggerFactory(stream.buffer),
    "console": structlog.WriteLoggerFactory,
}


class _Foreign(logging.Handler):
    """Passes on what libraries log: the sentence as it stands in their code, who says it, and the kind of an error."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        said = record.msg.strip() if isinstance(record.msg, str) else type(record.msg).__name__
        log = structlog.get_logger()
        getattr(log, level)(said, logger=record.name, exc_info=record.exc_info or None)
