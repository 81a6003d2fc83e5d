"""rehearse: what deciding records again would do, without doing it: the same steps on a unit that keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from identity.flows.online.desk import Desk
from identity.flows.online.settle import Settled, attempt, refuse_another_index, settle
from identity.flows.redo import restated_now
from identity.model.record import RecordKey
from identity.ports import Neighbourhood, OnlineWork

__all__ = ["rehearse"]

_AT_ONCE = 250
_SWALLOWED = frozenset(
    (
        *(
            "put",
            "file",
            "hold",
            "put_generic",
            "replace_links",
            "move",
            "put_profiles",
            "retire",
            "put_change",
        ),
        *("append_events", "put_redo", "put_verdicts", "withdraw", "put_operation", "reverse", "carry"),
        *("put_reviews", "defer_review", "close_review", "put_label", "audit"),
    )
)
"""What a rehearsal does not do."""


class _Rehearsal:
    """A unit of work that reads what is stored and swallows what is written. Nobody waits for it: it claims nothing."""

    def __init__(self, work: OnlineWork) -> None:
        self._work = work

    def claim(self, _: object) -> bool:
        return False

    def share(self, _: object) -> bool:
        return False

    def neighbourhood(self, _: object) -> Neighbourhood:
        """What a person should look at follows from what is stored: nobody is asked about a rehearsal."""
        return Neighbourhood((), (), (), (), {})

    def __getattr__(self, name: str) -> Any:
        return _swallow if name in _SWALLOWED else getattr(self._work, name)


def _swallow(*_: object, **__: object) -> None:
    """Keep nothing."""


def rehearse(desk: Desk, keys: Sequence[RecordKey], told: Callable[[int], None]) -> Iterator[Settled]:
    """Yield what deciding these records again would do, some at a time; `told` hears how many are done."""
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        settled = attempt(desk, partial(_rehearsed, desk, some))
        if settled:
            yield settled
        told(start + len(some))


def _rehearsed(desk: Desk, keys: Sequence[RecordKey], work: OnlineWork) -> Settled | None:
    refuse_another_index(work, desk)
    dry = cast(OnlineWork, _Rehearsal(work))
    return settle(dry, desk, restated_now(dry, keys), "rehearsal")
