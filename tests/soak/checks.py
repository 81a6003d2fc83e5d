"""What has to be true while it runs and at the end; each tells what is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import orjson
import psycopg
import redis

from .book import CANARY, Book, Person
from .clients import Caller, Gone
from .system import System

__all__ = ["DRAINED", "backlog", "drained", "ending", "verified"]

DRAINED = 120.0
"""Seconds after the last fault within which everything that waits has been worked off."""
_ERASED = (404, 410)
_ENOUGH = 500
_WAITS = """
    SELECT 'outbox', max(e.last - s.position)
      FROM subscriber s, (SELECT coalesce(max(position), 0) AS last FROM event) e WHERE s.status = 'active'
    UNION ALL SELECT 'consumers', max(e.last - c.position)
      FROM consumer c, (SELECT coalesce(max(position), 0) AS last FROM event) e
    UNION ALL SELECT 'held events', count(*) FROM held_event
    UNION ALL SELECT 'redo', count(*) FROM redo
    UNION ALL SELECT 'jobs', count(*) FROM job WHERE status IN ('queued', 'running')
"""


def verified(system: System, book: Book) -> None:
    """Have `identity verify` say that all is as promised; a database that is away is waited for."""
    for _ in range(20):
        done = system.identity("verify", "--json")
        if done.returncode in (0, 1) and done.stdout.startswith("{"):
            break
        time.sleep(1)
    else:
        book.violated(f"identity verify did not look: {done.stderr[-300:]}")
        return
    book.did("identity verify")
    for each in orjson.loads(done.stdout)["invariants"]:
        if each["broken"]:
            book.violated(f"verify: {each['name']} broken {each['broken']} times: {each['cases'][:3]}")


def backlog(system: System) -> dict[str, int]:
    """Return what waits, by kind, where something does."""
    with psycopg.connect(system.database_url, connect_timeout=5) as connection:
        return {name: int(count) for name, count in connection.execute(_WAITS).fetchall() if count}


def drained(system: System, book: Book, since: float) -> float:
    """Return how many seconds after `since` nothing waited any more; too many are a violation."""
    waits: dict[str, int] = {"?": 1}
    while waits and time.monotonic() - since < DRAINED * 2:
        try:
            waits = backlog(system)
        except psycopg.Error as error:
            book.violated(f"PostgreSQL does not answer at the end: {type(error).__name__}")
        if waits:
            time.sleep(0.5)
    seconds = time.monotonic() - since
    if waits or seconds > DRAINED:
        book.violated(f"{seconds:.0f} s after the last fault there waits {waits or 'nothing, but too late'}")
    return seconds


def ending(system: System, book: Book, caller: Caller) -> None:
    """Look at everything once more, when all is quiet."""
    looks: tuple[Callable[[System, Book, Caller], Iterator[str]], ...] = (
        _jobs,
        _acknowledged,
        _erased,
        _no_is_no,
        _followed,
        _traces,
        _said,
    )
    for look in looks:
        found = list(_looked(look(system, book, caller)))
        for each in found[:5]:
            book.violated(each)
        if len(found) > 5:
            book.violated(f"… and {len(found) - 5} more of {look.__name__.strip('_')}")


def _looked(found: Iterator[str]) -> Iterator[str]:
    with suppress(Gone):  # which was noted
        yield from found


def _jobs(_: System, book: Book, caller: Caller) -> Iterator[str]:
    for job_id in book.jobs:
        job = caller.ask("GET", f"/v1/jobs/{job_id}", key=False)[1]
        if job["status"] != "done":
            yield f"a job is {job['status']}: {job['problem']}"
        elif job["kind"] == "upload" and job["report"]["quarantined"] + job["report"]["rejected"]:
            yield f"an upload lost rows: {job['report']}"


def _acknowledged(_: System, book: Book, caller: Caller) -> Iterator[str]:
    """Every record that was acknowledged is in a live profile that tells of its person."""
    live = [person for person in book.people if not person.erased]
    wanted = [(person, key) for person in live for key in person.records]
    for at in range(0, len(wanted), _ENOUGH):
        some = wanted[at : at + _ENOUGH]
        keys = [{"source": source, "source_record_id": number} for _, (source, number) in some]
        told = caller.ask("POST", "/v1/lookup:batch", {"keys": keys}, key=False)[1]
        for (person, key), answer in zip(some, told["answers"], strict=True):
            if not _golden_ids(answer):
                yield f"an acknowledged record is not found: {key} of {person.canary}: {answer}"


def _golden_ids(answer: dict[str, object]) -> object:
    return answer.get("golden_id") or answer.get("golden_ids")


def _gone(book: Book) -> list[Person]:
    return [person for person in book.people if person.erased]


def _erased(system: System, book: Book, caller: Caller) -> Iterator[str]:
    """Who was erased is not found, and no word of theirs is left in any table, or in Redis."""
    for person in _gone(book):
        if person.golden_id:
            caller.ask("GET", f"/v1/profiles/{person.golden_id}", ok=(410,), key=False)
        caller.ask("POST", "/v1/lookup", {"email": person.email}, ok=_ERASED, key=False)
    gone = {person.canary for person in _gone(book)}
    for table, text in _everything(system):
        if found := gone & set(CANARY.findall(text)):
            yield f"of somebody who was erased {sorted(found)[:3]} is left in {table}"


def _everything(system: System) -> Iterator[tuple[str, str]]:
    with psycopg.connect(system.database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            for (text,) in connection.execute(f'SELECT t::text FROM "{table}" AS t'.encode()):
                yield table, text


def _no_is_no(_: System, book: Book, caller: Caller) -> Iterator[str]:
    """Nobody whose last word was no may be reached."""
    no = [person for person in book.people if person.said == "withdrawn" and not person.erased]
    for at in range(0, len(no), _ENOUGH):
        some = no[at : at + _ENOUGH]
        asked = {
            "purpose": "marketing",
            "channel": "email",
            "keys": [{"email": person.email} for person in some],
        }
        told = caller.ask("POST", "/v1/consents:check", asked, key=False)[1]
        for person, answer in zip(some, told["answers"], strict=True):
            if answer["allowed"]:
                yield f"somebody who said no may be reached: {person.canary}: {answer}"


def _followed(system: System, _: Book, __: Caller) -> Iterator[str]:
    """The loyalty platform agrees with the master's crosswalk."""
    done = system.identity("reconcile", "loyalty", "--json")
    if not done.stdout.startswith("{"):
        yield f"identity reconcile did not look: {done.stderr[-300:]}"
        return
    report = orjson.loads(done.stdout)
    if not report["agrees"]:
        yield f"the loyalty platform differs: {report['kinds']} {str(report.get('drift'))[:600]}"
    with psycopg.connect(system.database_url) as connection:
        for name, code, count in connection.execute(
            "SELECT follower, code, count(*) FROM dead_letter GROUP BY 1, 2"
        ).fetchall():
            yield f"{count} events were given up for {name}: {code}"


def _traces(system: System, _: Book, __: Caller) -> Iterator[str]:
    """Nothing personal is in Redis."""
    with redis.Redis.from_url(system.redis.url) as client:
        for name in client.scan_iter():
            if CANARY.search(repr(client.dump(name))):
                yield f"something personal is in Redis, in {name!r}"


def _said(system: System, _: Book, __: Caller) -> Iterator[str]:
    """No process said anything of a person, or of what nobody foresaw; and none ended by itself."""
    for name in system.processes.running:
        said = system.said(name)
        if canary := CANARY.search(said):
            yield f"{name} tells of {canary[0]} in its log"
        for word in ("Traceback", '"unforeseen"'):
            if (at := said.find(word)) >= 0:
                yield f"{name} says {word} {said.count(word)} times: {said[at : at + 1500]}"
    yield from system.ended
