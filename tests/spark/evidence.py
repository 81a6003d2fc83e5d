"""Whether a run met a real Spark. Where none is installed its tests are left out, and that is said at the end."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

__all__ = ["SparkEvidence"]

WANTED = "IDENTITY_TEST_SPARK"
"""Set by `make test-spark`: Spark is installed for the tests that need it, or they fail."""


class SparkEvidence:
    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        needing = [item for item in items if item.get_closest_marker("spark") is not None]
        if needing and not _is_met():
            items[:] = [item for item in items if item not in needing]
            config.hook.pytest_deselected(items=needing)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not _is_met():
            said = "Spark was NOT exercised: it is not installed (`make test-spark` installs and runs it)"
            terminalreporter.write_line(said, red=True, bold=True)


def _is_met() -> bool:
    there = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
    return bool(os.environ.get(WANTED)) or there
