"""A source goes live in phases, and is taken back: everybody else is as they were."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from identity.bootstrap import Service
from identity.commands.privacy import carry_out, receive, release, verify
from identity.flows.cutover import go_back, go_live
from identity.flows.cutover.covered import rows_as_live
from identity.flows.ingest import Ingested, Outcome
from identity.flows.judge.judging import Wish
from identity.flows.lookup import Answer, ByRecord
from identity.model.cluster import GoldenId
from identity.model.cutover import Cutover, CutoverStatus
from identity.model.errors import DecisionRefused
from identity.model.privacy import PrivacyKind
from identity.model.record import RecordKey
from identity.ports import Arrival
from identity.store.invariants import Found

from .conftest import Person, Ready
from .real_time import arrival, contradictions, deleted, rebuilt, rows, state
from .test_erase import erased

ANA = {
    "given_name": "Ana",
    "family_name": "Zywicka",
    "birth_date": "1985-03-04",
    "email": "ana@zywicka.example",
}
BORIS = {
    "given_name": "Boris",
    "family_name": "Quill",
    "birth_date": "1961-11-23",
    "email": "b@quill.example",
}
CROSSWALK = "select source, source_record_id, golden_id from crosswalk where valid_to is null order by 1, 2"


def told(source: str, number: int, person: Person, mode: str = "live", **more: str) -> Arrival:
    return arrival(person | more | {"source": source, "source_record_id": f"{number:02}"}, None, mode)


def crosswalk(url: str) -> list[tuple[str, str, str]]:
    return [(source, record, golden) for source, record, golden in rows(url, CROSSWALK)]


def profiles(url: str) -> list[tuple[str, str, str]]:
    asked = "select golden_id, attributes, consents from golden_profile where status = 'live' order by 1"
    return [(golden_id, attributes, consents) for golden_id, attributes, consents in rows(url, asked)]


def assert_sound(service: Service) -> None:
    """What is stored is one story, what a rebuild would give, and as it is promised."""
    assert contradictions(service.settings.database_url) == {}
    assert state(service.settings.database_url).differences(rebuilt(service)) == {}
    assert _broken(service.store.verify(())) == []


def _broken(found: Sequence[Found]) -> list[Found]:
    return [each for each in found if each.cases]


def test_a_source_goes_live_with_events_and_back_to_what_was(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told("pos", 1, ANA), told("pos", 2, BORIS)])
    before, were = crosswalk(url), profiles(url)
    shadows = [
        told("shop", 1, ANA, "shadow", city="Boston"),
        told("shop", 2, ANA | {"given_name": "Una"}, "shadow"),
    ]
    service.ingest([*shadows, told("shop", 3, BORIS, "shadow")])
    assert crosswalk(url) == before

    turned = go_live(service.desk, "shop", "", "US", "ines")
    assert (turned.records, turned.refused, turned.cutover.status) == (3, 0, "live")
    assert dict.fromkeys(key for key, *_ in crosswalk(url)) == {"pos": None, "shop": None}
    told_of = rows(url, f"select type from event where correlation_id = '{turned.cutover.cutover_id}'")
    assert ("customer.updated",) in told_of
    assert go_live(service.desk, "shop", "", "US", "ines").records == 0
    assert_sound(service)

    (back,) = go_back(service.desk, "shop")
    assert (back.records, back.cutover.status) == (3, "back")
    assert (crosswalk(url), profiles(url)) == (before, were)
    assert go_back(service.desk, "shop") == []
    assert rows(url, "select distinct mode from source_record where source = 'shop'") == [("shadow",)]
    assert_sound(service)


def test_one_country_after_the_other_goes_live_and_comes_back(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest(
        [
            told("shop", 1, ANA, "shadow", country="Germany"),
            told("shop", 2, BORIS, "shadow"),
            told("shop", 3, BORIS, "shadow", country="AT"),
        ]
    )
    go_live(service.desk, "shop", "DE", "US", "ines")
    german = crosswalk(url)
    assert [record for _, record, _ in german] == ["01"]
    go_live(service.desk, "shop", "US", "US", "ines")
    assert [record for _, record, _ in crosswalk(url)] == ["01", "02"], "who tells no country is at home"
    assert [each.records for each in go_back(service.desk, "shop", "US")] == [1]
    assert crosswalk(url) == german
    go_live(service.desk, "shop", "", "US", "ines")
    assert len(crosswalk(url)) == 3
    assert [each.records for each in go_back(service.desk, "shop")] == [2, 1]
    assert crosswalk(url) == []
    assert_sound(service)


def test_what_a_source_tells_after_it_went_live_takes_effect_and_goes_back_with_it(
    ready: Ready, url: str
) -> None:
    service = ready(url)
    service.ingest([told("shop", 1, ANA, "shadow", country="DE")])
    go_live(service.desk, "shop", "DE", "US", "ines")
    done = service.ingest(
        [
            told("shop", 2, BORIS, "shadow", country="DE"),
            told("shop", 3, BORIS, "shadow", country="US"),
            told("shop", 1, ANA, "shadow", country="AT"),
        ]
    )
    assert [each.outcome for each in done] == [Outcome.ACCEPTED, Outcome.SHADOW, Outcome.ACCEPTED]
    assert [each.records for each in go_back(service.desk, "shop")] == [2]
    assert crosswalk(url) == []
    assert [each.outcome for each in service.ingest([told("shop", 4, ANA, "shadow")])] == [Outcome.SHADOW]


def test_an_id_that_was_merged_away_by_going_live_is_back_afterwards(ready: Ready, url: str) -> None:
    """Two halves of a life with nothing in common but the records that have both."""
    service = ready(url)
    one = {"given_name": "Ines", "family_name": "Oyelaran", "email": "ines@oyelaran.example"}
    two = {"loyalty_id": "700411", "phone": "2125550199", "birth_date": "1985-03-04"}
    service.ingest([told("pos", 1, one), told("pos", 2, two), told("loyalty", 3, two)])
    before, were = crosswalk(url), profiles(url)
    assert len(were) == 2
    service.ingest([told("shop", 1, one | two, "shadow"), told("shop", 2, one | two, "shadow")])
    go_live(service.desk, "shop", "", "US", "ines")
    assert len(profiles(url)) == 1
    go_back(service.desk, "shop")
    assert (crosswalk(url), profiles(url)) == (before, were)
    assert_sound(service)


def test_decisions_and_refusals_outlive_going_back(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told("pos", 1, ANA), told("pos", 2, ANA, city="Boston"), told("pos", 3, BORIS)])
    service.ingest([told("shop", 1, ANA, "shadow", **{"marketing.email": "denied"})])
    go_live(service.desk, "shop", "", "US", "ines")
    service.decisions.split(_of(url, "01"), [RecordKey("pos", "02")], Wish("ines"))
    decided = [row for row in crosswalk(url) if row[0] == "pos"]
    go_back(service.desk, "shop")
    assert crosswalk(url) == decided
    assert '"denied"' in "".join(consents for _, _, consents in profiles(url))
    assert_sound(service)


def _of(url: str, record: str) -> GoldenId:
    return next(
        GoldenId(golden) for source, number, golden in crosswalk(url) if (source, number) == ("pos", record)
    )


def test_who_was_erased_does_not_come_back_with_a_source(ready: Ready, url: str) -> None:
    service = ready(url)
    (done,) = service.ingest([told("pos", 1, ANA)])
    service.ingest(
        [told("shop", 1, ANA, "shadow"), told("shop", 2, BORIS, "shadow"), deleted(RecordKey("shop", "2"))]
    )
    erased(service, done.golden_id)
    turned = go_live(service.desk, "shop", "", "US", "ines")
    assert (turned.records, turned.refused) == (1, 1)


def test_nothing_goes_live_while_it_is_taken_back(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told("shop", 1, ANA, "shadow")])
    cutover = go_live(service.desk, "shop", "", "US", "ines").cutover
    with service.store.online(service.desk.clock) as work:
        work.put_cutover(replace(cutover, status=CutoverStatus.GOING_BACK))
    with pytest.raises(DecisionRefused, match="taken back"):
        go_live(service.desk, "shop", "", "US", "ines")
    assert [each.records for each in go_back(service.desk, "shop")] == [1], "what was begun is ended"


class _Killed(Exception):
    pass


def _killed(_: int) -> None:
    raise _Killed


@pytest.mark.parametrize("seed", range(4))
def test_any_population_goes_live_and_back_to_the_same_crosswalk(
    ready: Ready, url: str, sampled: list[Person], tight_rules: Path, seed: int
) -> None:
    """Interrupted on both ways, beside records that come and go, under rules that demote values all the time."""
    chance = random.Random(seed)
    people = chance.sample(sampled, 40) + sampled[seed * 300 : seed * 300 + 120]
    unique = {(each["source"], each["source_record_id"]): each for each in people}
    source = chance.choice(sorted({each["source"] for each in people}))
    service = ready(url, tight_rules if seed % 2 else None)
    for each in unique.values():
        service.ingest([arrival(each, None, "shadow" if each["source"] == source else "live")])
    service.redo()
    before, were = crosswalk(url), profiles(url)
    with pytest.raises(_Killed):
        go_live(service.desk, source, "", "US", "ines", _killed)
    go_live(service.desk, source, "", "US", "ines")
    assert len(crosswalk(url)) == len(unique)
    assert_sound(service)
    with pytest.raises(_Killed):
        go_back(service.desk, source, told=_killed)
    go_back(service.desk, source)
    assert crosswalk(url) == before
    assert [one[:2] for one in profiles(url)] == [one[:2] for one in were]
    assert_sound(service)


def test_an_earlier_masters_id_finds_who_has_its_records_now(ready: Ready, url: str) -> None:
    service = ready(url)
    ana, boris = service.ingest([told("pos", 1, ANA), told("pos", 2, BORIS)])
    service.ingest([told("shop", 1, ANA, "shadow")])
    old, both, waits = (RecordKey("old-master", each) for each in ("m1", "m2", "m3"))
    known = [(old, RecordKey("pos", "01")), (both, RecordKey("pos", "01")), (both, RecordKey("pos", "02"))]
    with service.store.online(service.desk.clock) as work:
        work.put_former([*known, (waits, RecordKey("shop", "01"))])
        work.put_former(known)
    asked = [ByRecord(key) for key in (old, both, waits, RecordKey("old-master", "m9"))]
    assert service.lookup(asked) == [
        Answer((_id(ana),), "live", redirected=True),
        Answer(tuple(sorted((_id(ana), _id(boris)))), "live", redirected=True),
        Answer((), "unknown"),
        Answer((), "unknown"),
    ]
    erased(service, ana.golden_id)
    assert service.lookup(asked[:2]) == [
        Answer((), "unknown"),
        Answer((_id(boris),), "live", redirected=True),
    ]


def _id(found: Ingested) -> GoldenId:
    assert found.golden_id
    return found.golden_id


def test_rows_of_a_file_take_effect_where_their_country_is_live() -> None:
    rows_told = [
        {"mode": "shadow", "source": source, "country": country}
        for source, country in (("shop", "Germany"), ("shop", None), ("pos", "DE"))
    ]
    at = datetime(2026, 3, 2, tzinfo=UTC)
    cutover = Cutover("c1", "shop", "DE", "US", CutoverStatus.LIVE, "ines", at)
    table = pa.Table.from_pylist(rows_told)
    assert rows_as_live(table, [cutover])["mode"].to_pylist() == ["live", "shadow", "shadow"]
    back = replace(cutover, status=CutoverStatus.BACK)
    assert rows_as_live(table, [back])["mode"].to_pylist() == ["shadow"] * 3


def kept_unused(service: Service, key: RecordKey) -> str:
    """Have the person of a record restricted; return the request."""
    golden_id = service.store.views.golden_id_of(key)
    assert golden_id
    request = receive(service, PrivacyKind.RESTRICTION, golden_id, "officer")
    verify(service, request.request_id, "by letter", "officer")
    carry_out(service, request.request_id, "officer")
    return request.request_id


def modes(url: str) -> dict[str, str]:
    asked = "select source_record_id, mode from source_record where source = 'shop'"
    return {str(record): str(mode) for record, mode in rows(url, asked)}


@pytest.mark.parametrize("taken_back", [True, False])
def test_who_was_out_of_use_while_a_source_was_taken_back_waits_as_the_others_of_it(
    ready: Ready, url: str, taken_back: bool
) -> None:
    service = ready(url)
    service.ingest([told("shop", 1, ANA, "shadow"), told("shop", 2, BORIS, "shadow")])
    go_live(service.desk, "shop", "", "US", "ines")
    request = kept_unused(service, RecordKey("shop", "01"))
    if taken_back:
        go_back(service.desk, "shop")
    release(service, request, "officer")
    mode = "shadow" if taken_back else "live"
    assert modes(url) == {"01": mode, "02": mode}
    assert {record for _, record, _ in crosswalk(url)} == (set() if taken_back else {"01", "02"})
    assert_sound(service)


def test_going_live_uses_nobody_who_asked_not_to_be_used_meanwhile(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([told("shop", 100 + n, ANA | {"given_name": f"N{n}"}, "shadow") for n in range(60)])
    late, asked = told("shop", 159, BORIS, "shadow"), list[str]()

    def meanwhile(_: int) -> None:
        if not asked:  # between two units of work: the record has just been read as one that waits
            service.ingest([late])
            asked.append(kept_unused(service, late.record.key))

    go_live(service.desk, "shop", "", "US", "ines", meanwhile)
    assert asked
    assert modes(url)["159"] == "restricted"
    assert service.store.views.golden_id_of(late.record.key) is None
    assert set(modes(url).values()) == {"live", "restricted"}
