"""Clocks that are an hour off, or jump."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

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
from tests.faults.grounds import Databases, databases, promises, same, service_at
from tests.faults.matrix import Fault
from tests.faults.rows.disks import person
from tests.flows.real_time import arrival, contradictions, rows
from tests.intake.signing import LOYALTY, standard

__all__ = ["ROWS"]

_HOUR = timedelta(hours=1)
_ACTS = 12


@dataclass
class WrongClock:
    """The present moment, and what it is off by."""

    off: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


def _jumps(ground: Databases, random: Random) -> Sequence[str]:
    """Write with a clock that jumps an hour back and forth between acts."""
    with ground.one() as (url, folder), service_at(url, folder) as service:
        clock = WrongClock()
        desk = replace(service.desk, clock=clock)
        found = list[str]()
        for number in range(0, 2 * _ACTS, 2):
            clock.off = random.choice((-1, 0, 1)) * _HOUR
            ingest(desk, [arrival(person(number)), arrival(person(number + 1))])
            ids = [_golden_id(service, number), _golden_id(service, number + 1)]
            clock.off = random.choice((-1, 0, 1)) * _HOUR
            merged = merge(desk, ids, Wish("ines"))
            clock.off = random.choice((-1, 0, 1)) * _HOUR
            if random.random() < 0.5:
                undo(desk, merged.operation.operation_id, Wish("ines"))
                found += same("who it is again", _golden_id(service, number + 1), ids[1])
        order = "select subject, version from event order by position"
        seen: dict[str, list[int]] = {}
        for subject, version in rows(url, order):
            seen.setdefault(subject, []).append(version)
        return [
            *found,
            *same("out of order", [one for one, told in seen.items() if told != sorted(told)], []),
            *same("contradictions", contradictions(url), {}),
            *promises(service.settings),
        ]


def _golden_id(service: Service, number: int) -> GoldenId:
    (answer,) = service.lookup([ByRecord(RecordKey("pos", f"d{number}"))])
    return answer.golden_ids[0]


def _consents(ground: Databases, random: Random) -> Sequence[str]:
    """Someone says yes by a clock that is an hour ahead, then no by one that is right or behind: the no holds."""
    with ground.one() as (url, folder), service_at(url, folder) as service:
        found = list[str]()
        for number in range(_ACTS):
            ingest(service.desk, [arrival(person(number))])
            about = ByRecord(RecordKey("pos", f"d{number}"))
            off = random.choice((_HOUR, timedelta(minutes=random.randint(5, 60))))
            _say(service, about, "granted", datetime.now(UTC) + off)
            _say(service, about, "withdrawn", datetime.now(UTC))
            # A late yes, by a clock that is behind: it was said before the no.
            _say(service, about, "granted", datetime.now(UTC) - random.choice((_HOUR, timedelta(minutes=7))))
            held = service.store.views.profile(_golden_id(service, number))
            assert held is not None
            found += same(f"consent of {number}", held.profile.consents.get("marketing.email"), "withdrawn")
        return [*found, *promises(service.settings)]


def _say(service: Service, about: ByRecord, status: str, at: datetime) -> None:
    said = Said(about, "marketing", "email", status, at)
    tell(service.desk, [said], Teller("shop", new_id()))


def _tokens(ground: Databases, random: Random) -> Sequence[str]:
    """Tokens of an issuer whose clock is off: within half a minute they hold, an hour off they do not."""
    folder = ground.folder / f"{random.getrandbits(48):x}"
    settings = ApiSettings(signing_key=folder / "key.json")
    off = random.choice((-1, 1)) * random.randint(3_000, 4_200)
    tokens = Tokens(settings)
    fresh = issue(settings, "shop", ["records:write"], 600)
    found = [
        *same("a token of now", _holds(tokens, fresh), True),
        *same("by a clock behind", _holds(Tokens(settings, lambda: time.time() - 20), fresh), True),
        *same(
            "one of an hour ago",
            _holds(tokens, issue(settings, "shop", ["a"], 600, time.time() - 4_000)),
            False,
        ),
        *same(
            "when an hour has passed", _holds(Tokens(settings, lambda: time.time() + abs(off)), fresh), False
        ),
    ]
    remembered = Tokens(settings, clock := _Seconds())
    remembered.caller(fresh)
    clock.ahead = abs(off)
    return [*found, *same("remembered for longer than it holds", remembered.remembered(fresh), None)]


class _Seconds:
    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def _holds(tokens: Tokens, token: str) -> bool:
    try:
        return tokens.caller(token).client == "shop"
    except Problem:
        return False


def _signatures(_: Databases, random: Random) -> Sequence[str]:
    """Messages signed by a clock that is an hour off are believed by nobody; within five minutes they are."""
    found = list[str]()
    cases: Sequence[tuple[float, bool]] = (
        (0, True),
        (random.uniform(-280, 280), True),
        (random.choice((-1, 1)) * random.uniform(320, 7_200), False),
        (3_600, False),
        (-3_600, False),
    )
    for seconds, believed in cases:
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        sent = standard({"type": "member.updated"}, "m1", at=at)
        told = is_standard(LOYALTY, sent["headers"], sent["content"])
        found += same(f"signed {seconds:.0f} s from now", told, believed)
    return found


Injection = Callable[[Databases, Random], Sequence[str]]

ROWS = (
    Fault(
        "clock-jumps",
        "real time",
        "the clock jumps an hour back or forth between writes, merges and undos",
        "the log orders, not the clock; every promise holds",
        20,
        databases,
        _jumps,
        counts=3 * _ACTS,
    ),
    Fault(
        "clock-consent",
        "consent",
        "a yes by a clock that is up to an hour ahead, a late one by a clock that is behind",
        "what is said in the future counts from now; a no after it holds",
        20,
        databases,
        _consents,
        counts=2 * _ACTS,
    ),
    Fault(
        "clock-tokens",
        "API",
        "the issuer's clock, or ours, is about an hour off",
        "401, also for a token that was checked before; within half a minute it holds",
        50,
        databases,
        _tokens,
        counts=3,
    ),
    Fault(
        "clock-signatures",
        "intake",
        "messages signed up to two hours early or late",
        "believed within five minutes only",
        50,
        databases,
        _signatures,
        counts=4,
    ),
)
