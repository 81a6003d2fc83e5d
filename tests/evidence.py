"""Which databases a run was against: said at its end, and on CI a failure when PostgreSQL was not among them."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from tests.databases import postgresql_is_left_out

__all__ = ["SERVER", "Evidence"]

SERVER = pytest.StashKey[str]()
"""The PostgreSQL server of this run, once a test needed one."""


class Evidence:
    def __init__(self, config: pytest.Config, suite: Path) -> None:
        """`suite` is the folder of the whole suite: a run of all of it must have met PostgreSQL."""
        self._config = config
        self._exercised = 0
        places = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
        self._expected = any(suite.is_relative_to(place.resolve()) for place in places)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        wanted = [item for item in items if item.get_closest_marker("postgresql")]
        self._expected |= bool(wanted)
        if wanted and postgresql_is_left_out():
            items[:] = [item for item in items if item not in wanted]
            self._config.hook.pytest_deselected(items=wanted)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._exercised += report.when == "call" and not report.skipped and "postgresql" in report.keywords

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        # Of several processes the one that hears of all reports knows.
        a_part = hasattr(self._config, "workerinput")
        if not a_part and self._missing() and _on_ci() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        sqlite = f"databases: SQLite {sqlite3.sqlite_version}"
        if self._missing():
            end = ", which fails on CI" if _on_ci() else ""
            terminalreporter.write_line(f"{sqlite}; PostgreSQL was NOT exercised{end}", red=True, bold=True)
        elif self._exercised:
            server = self._config.stash.get(SERVER, "PostgreSQL")
            terminalreporter.write_line(f"{sqlite}; {server}, {self._exercised} tests")

    def _missing(self) -> bool:
        return self._expected and not self._exercised and not self._config.option.collectonly


def _on_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
