"""lookup: an id or an identifier → the golden ids that answer for it, after redirects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Look
from identity.steps.file import IDENTIFIERS, hold
from identity.steps.normalise import normalise
from identity.steps.refuse import storable

__all__ = ["Answer", "ByGoldenId", "ByIdentifier", "ByRecord", "Question", "lookup"]


@dataclass(frozen=True, slots=True)
class ByGoldenId:
    golden_id: GoldenId


@dataclass(frozen=True, slots=True)
class ByRecord:
    key: RecordKey


@dataclass(frozen=True, slots=True)
class ByIdentifier:
    """`kind` is one of IDENTIFIERS; `country` (ISO 3166 alpha-2) reads a national phone number."""

    kind: str
    value: str
    country: str = ""


Question = ByGoldenId | ByRecord | ByIdentifier


@dataclass(frozen=True, slots=True)
class Answer:
    """The golden ids found, in order; none when nobody is known by this. `redirected`: another id than the one asked
    for answers. `status` is live, empty (its records were all taken out), unknown, or shared: the value belongs to too
    many to be anybody's."""

    golden_ids: tuple[GoldenId, ...]
    status: str
    redirected: bool = False


_UNKNOWN = Answer((), "unknown")


def lookup(look: Look, desk: Desk, questions: Sequence[Question]) -> list[Answer]:
    """Return an answer to each question. Identifiers are read as those of records are: any spelling will do."""
    numbers = {
        question: _number(desk, question) for question in questions if isinstance(question, ByIdentifier)
    }
    values = {number for number in numbers.values() if number is not None}
    homes = look.homes(values)
    shared = look.generic(values - homes.keys())
    keys = [asked.key for asked in questions if isinstance(asked, ByRecord)]
    memberships = look.memberships([key for key in keys if storable(key.source, key.source_record_id)])
    golden_ids = [asked.golden_id for asked in questions if isinstance(asked, ByGoldenId)]
    answering = look.answering([golden_id for golden_id in golden_ids if storable(golden_id)])

    def answer(asked: Question) -> Answer:
        match asked:
            case ByGoldenId(golden_id):
                if golden_id not in answering:
                    return _UNKNOWN
                survivor, status = answering[golden_id]
                return Answer((survivor,), status, redirected=survivor != golden_id)
            case ByRecord(key):
                return Answer((memberships[key],), "live") if key in memberships else _UNKNOWN
            case ByIdentifier():
                number = numbers[asked]
                if number in shared:
                    return Answer((), "shared")
                return Answer(homes[number], "live") if number is not None and number in homes else _UNKNOWN

    return [answer(asked) for asked in questions]


def _number(desk: Desk, asked: ByIdentifier) -> int | None:
    """Return the number of an identifier value; None when it says nothing, such as "n/a" for a phone."""
    assert asked.kind in IDENTIFIERS
    if not storable(asked.value, asked.country):
        return None
    told = {asked.kind: asked.value, "country": asked.country}
    features = normalise(
        SourceRecord(RecordKey("", ""), {name: said for name, said in told.items() if said})
    ).features
    return (
        hold({asked.kind: features[asked.kind]}, desk.cabinet)[0][asked.kind]
        if asked.kind in features
        else None
    )
