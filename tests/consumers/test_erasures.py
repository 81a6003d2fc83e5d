"""Who is erased here is forgotten at the loyalty platform, sooner or later, and the request tells how far that is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.privacy import erase_now, known_request, told
from identity.connectors.told import arrival_of
from identity.consumers.following import Following, follow
from identity.flows.judge import Wish, undo
from identity.flows.lookup import ByRecord
from identity.model.cluster import GoldenId
from identity.model.privacy import PrivacyRequest
from identity.model.record import RecordKey
from identity.ports.remote import Refused
from tests.flows.whole import everything
from tests.reference_loyalty.serving import Shop

from .world import MovingClock, following, points, worked_until_done

NAMES = {"a": "Zora Kanari", "b": "Bert Sommer", "c": "Ines Ortega"}


class People:
    """Members who are records here too; `number` makes a name the test's own."""

    def __init__(self, service: Service, shop: Shop) -> None:
        self.service, self.shop = service, shop
        for name, points_of in (("a", 100), ("b", 40), ("c", 7)):
            self.shop.enrol(self.number(name), points_of, person={"name": NAMES[name]})
            self.tell(name)

    def number(self, name: str) -> str:
        return f"{self.shop.program}-{name}"

    def tell(self, name: str) -> Any:
        key = RecordKey("loyalty", self.number(name))
        arrival = arrival_of(key, {"full_name": NAMES[name]}, SystemClock().now(), {})
        (taken,) = self.service.ingest([arrival])
        return taken

    def home(self, name: str) -> GoldenId:
        (answer,) = self.service.lookup([ByRecord(RecordKey("loyalty", self.number(name)))])
        return answer.golden_ids[0]

    def erase(self, name: str) -> PrivacyRequest:
        return erase_now(self.service, self.home(name), "officer", "by letter")

    def receipts(self, request: PrivacyRequest) -> list[tuple[str, str, str]]:
        found = known_request(self.service, request.request_id)
        return [(each.consumer, each.status, each.code) for each in found.receipts]

    def status(self, name: str) -> str:
        return str(self.shop.member(self.number(name))["status"])


@pytest.fixture
def people(url: str, here: Shop) -> Iterator[People]:
    service = Service(Settings(url, index_secret="a secret of the tests"))
    yield People(service, here)
    service.store.close()


@pytest.fixture
def room(people: People, here: Shop, clock: MovingClock) -> Iterator[Following]:
    with following(people.service.store, here, clock) as room:
        follow(room)
        yield room


def left_of_errands(people: People) -> int:
    with people.service.store.views._database.read() as look:
        return int(look.exec_driver_sql("SELECT count(*) FROM erasure_errand").scalar_one())


def test_members_of_somebody_erased_are_nobodys_and_no_point_is_lost(
    people: People, here: Shop, room: Following
) -> None:
    people.service.decisions.merge([people.home("a"), people.home("b")], Wish("tests", "one person"))
    follow(room)
    before = points(here)
    request = people.erase("a")
    assert people.receipts(request) == [("loyalty", "told", "")]
    assert known_request(people.service, request.request_id).waits_for == ("loyalty",)
    assert follow(room).dead == 0
    assert people.receipts(request) == [("loyalty", "done", "")]
    assert told(known_request(people.service, request.request_id))["waits_for"] == []
    member = here.member(people.number("b"))
    assert (member["status"], member["points"], member["person"]) == ("ANONYMISED", 140, None)
    assert points(here) == before
    assert (people.status("c"), left_of_errands(people)) == ("ACTIVE", 0)


def test_following_an_erasure_once_more_does_nothing(people: People, room: Following) -> None:
    request = people.erase("a")
    follow(room)
    room.consumers.rewind("loyalty")
    worked = follow(room)
    assert (worked.acted, worked.dead, worked.held) == (0, 0, 0)
    assert people.receipts(request) == [("loyalty", "done", "")]


def test_a_platform_that_was_away_follows_later(
    people: People, here: Shop, room: Following, clock: MovingClock
) -> None:
    request = people.erase("a")
    here.fault("server_error", calls=3)
    follow(room)
    ((consumer, status, code),) = people.receipts(request)
    assert (consumer, status, code != "") == ("loyalty", "told", True)
    worked_until_done(room, clock)
    assert people.receipts(request) == [("loyalty", "done", "")]
    assert people.status("a") == "ANONYMISED"


def test_what_is_given_up_leaves_the_request_open_until_it_is_seen_to(
    people: People, here: Shop, room: Following, clock: MovingClock
) -> None:
    here.merge(people.number("a"), people.number("b"))  # somebody at the platform, and nobody here knows
    before = points(here)
    request = people.erase("a")
    assert follow(room).dead == 1
    assert people.receipts(request) == [("loyalty", "failed", "MERGED_WITH_ANOTHER")]
    assert known_request(people.service, request.request_id).waits_for == ("loyalty",)
    assert (people.status("b"), points(here)) == ("ACTIVE", before)
    people.erase("b")
    (letter,) = room.consumers.dead_letters("loyalty")
    room.consumers.redrive([letter.number])
    worked_until_done(room, clock)
    assert people.receipts(request) == [("loyalty", "done", "")]
    assert people.status("b") == "ANONYMISED"


def test_who_begins_to_follow_later_says_nothing_of_what_it_was_not_told(
    people: People, here: Shop, clock: MovingClock
) -> None:
    request = people.erase("a")
    assert people.receipts(request) == []
    with following(people.service.store, here, clock) as late:
        assert follow(late).dead == 0
    assert people.receipts(request) == []
    assert people.status("a") == "ACTIVE"


@pytest.mark.parametrize("gone", ["a", "b"])
def test_a_merge_taken_back_just_before_holds_no_erasure_up(
    people: People, here: Shop, room: Following, gone: str
) -> None:
    """What told that they are two again is of one profile, the erasure of the other one: that may come first."""
    other = "b" if gone == "a" else "a"
    done = people.service.decisions.merge([people.home("a"), people.home("b")], Wish("ines", "one person"))
    follow(room)
    assert here.member(people.number("a"))["number"] == here.member(people.number("b"))["number"]
    undo(people.service.desk, done.operation.operation_id, Wish("ines", "two"))
    request = people.erase(gone)
    assert follow(room).dead == 0
    assert people.receipts(request) == [("loyalty", "done", "")]
    assert (people.status(gone), people.status(other)) == ("ANONYMISED", "ACTIVE")
    assert here.member(people.number(other))["points"] == {"a": 100, "b": 40}[other]
    assert stands(people, people.number(gone)) == []


def test_a_merge_taken_back_long_before_is_forgotten_with_either_of_them(
    people: People, room: Following
) -> None:
    done = people.service.decisions.merge([people.home("a"), people.home("b")], Wish("ines", "one person"))
    follow(room)
    undo(people.service.desk, done.operation.operation_id, Wish("ines", "two"))
    follow(room)
    people.erase("b")
    follow(room)
    assert (people.status("b"), people.status("a")) == ("ANONYMISED", "ACTIVE")
    assert stands(people, people.number("b")) == []


def stands(people: People, text: str) -> list[str]:
    """Return the tables in which a number of somebody is left."""
    found = everything(people.service.settings.database_url)
    return sorted(table for table, rows in found.items() if any(text in repr(row) for row in rows))


def test_who_is_erased_while_their_merge_is_on_its_way_leaves_no_trace_of_it(
    people: People, room: Following, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.service.decisions.merge([people.home("a"), people.home("b")], Wish("ines", "one person"))
    requests = during_a_merge(people, room, monkeypatch, fails=False)
    worked_until_done(room, clock)
    assert people.receipts(requests[0]) == [("loyalty", "done", "")]
    assert stands(people, people.number("a")) == stands(people, people.number("b")) == []


def test_what_is_refused_of_somebody_who_was_erased_meanwhile_holds_their_erasure_up_no_longer(
    people: People, room: Following, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.service.decisions.merge([people.home("a"), people.home("b")], Wish("ines", "one person"))
    requests = during_a_merge(people, room, monkeypatch, fails=True)
    worked_until_done(room, clock)
    assert room.consumers.dead_letters("loyalty") == ()
    assert people.receipts(requests[0]) == [("loyalty", "done", "")]
    assert people.status("a") == "ANONYMISED"
    assert stands(people, people.number("a")) == []


def during_a_merge(
    people: People, room: Following, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> list[PrivacyRequest]:
    """Erase them when the platform has been asked for their merge, and before what it said is kept."""
    asked: list[PrivacyRequest] = []
    follow_on = room.follower.follow

    def erased_meanwhile(event: Any, hold: Any, *, look: bool = False) -> Any:
        followed = follow_on(event, hold, look=look)
        if event.type == "customer.merged" and not asked:
            asked.append(people.erase("a"))
            if fails:
                raise Refused("NO_SUCH_PROGRAM", "It is refused for good.")
        return followed

    monkeypatch.setattr(
        type(room.follower), "follow", lambda _, *told, **more: erased_meanwhile(*told, **more)
    )
    return asked
