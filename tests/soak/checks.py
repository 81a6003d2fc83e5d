"""What has to be so at the end. Each says what is broken, in sentences; none says that nothing is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import sql

from .ledger import Ledger, Person

__all__ = [
    "DRAIN_LIMIT",
    "allowed_against",
    "backlog",
    "drained",
    "lost",
    "not_gone",
    "traces",
    "traces_in_files",
    "where",
]

DRAIN_LIMIT = 120.0
"""Seconds after the last fault in which everybody has to be told of everything."""
_AT_ONCE = 500
_BACKLOG = {
    "events that a subscriber was not told": "SELECT coalesce(max((SELECT coalesce(max(position), 0) FROM event)"
    " - s.position), 0) FROM subscriber s",
    "events that a consumer has not followed": "SELECT coalesce(max((SELECT coalesce(max(position), 0) FROM event)"
    " - c.position), 0) FROM consumer c",
    "events that are held": "SELECT count(*) FROM held_event",
    "records to be decided again": "SELECT count(*) FROM redo",
}

T = TypeVar("T")
Post = Callable[[str, Any], Any]
"""Asks the API, and returns what it says as JSON."""


def backlog(url: str) -> dict[str, int]:
    """Return what is waiting, by what it is; empty where nothing is."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = {
            what: int(connection.execute(asked.encode()).fetchall()[0][0]) for what, asked in _BACKLOG.items()
        }
    return {what: count for what, count in found.items() if count}


def drained(
    waiting: Callable[[], dict[str, int]], since: float, limit: float = DRAIN_LIMIT
) -> tuple[float, list[str]]:
    """Wait until nothing waits; return the seconds since `since` (monotonic), and what is broken."""
    while left := waiting():
        if time.monotonic() - since > limit:
            return time.monotonic() - since, [f"not drained in {limit:g} s: {left}"]
        time.sleep(0.5)
    return time.monotonic() - since, []


def lost(ledger: Ledger, post: Post) -> list[str]:
    """Return the acknowledged records of people who were not erased that are not found."""
    keys = [key for person in ledger.people if not person.erased for key in person.records]
    asked = [{"source": source, "source_record_id": record_id} for source, record_id in keys]
    answers = [
        answer for some in _some(asked) for answer in post("/v1/lookup:batch", {"keys": some})["answers"]
    ]
    return [
        f"lost: {source}:{record_id} was acknowledged, and is {answer['status']}"
        for (source, record_id), answer in zip(keys, answers, strict=True)
        if answer["status"] != "live"
    ]


def not_gone(ledger: Ledger, status: Callable[[str], int]) -> list[str]:
    """Return the ids of erased people that do not answer 410."""
    ids = sorted({each for person in ledger.people if person.erased for each in person.ids})
    return [f"erased, and answers {found}: {each}" for each in ids if (found := status(each)) != 410]


def where(url: str, text: str) -> list[str]:
    """Return the tables that a text, such as a golden id, is in: where to begin to look."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        asked = sql.SQL("SELECT count(*) FROM {} AS t WHERE strpos(t::text, %s) > 0")
        return [
            table
            for (table,) in sorted(tables)
            if connection.execute(asked.format(sql.Identifier(table)), (text,)).fetchall() != [(0,)]
        ]


def traces(ledger: Ledger, url: str) -> list[str]:
    """Return the tables in which a name or e-mail address of an erased person is left."""
    canaries = [person.canary for person in ledger.people if person.erased]
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            asked = sql.SQL("SELECT count(*) FROM {} AS t WHERE t::text ILIKE ANY(%s)").format(
                sql.Identifier(table)
            )
            for some in _some(canaries):
                ((count,),) = connection.execute(asked, ([f"%{each}%" for each in some],)).fetchall()
                found += [f"{count} rows of {table} hold what an erased person was called"] if count else []
    return found


def traces_in_files(ledger: Ledger, folder: Path, besides: str) -> list[str]:
    """Return the files below a folder, logs and what Redis wrote down among them, in which a name or e-mail address of
    an erased person is left. The folder `besides` is left out: a database, which is asked instead."""
    canaries = [person.canary for person in ledger.people if person.erased]
    if not canaries:
        return []
    wanted = re.compile("|".join(canaries), re.IGNORECASE)
    files = (
        path for path in sorted(folder.rglob("*")) if path.is_file() and folder / besides not in path.parents
    )
    return [
        f"{path.relative_to(folder)} holds what an erased person was called"
        for path in files
        if wanted.search(path.read_text(encoding="utf-8", errors="replace"))
    ]


def allowed_against(ledger: Ledger, post: Post) -> list[str]:
    """Return who may be reached although they last said no."""
    refused: list[Person] = [each for each in ledger.people if each.last == "withdrawn" and not each.erased]
    found = []
    for some in _some(refused):
        asked = {"purpose": "marketing", "channel": "email", "keys": [{"email": each.email} for each in some]}
        answers = post("/v1/consents:check", asked)["answers"]
        found += [
            f"allowed against their last word: {each.records[0]}"
            for each, answer in zip(some, answers, strict=True)
            if answer["allowed"]
        ]
    return found


def _some(many: Sequence[T]) -> Iterator[Sequence[T]]:
    return (many[start : start + _AT_ONCE] for start in range(0, len(many), _AT_ONCE))
