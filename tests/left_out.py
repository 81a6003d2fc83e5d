"""Tests that need what is not everywhere: they are left out where it is not installed, and that is said at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

__all__ = ["LeftOut"]


@dataclass
class LeftOut:
    """`needs` says which tests, `met` whether it is there, `said` what is told where it is not. Where the variable
    `wanted` is set it is installed for them, or they fail."""

    wanted: str
    needs: Callable[[pytest.Item], bool]
    met: Callable[[], bool]
    said: str

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        needing = [item for item in items if self.needs(item)]
        if needing and self._lacks():
            items[:] = [item for item in items if item not in needing]
            config.hook.pytest_deselected(items=needing)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._lacks():
            terminalreporter.write_line(self.said, red=True, bold=True)

    def _lacks(self) -> bool:
        return not (os.environ.get(self.wanted) or self.met())
