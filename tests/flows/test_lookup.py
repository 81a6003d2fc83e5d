"""Who answers for an id or an identifier, in whatever spelling; and for what nobody answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from identity.bootstrap import Service
from identity.flows.lookup import Answer, ByGoldenId, ByIdentifier, ByRecord, Question
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.steps.file import IDENTIFIERS

from .conftest import Person, Ready
from .real_time import arrival, deleted, ingest_all
from .test_same_answer import FAMILY, GIVEN
from .whole import everything, rows

ANA = {
    "source": "pos",
    "source_record_id": "1",
    "given_name": "Ana",
    "family_name": "Zywicka",
    "birth_date": "1985-03-04",
    "email": "ana.zywicka@gmail.com",
    "phone": "(212) 555-0142",
    "loyalty_id": "L-700.411",
    "tax_id": "ABC 12345",
}
BORIS = {
    "source": "erp",
    "source_record_id": "000042",
    "given_name": "Boris",
    "family_name": "Quill",
    "email": "boris@quill.example",
    "phone": "030 12345678",
    "country": "DE",
}
STORE_PHONE = "2125550177"
UNKNOWN = Answer((), "unknown")


def told(service: Service, *people: Person) -> list[GoldenId]:
    """Records told one after the other, and the golden ids they were given."""
    found = [service.ingest([arrival(person)])[0].golden_id for person in people]
    return [golden_id for golden_id in found if golden_id is not None]


def ask(service: Service, question: Question) -> Answer:
    (answer,) = service.lookup([question])
    return answer


SPELLINGS = {
    "phone": ["2125550142", "+1 212 555 0142", "001 212 555-0142", "1.212.555.0142", "٢١٢٥٥٥٠١٤٢"],
    "email": [
        "ana.zywicka@gmail.com", "  Ana.Zywicka@GMAIL.com ", "anazywicka@googlemail.com",
        "a.n.a.zywicka+shop@gmail.com",
    ],
    "loyalty_id": ["L-700.411", "l700411", " L 700 411 "],
    "tax_id": ["abc12345", "ABC-123-45"],
}  # fmt: skip


@pytest.mark.parametrize("kind", SPELLINGS)
def test_any_spelling_of_an_identifier_finds_its_holder(ready: Ready, url: str, kind: str) -> None:
    service = ready(url)
    ana, _ = told(service, ANA, BORIS)
    for spelling in SPELLINGS[kind]:
        assert ask(service, ByIdentifier(kind, spelling)) == Answer((ana,), "live"), spelling


def test_a_national_number_is_read_as_its_country_writes_it(ready: Ready, sqlite_url: str) -> None:
    service = ready(sqlite_url)
    _, boris = told(service, ANA, BORIS)
    for number, country in (("030 12345678", "DE"), ("+49 30 12345678", ""), ("0049 30 12345678", "US")):
        assert ask(service, ByIdentifier("phone", number, country)) == Answer((boris,), "live")


def test_an_identifier_of_another_kind_or_nobody_is_unknown(ready: Ready, url: str) -> None:
    service = ready(url)
    told(service, ANA)
    asked = [
        ByIdentifier("tax_id", "L-700.411"),
        ByIdentifier("loyalty_id", "ABC 12345"),
        ByIdentifier("phone", "2125550143"),
        *(
            ByIdentifier(kind, value)
            for kind in IDENTIFIERS
            for value in ("", "n/a", "  ", "\0", "x" * 10_000)
        ),
    ]
    assert service.lookup(asked) == [UNKNOWN] * len(asked)


def test_a_value_that_two_people_hold_names_both_in_order(ready: Ready, url: str) -> None:
    service = ready(url)
    shared = {"phone": ANA["phone"]}
    ana, boris = told(service, ANA, BORIS | shared)
    assert ana != boris
    assert ask(service, ByIdentifier("phone", "2125550142")) == Answer(tuple(sorted((ana, boris))), "live")


def test_a_record_is_found_by_its_key_and_nothing_else(ready: Ready, url: str) -> None:
    service = ready(url)
    ana, boris = told(service, ANA, BORIS)
    assert ask(service, ByRecord(RecordKey("pos", "1"))) == Answer((ana,), "live")
    assert ask(service, ByRecord(RecordKey("erp", "000042"))) == Answer((boris,), "live")
    for key in (
        RecordKey("pos", "000042"),
        RecordKey("erp", "42"),
        RecordKey("pos:1", ""),
        RecordKey("", ""),
    ):
        assert ask(service, ByRecord(key)) == UNKNOWN


def test_a_golden_id_leads_to_who_answers_for_it_now_in_one_hop(ready: Ready, url: str) -> None:
    service = ready(url)
    first, second, third = (ANA | {"source_record_id": number} for number in "123")
    boris = {name: value for name, value in BORIS.items() if not name.startswith("source")}
    ana, was_boris = told(service, first, second | boris)
    (same,) = told(service, second)
    assert same == ana
    assert ask(service, ByGoldenId(was_boris)) == Answer((ana,), "live", redirected=True)
    assert ask(service, ByGoldenId(ana)) == Answer((ana,), "live")
    # Three others who know Ana's two records for theirs: now both ids lead to the third.
    crowd = [third | boris | {"source_record_id": f"9{n}"} for n in range(3)]
    (boris_now, *_) = told(service, *crowd)
    told(service, first | boris, second | boris)
    for retired in (was_boris, ana):
        assert ask(service, ByGoldenId(retired)) == Answer((boris_now,), "live", redirected=True)
    assert {survivor for (survivor,) in rows(url, "select survivor from redirect")} == {boris_now}


def test_a_golden_id_nobody_was_given_is_unknown(ready: Ready, url: str) -> None:
    service = ready(url)
    (ana,) = told(service, ANA)
    for golden_id in ("", "g0000000000000000", ana.upper(), f"{ana} "):
        assert ask(service, ByGoldenId(GoldenId(golden_id))) == UNKNOWN


def test_what_was_deleted_is_not_found_and_its_profile_is_empty(ready: Ready, url: str) -> None:
    service = ready(url)
    (ana,) = told(service, ANA)
    service.ingest([deleted(RecordKey("pos", "1"))])
    assert ask(service, ByGoldenId(ana)) == Answer((ana,), "empty")
    assert ask(service, ByRecord(RecordKey("pos", "1"))) == UNKNOWN
    for kind in IDENTIFIERS:
        assert ask(service, ByIdentifier(kind, ANA[kind])) == UNKNOWN


def test_a_changed_record_is_found_by_what_it_holds_now(ready: Ready, url: str) -> None:
    service = ready(url)
    told(service, ANA)
    (ana,) = told(service, ANA | {"email": "zywicka@acme.example"})
    assert ask(service, ByIdentifier("email", ANA["email"])) == UNKNOWN
    assert ask(service, ByIdentifier("email", "zywicka@acme.example")) == Answer((ana,), "live")


def test_a_shadow_record_is_nobody(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([arrival(ANA, mode="shadow")])
    assert ask(service, ByRecord(RecordKey("pos", "1"))) == UNKNOWN
    assert ask(service, ByIdentifier("email", ANA["email"])) == UNKNOWN


def test_a_value_that_too_many_share_is_said_to_be_shared_and_names_nobody(ready: Ready, url: str) -> None:
    service = ready(url)
    told(service, ANA)
    people = [
        {
            "source": "pos",
            "source_record_id": f"s{at}",
            "given_name": given,
            "family_name": family,
            "phone": STORE_PHONE,
        }
        for at, (given, family) in enumerate(zip(GIVEN, FAMILY, strict=True))
    ]
    limit = service.match_rules.generic_limits["phone"]
    ingest_all(service, people[:limit])
    assert len(ask(service, ByIdentifier("phone", STORE_PHONE)).golden_ids) == limit
    ingest_all(service, people[limit:])
    assert ask(service, ByIdentifier("phone", "+1 212 555 0177")) == Answer((), "shared")
    assert ask(service, ByIdentifier("phone", ANA["phone"])).status == "live"
    service.ingest([deleted(RecordKey("pos", f"s{at}")) for at in range(limit, len(people))])
    assert len(ask(service, ByIdentifier("phone", STORE_PHONE)).golden_ids) == limit


def questions(people: Sequence[Person]) -> list[Question]:
    asked: list[Question] = []
    for person in people:
        asked.append(ByRecord(RecordKey(person["source"], person["source_record_id"])))
        asked += [ByIdentifier(kind, person[kind]) for kind in IDENTIFIERS if person.get(kind)]
    return asked


def test_a_batch_of_questions_answers_each_as_if_it_were_alone_and_writes_nothing(
    ready: Ready, url: str, sampled: list[Person]
) -> None:
    service = ready(url)
    ingest_all(service, sampled[:60])
    before = everything(url)
    ids = [ByGoldenId(name) for (name,) in rows(url, "select golden_id from golden_profile order by 1")]
    # Half of the questions are about people who were never told of.
    asked = [*questions(sampled[:90]), *ids, ByGoldenId(GoldenId("g0")), ids[0], ids[0]]
    together = service.lookup(asked)
    assert together == [ask(service, question) for question in asked]
    assert {"live", "unknown"} <= {answer.status for answer in together}
    assert service.lookup([]) == []
    assert everything(url) == before
