"""No question of real time reads a whole table on SQLite; on PostgreSQL that is switched off."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import make_url

import identity.store
from identity.store.dialect import Statement
from identity.store.dialect.sqlite_writing import _asking
from tests.plans import scanned

WHOLE = {
    "EVERY_FACT": "a load reads all facts of consent at once",
    "EVERY_RECORD": "and of whom they are",
    "EVERY_KEY": "of a backup that is put back, every key is asked whether it was erased since",
    "FORGET_REPLIES": "an erasure goes through the answers that are kept for a day, once",
    "TASKS_NAMING": "and through the texts of tasks",
}
"""What is to read a whole table, and why."""


def told(name: str, value: Any) -> Iterator[tuple[str, Statement]]:
    if isinstance(value, Statement):
        yield name, value
    elif isinstance(value, dict):
        for each in value.values():
            yield from told(name, each)
    elif isinstance(value, tuple):
        for each in value:
            yield from told(name, each)


def statements() -> dict[tuple[str, str], Statement]:
    found: dict[tuple[str, str], Statement] = {}
    for module in pkgutil.walk_packages(identity.store.__path__, "identity.store."):
        if ".migrations" in module.name or ".invariants" in module.name:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            found |= {(each, statement.sql): statement for each, statement in told(name, value)}
    return found


def test_statements_are_answered_through_an_index(sqlite_url: str) -> None:
    file = make_url(sqlite_url).database
    assert file
    whole = {}
    with closing(sqlite3.connect(file)) as connection:
        known = statements()
        for (name, _), statement in known.items():
            spelled = _asking(statement)
            values = ["[]"] * bool(statement.columns) + [None] * len(spelled.names)
            if found := scanned(connection, spelled.sql, values):
                whole[name] = found
    assert len(known) > 200
    assert whole.keys() == WHOLE.keys(), whole
