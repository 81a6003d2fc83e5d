"""Whether a run met a real Tryton."""

from __future__ import annotations

import pytest

from erp import ErpMissing, installed
from tests.left_out import LeftOut

__all__ = ["ERP"]


def _needs_tryton(item: pytest.Item) -> bool:
    return "erp" in getattr(item, "fixturenames", ()) or item.get_closest_marker("erp") is not None


def _is_installed() -> bool:
    try:
        installed()
    except ErpMissing:
        return False
    return True


ERP = LeftOut(
    "IDENTITY_TEST_ERP",
    _needs_tryton,
    _is_installed,
    "the ERP was NOT exercised: Tryton is not installed (`make test-erp` installs and runs it)",
)
