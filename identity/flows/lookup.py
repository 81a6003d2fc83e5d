"""lookup: an id or an identifier → the golden ids that answer for it, after redirects, or did so at a past moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity.features.reach import identifier_value
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.consent_policy import IDENTIFIER_KINDS
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Look
from identity.steps.file import IDENTIFIERS, hold
from identity.steps.normalise import normalise
from identity.steps.refuse import storable

__all__ = ["Answer", "ByGoldenId", "ByIdentifier", "ByRecord", "Question", "lookup", "value_number"]


@dataclass(frozen=True, slots=True)
class ByGoldenId:
    """What an id means now, or meant `as_of` a moment (which has a time zone)."""

    golden_id: GoldenId
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class ByRecord:
    """Whose a record is now, or was `as_of` a moment (which has a time zone). An id that an earlier master gave is
    written as a record of that master: it is answered by who has its records now."""

    key: RecordKey
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class ByIdentifier:
    """`kind` is one of IDENTIFIERS; `country` (ISO 3166 alpha-2) reads a national phone number. Values are known as
    they are now only."""

    kind: str
    value: str
    country: str = ""


Question = ByGoldenId | ByRecord | ByIdentifier


@dataclass(frozen=True, slots=True)
class Answer:
    """The golden ids found, in order; none when nobody is known by this. `redirected`: another id than the one asked
    for answers. `status` is live, empty (its records were all taken out), erased, unknown (an id: not issued by then),
    or shared: the value belongs to too many to be anybody's. `records` were under the golden id at the moment asked
    for; a question about now does not tell them."""

    golden_ids: tuple[GoldenId, ...]
    status: str
    redirected: bool = False
    records: tuple[RecordKey, ...] = ()


_UNKNOWN = Answer((), "unknown")


def lookup(look: Look, desk: Desk, questions: Sequence[Question]) -> list[Answer]:
    """Return an answer to each question. Identifiers are read as those of records are: any spelling will do."""
    numbers = {
        question: value_number(desk, question) for question in questions if isinstance(question, ByIdentifier)
    }
    values = {number for number in numbers.values() if number is not None}
    homes = look.homes(values)
    shared = look.generic(values - homes.keys())
    past = _answers_then(look, questions)
    keys = [asked.key for asked in questions if isinstance(asked, ByRecord)]
    memberships = look.memberships([key for key in keys if storable(*_words(key))])
    former = look.living_on([key for key in keys if key not in memberships and storable(*_words(key))])
    golden_ids = [asked.golden_id for asked in questions if isinstance(asked, ByGoldenId)]
    answering = look.answering([golden_id for golden_id in golden_ids if storable(golden_id)])

    def answer(asked: Question) -> Answer:
        if asked in past:
            return past[asked]
        match asked:
            case ByGoldenId(golden_id):
                if golden_id not in answering:
                    return _UNKNOWN
                survivor, status = answering[golden_id]
                return Answer((survivor,), status, redirected=survivor != golden_id)
            case ByRecord(key):
                if key in memberships:
                    return Answer((memberships[key],), "live")
                return Answer(former[key], "live", redirected=True) if key in former else _UNKNOWN
            case ByIdentifier():
                number = numbers[asked]
                if number in shared:
                    return Answer((), "shared")
                return Answer(homes[number], "live") if number is not None and number in homes else _UNKNOWN

    return [answer(asked) for asked in questions]


def _words(key: RecordKey) -> tuple[str, str]:
    return key.source, key.source_record_id


def _answers_then(look: Look, questions: Sequence[Question]) -> Mapping[Question, Answer]:
    """Return what each question about a past moment is answered."""
    answers: dict[Question, Answer] = {}
    then = [asked for asked in questions if not isinstance(asked, ByIdentifier) and asked.as_of]
    for moment in {asked.as_of for asked in then if asked.as_of}:
        ids = [a for a in then if isinstance(a, ByGoldenId) and a.as_of == moment and storable(a.golden_id)]
        keys = [a for a in then if isinstance(a, ByRecord) and a.as_of == moment]
        for found in (_ids_then(look, ids, moment), _records_then(look, keys, moment)):
            answers.update(found)
    return {asked: answers.get(asked, _UNKNOWN) for asked in then}


def _ids_then(look: Look, asked: Sequence[ByGoldenId], moment: datetime) -> dict[Question, Answer]:
    led = look.answering_at([each.golden_id for each in asked], moment)
    members = look.members_at(set(led.values()), moment)
    now = look.answering(led)
    return {
        each: _meant(each.golden_id, led[each.golden_id], members, now[each.golden_id][1])
        for each in asked
        if each.golden_id in led
    }


def _meant(
    asked: GoldenId,
    survivor: GoldenId,
    members: Mapping[GoldenId, tuple[RecordKey, ...]],
    status_now: str,
) -> Answer:
    """Return what an id meant. Who was erased has no past either."""
    if status_now == "erased":
        return Answer((survivor,), "erased", survivor != asked)
    records = members.get(survivor, ())
    return Answer((survivor,), "live" if records else "empty", survivor != asked, records)


def _records_then(look: Look, asked: Sequence[ByRecord], moment: datetime) -> dict[Question, Answer]:
    keys = [each.key for each in asked if storable(each.key.source, each.key.source_record_id)]
    homes = look.memberships_at(keys, moment)
    members = look.members_at(set(homes.values()), moment)
    return {
        each: Answer((homes[each.key],), "live", records=members[homes[each.key]])
        for each in asked
        if each.key in homes
    }


def value_number(desk: Desk, asked: ByIdentifier) -> int | None:
    """Return the number of an identifier value; None when it says nothing, such as "n/a" for a phone."""
    assert asked.kind in IDENTIFIERS
    if not storable(asked.value, asked.country):
        return None
    value = _feature(asked)
    return hold({asked.kind: value}, desk.cabinet)[0][asked.kind] if value else None


def _feature(asked: ByIdentifier) -> str:
    """Return an identifier as records are filed by it; those that are asked for most are read by themselves."""
    if asked.kind in IDENTIFIER_KINDS:
        return identifier_value(asked.kind, asked.value, asked.country)
    told = SourceRecord(RecordKey("", ""), {asked.kind: asked.value} if asked.value else {})
    return normalise(told).features.get(asked.kind, "")
