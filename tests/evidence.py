"""What a run was against: said at its end, and on CI a failure when PostgreSQL or a browser was not among it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browsers import browser_is_left_out
from tests.databases import postgresql_is_left_out

__all__ = ["BROWSER", "SERVER", "Evidence"]

SERVER = pytest.StashKey[str]()
"""The PostgreSQL server of this run, once a test needed one."""
BROWSER = pytest.StashKey[str]()
"""The browser of this run, once a test needed one."""


@dataclass
class _Need:
    """What tests with a marker need; whether any ran, and whether some should have."""

    marker: str
    named: str
    found: pytest.StashKey[str]
    left_out: Callable[[], bool]
    expected: bool
    exercised: int = 0


class Evidence:
    def __init__(self, config: pytest.Config, suite: Path) -> None:
        """`suite` is the folder of the whole suite: a run of all of it must have met everything."""
        self._config = config
        places = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
        whole = any(suite.is_relative_to(place.resolve()) for place in places)
        self._needs = [
            _Need("postgresql", "PostgreSQL", SERVER, postgresql_is_left_out, whole),
            _Need("browser", "A browser", BROWSER, browser_is_left_out, whole),
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for need in self._needs:
            wanted = [item for item in items if item.get_closest_marker(need.marker)]
            need.expected |= bool(wanted)
            if wanted and need.left_out():
                items[:] = [item for item in items if item not in wanted]
                self._config.hook.pytest_deselected(items=wanted)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for need in self._needs:
            need.exercised += report.when == "call" and not report.skipped and need.marker in report.keywords

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # Of several processes the one that hears of all reports knows.
        a_part = hasattr(self._config, "workerinput")
        missing = any(map(self._missing, self._needs))
        if not a_part and missing and _on_ci() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        met = [need for need in self._needs if need.exercised]
        told = [f"{self._config.stash.get(need.found, need.named)}, {need.exercised} tests" for need in met]
        if told:
            terminalreporter.write_line("; ".join([f"databases: SQLite {sqlite3.sqlite_version}", *told]))
        for need in filter(self._missing, self._needs):
            end = ", which fails on CI" if _on_ci() else ""
            terminalreporter.write_line(f"{need.named} was NOT exercised{end}", red=True, bold=True)

    def _missing(self, need: _Need) -> bool:
        return need.expected and not need.exercised and not self._config.option.collectonly


def _on_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
