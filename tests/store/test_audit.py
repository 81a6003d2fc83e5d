"""The audit trail: chained, found out when it is touched, and safe between processes."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from identity.model.audit import AuditAction, AuditEntry, AuditHead, Flaw, FlawKind, SealedEntry
from identity.steps.prove import prove
from identity.steps.seal import seal, sealed_head
from identity.store import OnlineWork, Store

from .worlds import StandingClock

KEY = b"a key of the tests"
ACTIONS = list(AuditAction)


def entry(number: int, subject: str = "") -> AuditEntry:
    details: dict[str, Any] = {"rows": number, "golden_ids": [f"g{number}", f"g{number + 1}"]}
    return AuditEntry(
        f"client-{number % 3}",
        ACTIONS[number % len(ACTIONS)],
        subject or f"g{number % 7}",
        "service",
        details,
    )


@pytest.fixture
def heads() -> list[AuditHead]:
    return []


@pytest.fixture
def audited(url: str, heads: list[AuditHead]) -> Any:
    store = Store(url, patience=20, audit_key=KEY, on_audited=heads.append)
    yield store
    store.close()


def proven(store: Store, clock: StandingClock, anchors: list[AuditHead]) -> list[Flaw]:
    trail = store.audit(clock)
    with trail.whole() as (head, entries):
        return prove(trail.key, entries, head, anchors)


def test_what_is_kept_is_told_again_and_is_whole(
    audited: Store, clock: StandingClock, heads: list[AuditHead]
) -> None:
    assert proven(audited, clock, []) == []
    trail = audited.audit(clock)
    trail.append(*(entry(n) for n in range(20)))
    trail.append(entry(20, "gabc"))
    assert [head.seq for head in heads] == [20, 21]
    assert proven(audited, clock, heads) == []
    (about,) = trail.entries("gabc")
    assert (about.seq, about.subject, about.actor) == (21, "gabc", "client-2")
    assert [each.seq for each in trail.entries("g9")] == [9, 10], "as one of several"
    assert [each.seq for each in trail.entries(after=19)] == [20, 21]
    later = clock.turn(1)
    trail.append(entry(21))
    assert [each.seq for each in trail.entries(since=later)] == [22]


def test_a_unit_that_fails_keeps_no_entry_and_one_that_ends_well_does(
    audited: Store, clock: StandingClock, heads: list[AuditHead]
) -> None:
    with audited.online(clock) as work:
        work.audit(entry(1))
        work.audit(entry(2))
    with pytest.raises(ZeroDivisionError), audited.online(clock) as work:
        _failing(work)
    assert [each.seq for each in audited.audit(clock).entries()] == [1, 2]
    assert len(heads) == 1
    assert proven(audited, clock, heads) == []


def _failing(work: OnlineWork) -> None:
    work.audit(entry(3))
    raise ZeroDivisionError


def test_entries_of_many_at_once_make_one_chain(url: str, audited: Store, clock: StandingClock) -> None:
    others = [Store(url, patience=20, audit_key=KEY) for _ in range(4)]

    def append(numbered: tuple[int, Store]) -> None:
        number, store = numbered
        for each in range(15):
            store.audit(clock).append(entry(number * 100 + each))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, enumerate(others)))
    for store in others:
        store.close()
    assert len(audited.audit(clock).entries(limit=1_000)) == 60
    assert proven(audited, clock, []) == []


_OTHER_PROCESS = """
import sys
from datetime import UTC, datetime
from identity.model.audit import AuditAction, AuditEntry
from identity.store import Store

class Clock:
    def now(self): return datetime.now(UTC)

store = Store(sys.argv[1], patience=30, audit_key=b"a key of the tests")
for number in range(20):
    store.audit(Clock()).append(AuditEntry(sys.argv[2], AuditAction.READ, "g1", "", {"n": number}))
"""


def test_processes_share_one_chain(url: str, audited: Store, clock: StandingClock) -> None:
    started = [subprocess.Popen([sys.executable, "-c", _OTHER_PROCESS, url, f"p{n}"]) for n in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len(audited.audit(clock).entries(limit=1_000)) == 60
    assert proven(audited, clock, []) == []


def test_another_key_proves_nothing(audited: Store, clock: StandingClock) -> None:
    audited.audit(clock).append(entry(1))
    trail = audited.audit(clock)
    with trail.whole() as (head, entries):
        flaws = prove(b"another", entries, head, [])
    assert {flaw.kind for flaw in flaws} == {FlawKind.EDITED, FlawKind.HEAD}


# Tampering, with the whole of a small trail in memory: what a database holds after it is what these give.


@dataclass(frozen=True)
class Trail:
    entries: tuple[SealedEntry, ...]
    head: AuditHead


def written(clock: StandingClock, many: int) -> tuple[Trail, list[AuditHead]]:
    entries, before, heads = [], "", []
    for seq in range(1, many + 1):
        plain = SealedEntry(seq, clock.now(), f"client-{seq % 3}", "read", f"g{seq % 7}", "", '{"n":1}', "")
        before = seal(KEY, before, plain)
        entries.append(replace(plain, hash=before))
        heads.append(sealed_head(KEY, seq, before))
    return Trail(tuple(entries), heads[-1]), heads


def edited(trail: Trail, chance: random.Random, _: list[AuditHead]) -> Trail:
    place = chance.randrange(len(trail.entries))
    one = trail.entries[place]
    column = chance.choice(["seq", "at", "actor", "action", "subject", "purpose", "details", "hash"])
    changed: dict[str, Any] = {
        "seq": one.seq + chance.choice([1_000, 5_000]),
        "at": one.at + timedelta(microseconds=chance.choice([-1, 1, 10**9])),
        "hash": one.hash[:-1] + ("0" if one.hash[-1] != "0" else "1"),
    }
    value = changed.get(column, f"{getattr(one, column)}{chance.choice('xyz ')}")
    entries = [*trail.entries[:place], replace(one, **{column: value}), *trail.entries[place + 1 :]]
    return replace(trail, entries=tuple(sorted(entries, key=lambda each: each.seq)))


def deleted(trail: Trail, chance: random.Random, _: list[AuditHead]) -> Trail:
    gone = set(chance.sample(range(len(trail.entries)), chance.choice([1, 1, 2, 5])))
    return replace(trail, entries=tuple(e for n, e in enumerate(trail.entries) if n not in gone))


def swapped(trail: Trail, chance: random.Random, _: list[AuditHead]) -> Trail:
    one, other = sorted(chance.sample(range(len(trail.entries)), 2))
    if chance.random() < 0.3:
        other = min(one + 1, len(trail.entries) - 1)
        one = other - 1
    entries = list(trail.entries)
    entries[one] = replace(trail.entries[other], seq=trail.entries[one].seq)
    entries[other] = replace(trail.entries[one], seq=trail.entries[other].seq)
    return replace(trail, entries=tuple(entries))


def truncated(trail: Trail, chance: random.Random, _: list[AuditHead]) -> Trail:
    return replace(trail, entries=trail.entries[: chance.randrange(len(trail.entries))])


def with_an_older_head(trail: Trail, chance: random.Random, heads: list[AuditHead]) -> Trail:
    return replace(trail, head=chance.choice(heads[:-1]))


def truncated_with_the_head_of_then(trail: Trail, chance: random.Random, heads: list[AuditHead]) -> Trail:
    kept = chance.randrange(1, len(trail.entries))
    return Trail(trail.entries[:kept], heads[kept - 1])


WAYS: list[Callable[[Trail, random.Random, list[AuditHead]], Trail]] = [
    edited, edited, deleted, swapped, truncated, with_an_older_head, truncated_with_the_head_of_then,
]  # fmt: skip
TOLD = {
    deleted: {FlawKind.DELETED, FlawKind.TRUNCATED},
    swapped: {FlawKind.REORDERED},
    truncated: {FlawKind.TRUNCATED},
    with_an_older_head: {FlawKind.HEAD},
    truncated_with_the_head_of_then: {FlawKind.TRUNCATED},
}


def test_a_thousand_tamperings_are_all_found_and_called_by_their_names(clock: StandingClock) -> None:
    trail, heads = written(clock, 40)
    anchors = [heads[9], heads[29], heads[39]]
    assert prove(KEY, trail.entries, trail.head, anchors) == []
    chance = random.Random(20260302)
    for number in range(1_000):
        way = WAYS[number % len(WAYS)]
        touched = way(trail, chance, heads)
        flaws = prove(KEY, touched.entries, touched.head, anchors)
        assert flaws, (number, way.__name__)
        if way in TOLD:
            assert {flaw.kind for flaw in flaws} & TOLD[way], (number, way.__name__, flaws)


def test_an_edit_is_told_where_it_is_and_nowhere_else(clock: StandingClock) -> None:
    trail, heads = written(clock, 40)
    for column in ("actor", "subject", "details", "hash"):
        entries = list(trail.entries)
        changed: dict[str, Any] = {column: "x" * 64}
        entries[16] = replace(entries[16], **changed)
        flaws = prove(KEY, entries, trail.head, [heads[39]])
        assert [(flaw.seq, flaw.kind) for flaw in flaws] == [(17, FlawKind.EDITED)], column
    one, other = trail.entries[4], trail.entries[30]
    entries = list(trail.entries)
    entries[4], entries[30] = replace(other, seq=5), replace(one, seq=31)
    found = prove(KEY, entries, trail.head, [])
    assert [(flaw.seq, flaw.message) for flaw in found] == [
        (5, "it was written as 31"),
        (31, "it was written as 5"),
    ]


def test_an_anchor_that_was_forged_is_told(clock: StandingClock) -> None:
    trail, heads = written(clock, 10)
    forged = replace(heads[4], seq=8)
    assert [flaw.kind for flaw in prove(KEY, trail.entries, trail.head, [forged])] == [FlawKind.ANCHOR]


SMALL = {
    "an edited detail": "UPDATE audit SET details = '{}' WHERE seq = 3",
    "another moment": 'UPDATE audit SET "at" = (SELECT "at" FROM audit WHERE seq = 9) WHERE seq = 3',
    "a missing entry": "DELETE FROM audit WHERE seq = 4",
    "a missing end": "DELETE FROM audit WHERE seq > 8",
    "a head set back": "UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)",
    "no head": "DELETE FROM audit_head",
    "nothing left": "DELETE FROM audit",
}


@pytest.mark.parametrize("sql", SMALL.values(), ids=SMALL.keys())
def test_what_is_done_to_the_tables_is_found(
    audited: Store, clock: StandingClock, heads: list[AuditHead], sql: str
) -> None:
    for number in range(10):
        clock.turn(1)
        audited.audit(clock).append(entry(number))
    with audited._database.alter() as connection:
        connection.execute(text(sql))
    assert proven(audited, clock, heads)


def test_an_entry_of_many_costs_little(sqlite_url: str, clock: StandingClock) -> None:
    store = Store(sqlite_url, audit_key=KEY)
    trail = store.audit(clock)
    trail.append(entry(0))
    began = time.perf_counter()
    trail.append(*(entry(number) for number in range(2_000)))
    together = (time.perf_counter() - began) / 2_000
    store.close()
    assert together < 0.001, "seconds"
