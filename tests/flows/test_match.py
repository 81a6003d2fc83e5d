"""Whom somebody is like: told with reasons that add up, as writing the record would find, and without writing it."""

from __future__ import annotations

import pytest

from identity.flows.ingest import ingest
from identity.model.judgement import Judgement
from identity.model.record import RecordKey, SourceRecord
from identity.steps.decide import decide

from .conftest import Person, Ready
from .real_time import arrival, deleted, ingest_all
from .test_same_answer import FAMILY, GIVEN
from .whole import everything, rows

STORE_PHONE = "2125550177"


def record(person: Person, source: str = "", source_record_id: str = "") -> SourceRecord:
    """Somebody who asks: the same values, under another key or none."""
    return arrival(person | {"source": source, "source_record_id": source_record_id}).record


@pytest.fixture(scope="session")
def people(sampled: list[Person]) -> list[Person]:
    """The sampled records, those of one person beside each other."""
    return sorted(sampled, key=lambda told: (told["person_id"], told["source"], told["source_record_id"]))


def test_reasons_add_up_and_the_likest_come_first(ready: Ready, url: str, people: list[Person]) -> None:
    service = ready(url)
    ingest_all(service, people[:150])
    thresholds, found = service.match_rules.thresholds, 0
    for person in people[:20]:
        alike = service.match(record(person))
        weights = [each.match_weight for each in alike]
        assert weights == sorted(weights, reverse=True)
        for each in alike:
            assert each.match_weight >= thresholds.review
            assert each.judgement is decide(each.match_weight, thresholds)
            steps = sum(step.match_weight for step in each.contributions)
            assert steps == pytest.approx(each.match_weight, abs=1e-9)
            assert each.contributions[0].comparison == "prior"
            assert each.golden_id is not None
        found += len(alike)
        assert service.match(record(person), most=1) == alike[:1]
    assert found > 40


def test_nothing_is_written(ready: Ready, url: str, sampled: list[Person]) -> None:
    service = ready(url)
    ingest_all(service, sampled[:40])
    before = everything(url)
    for person in (*sampled[:10], *sampled[500:510]):
        service.match(record(person))
        service.match(record(person, person["source"], person["source_record_id"]))
    assert everything(url) == before


def test_what_match_tells_is_what_writing_the_record_links(
    ready: Ready, url: str, people: list[Person]
) -> None:
    """Where that fills no block and makes no value generic."""
    service = ready(url)
    ingest_all(service, people[1:300:2])
    linked = 0
    for person in people[:100:2]:
        key = RecordKey(person["source"], person["source_record_id"])
        told = {each.key: each.match_weight for each in service.match(arrival(person).record, most=100)}
        service.ingest([arrival(person)])
        with service.store.online(service.desk.clock) as work:
            links = [stored.link for stored in work.links([key]) if stored.blocked]
        stored = {(link.right if link.left == key else link.left): link.match_weight for link in links}
        assert told == pytest.approx(stored, abs=1e-9)
        linked += len(stored)
    assert linked > 50


def test_a_stored_record_is_not_among_those_it_is_like(ready: Ready, url: str, people: list[Person]) -> None:
    service = ready(url)
    ingest_all(service, people[:100])
    for person in people[:30]:
        key = RecordKey(person["source"], person["source_record_id"])
        assert key in {each.key for each in service.match(record(person), most=100)}
        assert key not in {
            each.key for each in service.match(record(person, key.source, key.source_record_id), most=100)
        }


def test_nobody_is_like_who_says_nothing_or_is_deleted_or_in_the_shadow(ready: Ready, url: str) -> None:
    service = ready(url)
    ana = {"given_name": "Ana", "family_name": "Zywicka", "email": "ana@zywicka.example"}
    one, other = (ana | {"source": "pos", "source_record_id": number} for number in "12")
    service.ingest([arrival(one), arrival(other, mode="shadow")])
    (found,) = service.match(record(ana))
    assert (found.key, found.judgement) == (RecordKey("pos", "1"), Judgement.MATCH)
    assert service.match(record({})) == []
    assert service.match(record({"email": "n/a", "given_name": "  "})) == []
    service.ingest([deleted(RecordKey("pos", "1"))])
    assert service.match(record(ana)) == []


def test_namesakes_are_told_apart_by_more_than_their_name_once_they_are_a_crowd(
    ready: Ready, url: str
) -> None:
    service = ready(url)
    most = next(key.cap for key in service.match_rules.blocking if key.name == "full_names")
    name = {"given_name": "Ines", "family_name": "Zywicka"}
    crowd = [
        name | {"source": "pos", "source_record_id": f"{at:02}", "birth_date": f"{1950 + at}-01-{at + 1:02}"}
        for at in range(most + 1)
    ]
    ingest_all(service, crowd[:-2])
    assert len(service.match(record(name), most=100)) == most - 1
    ingest_all(service, crowd[-2:])
    assert service.match(record(name), most=100) == []
    (found,) = service.match(record(crowd[3]), most=100)
    assert found.key == RecordKey("pos", "03")


def test_a_value_that_is_nobodys_counts_for_nothing(ready: Ready, url: str) -> None:
    service = ready(url)
    people = [
        {
            "source": "pos",
            "source_record_id": f"{at:02}",
            "given_name": given,
            "family_name": family,
            "phone": STORE_PHONE,
        }
        for at, (given, family) in enumerate(zip(GIVEN, FAMILY, strict=True))
    ]
    limit = service.match_rules.generic_limits["phone"]
    ingest_all(service, people[:limit])
    me = {"given_name": GIVEN[0], "family_name": FAMILY[0], "phone": STORE_PHONE}
    with_phone = {each.key: each for each in service.match(record(me))}[RecordKey("pos", "00")]
    assert "exact" in {step.level for step in with_phone.contributions if step.comparison == "phone"}
    for person in people[limit:]:
        ingest(service.desk, [arrival(person)], inline=0)
    assert rows(url, "select count(*) from generic_value") == [(1,)]
    # Before its holders are decided again already, while they are still filed by it.
    assert len(rows(url, "select * from redo")) >= limit
    before = {each.key: each for each in service.match(record(me))}[RecordKey("pos", "00")]
    service.redo()
    without = {each.key: each for each in service.match(record(me))}[RecordKey("pos", "00")]
    assert {step.level for step in without.contributions if step.comparison == "phone"} == {"missing"}
    assert before == without
    assert without.match_weight < with_phone.match_weight
    nothing_else = {"phone": STORE_PHONE}
    assert service.match(record(nothing_else)) == []
    (same,) = [each for each in service.match(record({**me, "phone": ""})) if each.key == without.key]
    assert same == without
