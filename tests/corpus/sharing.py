"""How much of the corpus a run takes on: all of it for `make corpus`, a share where it would take too long."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["WHOLE", "share"]

WHOLE = os.environ.get("CORPUS") == "whole"
Each = TypeVar("Each")


def share(cases: Sequence[Each], every: int) -> list[Each]:
    """Return every so-manieth of the cases, or all of them."""
    return list(cases if WHOLE else cases[::every])
