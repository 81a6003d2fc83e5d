"""Rows about clocks that are an hour off or jump, and about records that are told in any order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from api.problems import Problem
from api.settings import ApiSettings
from api.signatures import is_standard
from api.tokens import Tokens, issue
from identity.bootstrap import Service
from identity.flows.consent import Said, Teller, tell
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, merge, undo
from identity.flows.lookup import ByRecord
from identity.ids import new_id
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from tests.faults.fault import Fault
from tests.faults.ground import Scene
from tests.flows.real_time import arrival, contradictions, rows
from tests.intake.signing import LOYALTY, standard
from tests.privacy.test_return_paths import person

__all__ = ["FAULTS"]

_HOUR, _WEEK = timedelta(hours=1), timedelta(days=7)
_ACTS, _PEOPLE, _TOLD = 12, 12, 60


@dataclass
class WrongClock:
    """The present moment, and what it is off by."""

    off: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


def _person(number: int) -> dict[str, str]:
    """Somebody whose every value is like nobody else's."""
    return {"source": "pos", "source_record_id": f"c{number}", **person(number)}


def clock_jumps(scene: Scene) -> Sequence[str]:
    """Write, merge and undo with a clock that jumps an hour back and forth between acts."""
    url, clock, random = scene.database(), WrongClock(), scene.random
    service = scene.service(url)
    desk, found = replace(service.desk, clock=clock), list[str]()

    def jump() -> None:
        clock.off = random.choice((-1, 0, 1)) * _HOUR

    for number in range(0, 2 * _ACTS, 2):
        jump()
        ingest(desk, [arrival(_person(number)), arrival(_person(number + 1))])
        ids = [_golden_id(service, number), _golden_id(service, number + 1)]
        found += [f"{number} and the next are one to begin with"] if ids[0] == ids[1] else []
        jump()
        merged = merge(desk, ids, Wish("ines"))
        jump()
        if parted := number % 4 == 0:
            undo(desk, merged.operation.operation_id, Wish("ines"))
        now = [_golden_id(service, number), _golden_id(service, number + 1)]
        as_wished = now == ids if parted else now[0] == now[1]
        found += [] if as_wished else [f"{number} and the next are {now} after {ids}, parted: {parted}"]
    return [*found, *_out_of_order(url), *_contradictory(url)]


def _golden_id(service: Service, number: int) -> GoldenId:
    (answer,) = service.lookup([ByRecord(RecordKey("pos", f"c{number}"))])
    return answer.golden_ids[0]


def _out_of_order(url: str) -> list[str]:
    seen: dict[str, list[int]] = {}
    for subject, version in rows(url, "select subject, version from event order by position"):
        seen.setdefault(subject, []).append(version)
    wrong = [subject for subject, told in seen.items() if told != sorted(set(told))]
    return [f"versions out of order: {wrong}"] if wrong or not seen else []


def _contradictory(url: str) -> list[str]:
    found = contradictions(url)
    return [f"contradictions: {found}"] if found else []


def consents_of_the_future(scene: Scene) -> Sequence[str]:
    """Somebody says yes by a clock that is ahead, then no by one that is right: the no holds, also against a yes of
    before that comes late, and one by a clock that is far ahead."""
    service, random, found = scene.service(scene.database()), scene.random, list[str]()
    for number in range(_ACTS):
        ingest(service.desk, [arrival(_person(number))])
        found += _held(service, number, None)
        ahead = timedelta(minutes=random.randint(1, 60))
        _say(service, number, "granted", ahead)
        found += _held(service, number, "granted")
        _say(service, number, "withdrawn", timedelta(0))
        found += _held(service, number, "withdrawn")
        _say(service, number, "granted", -random.choice((_HOUR, timedelta(minutes=7))))
        _say(service, number, "granted", timedelta(minutes=random.randint(6, 60)))
        found += _held(service, number, "withdrawn")
    return found


def _say(service: Service, number: int, status: str, off: timedelta) -> None:
    about = ByRecord(RecordKey("pos", f"c{number}"))
    said = Said(about, "marketing", "email", status, datetime.now(UTC) + off)
    tell(service.desk, [said], Teller("shop", new_id()))


def _held(service: Service, number: int, wanted: str | None) -> list[str]:
    view = service.store.views.profile(_golden_id(service, number))
    held = view.profile.consents.get("marketing.email") if view else None
    return [] if held == wanted else [f"the consent of {number} is {held} instead of {wanted}"]


def tokens_of_another_hour(scene: Scene) -> Sequence[str]:
    """The issuer's clock is an hour behind, or ours ahead: refused, also where the token was checked before. Within
    half a minute it holds."""
    settings = ApiSettings(signing_key=scene.folder / "key.json")
    hour = scene.random.randint(3_000, 4_200)
    token = issue(settings, "shop", ["records:write"], 600)
    seconds, ours = [0.0], Tokens(settings, lambda: time.time() + seconds[0])

    def holds(off: float, some: str = token) -> bool:
        seconds[0] = off
        try:
            return ours.caller(some).client == "shop"
        except Problem:
            return False

    late = issue(settings, "shop", ["records:write"], 600, time.time() - hour)
    told = {
        "a token of now does not hold": holds(0),
        "a token of now does not hold by a clock that is behind": holds(-20),
        "a token that ended 20 s ago does not hold": holds(620),
        "a token that ended 40 s ago holds": not holds(640),
        "a token holds when an hour has passed": not holds(hour),
        "one of an hour ago holds": not holds(0, late),
    }
    holds(0)
    remembered = ours.remembered(token) is not None
    seconds[0] = hour
    told["a token is not remembered"] = remembered
    told["it is remembered for longer than it holds"] = ours.remembered(token) is None
    return [text for text, well in told.items() if not well]


def signatures_of_another_hour(scene: Scene) -> Sequence[str]:
    """Messages are believed within five minutes of when they were signed, and otherwise by nobody."""
    random = scene.random
    cases = (
        (0.0, True),
        (random.uniform(-280, 280), True),
        (random.choice((-1, 1)) * random.uniform(320, 7_200), False),
        (3_600.0, False),
        (-3_600.0, False),
    )
    found = []
    for seconds, believed in cases:
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        sent = standard({"type": "member.updated"}, "m1", at=at)
        if is_standard(LOYALTY, sent["headers"], sent["content"]) is not believed:
            found.append(f"signed {seconds:.0f} s from now: believed is {not believed}")
    return found


def records_late(scene: Scene) -> Sequence[str]:
    """Versions of people's records come in any order, a third twice, up to a week late: what was observed last
    stands."""
    random, now, url = scene.random, datetime.now(UTC), scene.database()
    told = [
        ({**_person(each % _PEOPLE), "phone": f"212556{each:04}"}, now - random.random() * _WEEK)
        for each in range(_TOLD)
    ]
    latest = {
        record["source_record_id"]: record["phone"] for record, _ in sorted(told, key=lambda one: one[1])
    }
    sent = [*told, *random.sample(told, _TOLD // 3)]
    random.shuffle(sent)
    service = scene.service(url)
    for record, at in sent:
        ingest(service.desk, [arrival(record, at)])
    with service.store.look() as look:
        stored = look.stored([RecordKey("pos", each) for each in latest])
    found = {key.source_record_id: str(one.record.attributes.get("phone")) for key, one in stored.items()}
    wrong = {each: (found.get(each), phone) for each, phone in latest.items() if found.get(each) != phone}
    return [*([f"not the last word, which is second: {wrong}"] if wrong else []), *_contradictory(url)]


FAULTS = (
    Fault("clock jumps between writes", "clock", "the log orders, not the clock; as wished", 20, clock_jumps),
    Fault(
        "consent by a clock that is ahead",
        "clock",
        "a no after it holds, whatever is said late, or by a clock far ahead",
        20,
        consents_of_the_future,
    ),
    Fault(
        "tokens by a clock an hour off",
        "clock",
        "401 when it has ended, also when checked before; 30 seconds are forgiven",
        50,
        tokens_of_another_hour,
    ),
    Fault(
        "signatures by a clock an hour off",
        "clock",
        "believed within five minutes only",
        50,
        signatures_of_another_hour,
    ),
    Fault(
        "records repeated, reordered and late",
        "ingest",
        "what was observed last stands",
        6,
        records_late,
    ),
)
