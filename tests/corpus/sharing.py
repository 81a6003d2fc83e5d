"""How much of the corpus a run takes on where it would take too long: a share, and much more for `make corpus`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["WHOLE", "share"]

WHOLE = os.environ.get("CORPUS") == "whole"
Each = TypeVar("Each")


_AS_MUCH = 12
"""`make corpus` takes on so many times as much: everything, but where one case takes a tenth of a second."""


def share(cases: Sequence[Each], every: int) -> list[Each]:
    """Return every so-manieth of the cases."""
    return list(cases[:: max(1, every // _AS_MUCH) if WHOLE else every])
