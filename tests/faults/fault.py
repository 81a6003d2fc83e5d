"""A row of the fault matrix: what is broken, in what, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.ground import Scene

__all__ = ["CannotRun", "Fault", "Inject"]

Inject = Callable[["Scene"], Sequence[str]]
"""Break it once; return what went wrong, a text each: nothing where all came as expected."""


class CannotRun(Exception):
    """This machine lacks what the row needs. That is said, and is never taken for a success."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`times` is how often it is injected unless somebody says otherwise."""

    name: str
    component: str
    expected: str
    times: int
    inject: Inject
