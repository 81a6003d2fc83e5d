"""restricted: who is not to be reached because they asked that nothing of theirs be used."""

from __future__ import annotations

from collections.abc import Sequence

from identity.flows.lookup import Answer, ByIdentifier, ByRecord, Question, value_number
from identity.flows.online.desk import Desk
from identity.ports import Look

__all__ = ["restricted"]


def restricted(
    look: Look, desk: Desk, questions: Sequence[Question], answers: Sequence[Answer], kind: str
) -> list[bool]:
    """Say of each question whether it leads to somebody restricted, by whatever it asks with. `kind` is what the
    channel reaches: a profile that shares such a value with them is not reached by it either."""
    if not look.restricts():
        return [False] * len(questions)
    numbers = {asked: value_number(desk, asked) for asked in questions if isinstance(asked, ByIdentifier)}
    values = look.restricted_values({number for number in numbers.values() if number is not None})
    keys = {asked.key for asked in questions if isinstance(asked, ByRecord)}
    ids = {golden_id for answer in answers for golden_id in answer.golden_ids}
    found = look.restrictions(keys, ids)
    records, profiles = {each.key for each in found}, {each.golden_id for each in found}
    live = {golden_id for answer in answers if answer.status == "live" for golden_id in answer.golden_ids}
    sharing = look.sharing_restricted(live, kind)

    def is_restricted(asked: Question, answer: Answer) -> bool:
        match asked:
            case ByIdentifier() if numbers[asked] in values:
                return True
            case ByRecord(key) if key in records:
                return True
        emptied = answer.status == "empty" and not profiles.isdisjoint(answer.golden_ids)
        return emptied or not sharing.isdisjoint(answer.golden_ids)

    return [is_restricted(asked, answer) for asked, answer in zip(questions, answers, strict=True)]
