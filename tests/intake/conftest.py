"""An application that messages are sent to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.conftest import Api, at
from tests.intake.signing import SECRETS

__all__ = ["at"]


@pytest.fixture
def api(at: Callable[..., Api], url: str) -> Api:
    return at(url, intake=SECRETS)


@pytest.fixture
def lite(at: Callable[..., Api], sqlite_url: str) -> Api:
    return at(sqlite_url, intake=SECRETS)
