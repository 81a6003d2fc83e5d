"""A log that tests read."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import structlog

from identity.observing.logs import log_to
from identity.observing.saying import begin_saying

__all__ = ["Lines", "logged"]

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged() -> Iterator[Callable[..., Lines]]:
    """Begins a log, and returns what reads its lines."""
    root = logging.getLogger()
    before = (root.handlers, root.level)

    def begun(process: str = "api", level: str = "info", form: str = "json") -> Lines:
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        log_to(process, level, form, stream, lasting=False)
        root.handlers += before[0]  # whoever listened goes on to
        root.setLevel(min(root.level, before[1]))

        def lines() -> list[dict[str, Any]]:
            written = stream.buffer.getvalue().decode()
            return [orjson.loads(line) if form == "json" else {"line": line} for line in written.splitlines()]

        return lines

    yield begun
    begin_saying(begun=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = before
