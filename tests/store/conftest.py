from __future__ import annotations

import pytest

from .worlds import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()
