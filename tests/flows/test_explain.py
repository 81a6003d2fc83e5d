"""Why things are as they are: what holds records together, how a profile came to be, what keeps two apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from identity.bootstrap import Service
from identity.flows.explain import (
    Absent,
    BelowThreshold,
    CompanySpeaksAgainst,
    KeptApart,
    LimitReached,
    NoSharedBlock,
    Side,
    TooLarge,
    WhyNot,
)
from identity.flows.ingest import ingest
from identity.flows.judge import Wish
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.judgement import Judgement
from identity.model.record import RecordKey

from .conftest import Person, Ready
from .real_time import arrival, deleted, ingest_all, rows
from .test_judge import WISH, anna, bert, cleo, homes, key, told
from .test_same_answer import FAMILY, GIVEN
from .whole import everything


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


def causes(service: Service, one: Side, other: Side) -> list[str]:
    return [cause.cause for cause in service.why_not(one, other).causes]


def by_person(people: list[Person]) -> list[Person]:
    """Records of one person beside each other: of the first few, many are the same person's."""
    return sorted(people, key=lambda person: person["person_id"])


# why


def test_why_tells_the_weight_step_by_step_and_the_link_between_two_records(service: Service) -> None:
    told(service, anna("a1"), anna("a2", city="Boston"))
    found = service.why(key("a2"), key("a1"))
    assert found.together
    assert found.judgement is Judgement.MATCH
    assert sum(c.match_weight for c in found.pair.contributions) == pytest.approx(found.pair.match_weight)
    (step,) = found.path
    assert (step.left, step.right, step.said) == (key("a2"), key("a1"), None)
    assert step.match_weight == pytest.approx(found.pair.match_weight)


def test_why_tells_what_people_said_on_the_way_with_who_and_why(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"))
    done = service.decisions.merge(homes(service, "a1", "b1"), Wish("ines", "one and the same"))
    found = service.why(key("a2"), key("b1"))
    assert found.judgement is Judgement.NO_MATCH
    assert [(step.left, step.right) for step in found.path] == [
        (key("a2"), key("a1")),
        (key("a1"), key("b1")),
    ]
    assert {said.change.change_id for said in found.said} == {done.operation.operation_id}
    assert {(said.change.actor, said.change.reason) for said in found.said} == {("ines", "one and the same")}
    assert found.path[-1].said in found.said


def test_why_of_an_id_and_the_one_it_was_merged_into_is_about_what_each_had(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    service.decisions.merge([ann, ben], WISH, into=ann)
    found = service.why(ben, ann)
    assert found.together
    assert (found.one.records, found.other.records) == ((key("b1"),), (key("a1"), key("a2")))


def test_why_of_two_who_are_not_together_says_so(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    found = service.why(key("a1"), homes(service, "b1")[0])
    assert (found.together, found.path) == (False, ())


def test_why_of_what_nobody_knows_or_of_one_alone_is_refused(service: Service) -> None:
    told(service, anna("a1"))
    (ann,) = homes(service, "a1")
    for one, other, code in (
        (key("a1"), key("nobody"), "E502"),
        (key("a1"), GoldenId("g-unknown"), "E501"),
        (key("a1"), key("a1"), "E507"),
        (key("a1"), ann, "E507"),
    ):
        with pytest.raises(LookupFailed, match=code):
            service.why(one, other)


# how


def test_how_tells_each_change_with_who_came_from_where_and_who_left(service: Service) -> None:
    told(service, anna("a1"))
    told(service, anna("a2"))
    told(service, bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    done = service.decisions.merge([ann, ben], Wish("ines", "called", "call-7"), into=ann)
    service.decisions.undo(done.operation.operation_id, WISH)
    ingest(service.desk, [deleted(key("a2"))])
    history = service.how(ann).history
    assert [passage.change and passage.change.kind for passage in history] == [
        "ingest", "ingest", "merge", "undo", "ingest",
    ]  # fmt: skip
    assert [passage.came for passage in history] == [
        {None: (key("a1"),)}, {None: (key("a2"),)}, {ben: (key("b1"),)}, {}, {},
    ]  # fmt: skip
    assert [passage.left for passage in history] == [{}, {}, {}, {ben: (key("b1"),)}, {None: (key("a2"),)}]
    merged = history[2]
    assert merged.merged_in == (ben,)
    assert merged.change is not None
    assert (merged.change.actor, merged.change.reason, merged.change.correlation_id) == (
        "ines", "called", "call-7",
    )  # fmt: skip
    assert merged.change.model_version == service.active_model().version
    assert [passage.leads_to for passage in service.how(ben).history] == [None, ann, None]


def test_how_tells_in_which_order_records_hold_together(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), bert("b1"), bert("b2"))
    service.decisions.keep_together(key("a1"), key("b1"), WISH)
    (golden_id,) = set(homes(service, "a1", "a2", "b1", "b2"))
    found = service.how(golden_id)
    assert (found.answers, found.status, len(found.records)) == (golden_id, "live", 4)
    first, *others = found.joins
    assert (first.one, first.other, first.by_decision) == ((key("a1"),), (key("b1"),), True)
    assert [said.change.actor for said in first.said] == ["ines"]
    assert [join.by_decision for join in others] == [False, False]
    assert all(join.worth > 0 and join.said == () for join in others)


def test_how_of_a_merged_of_an_empty_and_of_an_unknown_id(service: Service) -> None:
    told(service, anna("a1"), bert("b1"), cleo("c1"))
    ann, ben, cle = homes(service, "a1", "b1", "c1")
    service.decisions.merge([ann, ben], WISH, into=ann)
    ingest(service.desk, [deleted(key("c1"))])
    merged, empty = service.how(ben), service.how(cle)
    assert (merged.answers, merged.status, merged.records, merged.joins) == (ann, "live", (), ())
    assert (empty.answers, empty.status, empty.records) == (cle, "empty", ())
    with pytest.raises(LookupFailed, match="E501"):
        service.how(GoldenId("g-unknown"))


def test_every_profile_is_told_whole_and_nothing_is_written(
    ready: Ready, url: str, sampled: list[Person]
) -> None:
    service = ready(url)
    ingest_all(service, by_person(sampled)[:200])
    before = everything(url)
    ids = rows(url, "select golden_id from golden_profile where status = 'live' and record_count > 1")
    assert len(ids) > 20
    for (golden_id,) in ids:
        found = service.how(GoldenId(golden_id))
        assert len(found.joins) == len(found.records) - 1
        came = {record for passage in found.history for keys in passage.came.values() for record in keys}
        assert came >= set(found.records)
        assert service.why(found.records[0], found.records[-1]).path
    assert everything(url) == before


# why not


def test_who_is_not_there_is_not_together_with_anybody(service: Service) -> None:
    told(service, anna("a1"), bert("b1"), cleo("c1"))
    (cle,) = homes(service, "c1")
    ingest(service.desk, [arrival(bert("s1"), mode="shadow"), deleted(key("b1")), deleted(key("c1"))])
    for other, status in (
        (key("nobody"), "not stored"),
        (key("s1"), "shadow"),
        (key("b1"), "deleted"),
        (cle, "empty"),
    ):
        assert service.why_not(key("a1"), other).causes == (Absent(str(other), status),)


def test_what_a_person_keeps_apart_is_told_with_who_and_why(service: Service) -> None:
    told(service, anna("a1"), anna("a2"), anna("a3"))
    (whole,) = set(homes(service, "a1", "a2", "a3"))
    service.decisions.split(whole, [key("a3")], Wish("ines", "a daughter"))
    (kept, *_) = service.why_not(key("a3"), key("a1")).causes
    assert isinstance(kept, KeptApart)
    assert (kept.how, kept.said.change.actor, kept.said.change.reason) == ("directly", "ines", "a daughter")
    told(service, anna("a4"))
    with_her = "a1" if homes(service, "a4") == homes(service, "a1") else "a3"
    assert causes(service, key("a4"), key("a3" if with_her == "a1" else "a1"))[0] == "kept_apart"


def test_who_is_decided_to_be_somebody_kept_apart_is_kept_apart_through_others(service: Service) -> None:
    told(service, anna("a1"), bert("b1"), cleo("c1"))
    service.decisions.keep_together(key("a1"), key("c1"), WISH)
    service.decisions.keep_apart(key("b1"), key("c1"), WISH)
    (kept, *_) = service.why_not(key("a1"), key("b1")).causes
    assert isinstance(kept, KeptApart)
    assert kept.how == "through others"


def test_strangers_are_below_the_threshold_and_meet_in_no_block(service: Service) -> None:
    told(service, anna("a1"), bert("b1"))
    found = service.why_not(homes(service, "a1")[0], key("b1"))
    below, unblocked = found.causes
    assert isinstance(below, BelowThreshold)
    assert below.match_weight == found.pair.match_weight if found.pair else False
    assert below.against[0].match_weight < 0
    assert [c.match_weight for c in below.against] == sorted(c.match_weight for c in below.against)
    assert unblocked == NoSharedBlock((), ())


def test_those_who_meet_only_in_overfull_blocks_are_told_which(
    ready: Ready, url: str, tight_rules: Path
) -> None:
    service = ready(url, tight_rules)
    ingest_all(service, [anna(f"a{number}") for number in range(6)])
    (cause,) = service.why_not(key("a0"), key("a5")).causes
    assert isinstance(cause, NoSharedBlock)
    assert {"birth_date", "email", "full_names"} <= set(cause.overfull)


def test_a_value_that_is_nobodys_own_is_told_by_its_kind(ready: Ready, url: str, tight_rules: Path) -> None:
    service = ready(url, tight_rules)
    people = [
        {"source": "pos", "source_record_id": f"p{at}", "given_name": given, "family_name": family}
        | {"phone": "2125550177"}
        for at, (given, family) in enumerate(zip(GIVEN[:6], FAMILY[:6], strict=True))
    ]
    ingest_all(service, people)
    found = service.why_not(key("p0"), key("p1"))
    unblocked = [cause for cause in found.causes if isinstance(cause, NoSharedBlock)]
    assert [cause.generic for cause in unblocked] == [("phone",)]


def test_an_identifier_of_which_one_person_has_only_one_keeps_two_apart(
    ready: Ready, url: str, tight_rules: Path
) -> None:
    service = ready(url, tight_rules)
    told(service, anna("a1", tax_id="ABC12345"), anna("a2", tax_id="ABC12346"))
    (cause,) = service.why_not(key("a1"), key("a2")).causes
    assert cause == LimitReached("tax_id", 1)


def test_every_linked_pair_that_is_not_together_is_told_why(
    ready: Ready, url: str, tight_rules: Path, sampled: list[Person]
) -> None:
    """The partition outweighed the link: by company, by a limit, or because too many hang together."""
    service = ready(url, tight_rules)
    ingest_all(service, by_person(sampled)[:1500])
    parted = rows(
        url,
        """select left_source, left_id, right_source, right_id from link
        join crosswalk a on a.source = left_source and a.source_record_id = left_id and a.valid_to is null
        join crosswalk b on b.source = right_source and b.source_record_id = right_id and b.valid_to is null
        where judgement = 'match' and a.golden_id <> b.golden_id order by 1, 2, 3, 4""",
    )
    found = [service.why_not(RecordKey(*row[:2]), RecordKey(*row[2:])) for row in parted]
    decisive = Counter(type(answer.causes[0]) for answer in found)
    assert decisive.keys() == {CompanySpeaksAgainst, LimitReached, TooLarge}
    assert all(_consistent(answer) for answer in found)


def _consistent(answer: WhyNot) -> bool:
    against = [cause for cause in answer.causes if isinstance(cause, CompanySpeaksAgainst)]
    return all(cause.worth <= cause.threshold < cause.best for cause in against)
