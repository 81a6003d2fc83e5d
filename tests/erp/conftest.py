"""Tryton for the tests of its connector."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from erp import Erp
from identity.connectors.erp import Tryton
from tests.erp.shop import Clerk, clerk, tryton


@pytest.fixture
def someone(erp: Erp) -> Iterator[Clerk]:
    with clerk(erp) as one:
        yield one


@pytest.fixture
def accounts(erp: Erp) -> Iterator[Tryton]:
    with tryton(erp) as connected:
        yield connected
