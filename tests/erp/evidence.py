"""Whether a run met a real Tryton. Where none is installed its tests are left out, and that is said at the end."""

from __future__ import annotations

import os

import pytest

from erp import ErpMissing, installed

__all__ = ["ErpEvidence"]

WANTED = "IDENTITY_TEST_ERP"
"""Set by `make test-erp`: Tryton is installed for the tests that need it, or they fail."""


class ErpEvidence:
    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        needing = [item for item in items if _needs_tryton(item)]
        if needing and not (os.environ.get(WANTED) or _is_installed()):
            items[:] = [item for item in items if item not in needing]
            config.hook.pytest_deselected(items=needing)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not (os.environ.get(WANTED) or _is_installed()):
            said = "the ERP was NOT exercised: Tryton is not installed (`make test-erp` installs and runs it)"
            terminalreporter.write_line(said, red=True, bold=True)


def _needs_tryton(item: pytest.Item) -> bool:
    return "erp" in getattr(item, "fixturenames", ()) or item.get_closest_marker("erp") is not None


def _is_installed() -> bool:
    try:
        installed()
    except ErpMissing:
        return False
    return True
