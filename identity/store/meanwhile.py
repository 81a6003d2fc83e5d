"""Who was erased while something of theirs was on its way: nothing of it is kept.

Erasing forgets what there is. What a consumer or a subscriber then still had in hand must not come after it: an open
letter of theirs would even hold the erasure back from the very system that has to hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from identity.model.delivery import DeadLetter, HeldEvent
from identity.model.following import Followed
from identity.model.loyalty import LoyaltyMerge
from identity.store.dialect import Kind, Statement, WriteConnection

__all__ = ["kept_of_the_living", "passed_over", "without"]

_ERASED = "customer.erased"
# Nobody is erased from here to the end of the transaction.
_STANDING = Statement(
    "SELECT golden_id, status FROM golden_profile"
    " WHERE golden_id IN (SELECT s.golden_id FROM {rows} AS s) {unchanged}",
    {"golden_id": Kind.TEXT},
)
_EVENTS = Statement(
    "SELECT e.position, e.event_id, e.type FROM {rows} AS s JOIN event AS e ON e.position = s.position",
    {"position": Kind.NUMBER},
)
_MERGES = Statement(
    "SELECT m.key FROM {rows} AS s JOIN loyalty_merge AS m ON m.key = s.key", {"key": Kind.TEXT}
)

_Waits = TypeVar("_Waits", HeldEvent, DeadLetter)


def passed_over(
    connection: WriteConnection, held: Sequence[HeldEvent], dead: Sequence[DeadLetter]
) -> Mapping[int, str]:
    """Return which of these events (position → event id) are of people who were erased meanwhile. What tells that they
    were is not among them."""
    waiting = {each.position: each.subject for each in held} | {each.position: each.subject for each in dead}
    gone = _erased(connection, waiting.values())
    theirs = sorted(position for position, subject in waiting.items() if subject in gone)
    found = connection.ask(_EVENTS.on(theirs))() if theirs else []
    return {position: event_id for position, event_id, kind in found if kind != _ERASED}


def without(waiting: Sequence[_Waits], passed: Mapping[int, str]) -> list[_Waits]:
    return [each for each in waiting if each.position not in passed]


def kept_of_the_living(connection: WriteConnection, followed: Sequence[Followed]) -> list[Followed]:
    """Return what came of events without facts and open tasks of people who were erased meanwhile. Of a merge that is
    kept because it has to be taken back yet, what it came to is kept."""
    facts = [_whose(fact) for each in followed for fact in each.facts]
    tasks = [golden_id for each in followed for concern in each.opened for golden_id in concern.golden_ids]
    gone = _erased(connection, [golden_id for golden_id in (*facts, *tasks) if golden_id])
    if not gone:
        return list(followed)
    merges = [fact.key for each in followed for fact in each.facts if isinstance(fact, LoyaltyMerge)]
    known = {key for (key,) in connection.ask(_MERGES.on(sorted(merges)))()} if merges else set()
    return [
        replace(
            each,
            facts=[
                fact for fact in each.facts if _whose(fact) not in gone or getattr(fact, "key", None) in known
            ],
            opened=[concern for concern in each.opened if not gone.intersection(concern.golden_ids)],
        )
        for each in followed
    ]


def _whose(fact: object) -> str | None:
    return getattr(fact, "golden_id", None)


def _erased(connection: WriteConnection, golden_ids: Iterable[str]) -> frozenset[str]:
    asked = sorted(set(golden_ids))
    if not asked:
        return frozenset()
    return frozenset(
        golden_id for golden_id, status in connection.ask(_STANDING.on(asked))() if status == "erased"
    )
