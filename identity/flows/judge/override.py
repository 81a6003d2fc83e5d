"""override: values that somebody knows better than a profile's records; they hold until those say something new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from identity.flows.judge.judging import Decided, Wish, attempted, begun, concluded, held
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.operation import OperationKind
from identity.model.override import Override
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.ports import OnlineWork
from identity.steps.normalise import normalise
from identity.steps.overrule import anchors
from identity.steps.refuse import refuse
from identity.steps.survive import survive

__all__ = ["override", "refuse_unfit"]

_READ = frozenset({"birth_date", "email"})
"""Fields of which it can be told that a value is none: no date at all, an address that none can be."""


def override(
    desk: Desk,
    golden_id: GoldenId,
    values: Mapping[str, str],
    wish: Wish,
    origin: str = "steward",
    end: Callable[[OnlineWork, Decided], None] = lambda _, __: None,
) -> Decided:
    """Give a live profile these values in the place of those its records make. Taken back by an undo.

    Raises LookupFailed E501; DecisionRefused NOT_LIVE, STALE_VERSION, NOT_A_FIELD, NOT_A_VALUE, NOTHING_TO_DECIDE
    where all of them are so already.
    """
    refuse_unfit(desk, values)

    def unit(work: OnlineWork) -> Decided:
        images = held(work, desk, [golden_id], wish)
        image = images[golden_id]
        fresh = {
            name: value
            for name, value in values.items()
            if (known := image.attributes.get(name)) is None or known.value != value
        }
        if not fresh:
            raise DecisionRefused("NOTHING_TO_DECIDE", "The profile has these values already.")
        operation = begun(work, desk, OperationKind.OVERRIDE, wish, images.values())
        records = [stored.record for stored in work.stored(image.records).values()]
        said = survive(golden_id, records, desk.survivorship).values
        work.put_overrides(
            [
                Override(
                    operation.operation_id, name, value, origin, operation.at,
                    anchors(records, name, said[name].value if name in said else None),
                )
                for name, value in sorted(fresh.items())
            ]
        )  # fmt: skip
        decided = concluded(work, desk, operation, [], image.records)
        end(work, decided)
        return decided

    return attempted(desk, unit)


def refuse_unfit(desk: Desk, values: Mapping[str, str]) -> None:
    """Raise DecisionRefused NOT_A_FIELD, NOT_A_VALUE."""
    known = {*CANONICAL_ATTRIBUTES, *desk.rules.custom}
    if not values or not values.keys() <= known:
        raise DecisionRefused(
            "NOT_A_FIELD", "A profile has no such field.", f"There are: {', '.join(sorted(known))}."
        )
    told = SourceRecord(RecordKey("steward", "override"), dict(values))
    features = normalise(told, desk.rules.custom).features
    unread = (_READ & values.keys()) - features.keys()
    if not all(value.strip() for value in values.values()) or unread or refuse(told, desk.rules.custom):
        raise DecisionRefused(
            "NOT_A_VALUE", "A value is empty, too long or cannot be stored.", "Give another."
        )
    if "birth_date" in values and not _was(features["birth_date"], desk.clock.now().date()):
        raise DecisionRefused(
            "NOT_A_VALUE", "The birth date is no day of the calendar until now, or could be one of two.",
            "Give it as year-month-day: 1980-02-03.",
        )  # fmt: skip


def _was(digits: str, today: date) -> bool:
    """Whether the digits of a birth date, as they are read, are one certain day until today."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) <= today
    except ValueError:
        return False
