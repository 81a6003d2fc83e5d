"""A customer file to load, and what must be true of a database whatever was loaded into it."""

from __future__ import annotations

import csv
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.engines.stages import Stages
from matching_rules.loader import rules_directory

Person = dict[str, str]

FILES = ("pos=pos.csv", "erp=erp.csv", "ecommerce=ecommerce.jsonl", "loyalty=loyalty.csv")
COLUMNS = ("source", "source_record_id", "given_name", "family_name", "birth_date", "email", "phone", "city")
# What makes profiles, redirects, events and memberships one story. Each query finds what contradicts it.
CONTRADICTIONS = {
    "a live record without exactly one current membership": """
        select r.source, r.source_record_id from source_record r left join crosswalk c
        on c.source = r.source and c.source_record_id = r.source_record_id and c.valid_to is null
        where r.mode = 'live' and r.deleted_at is null group by 1, 2 having count(c.golden_id) <> 1""",
    "a current membership of no live record": """
        select c.source, c.source_record_id from crosswalk c left join source_record r
        on c.source = r.source and c.source_record_id = r.source_record_id
        and r.mode = 'live' and r.deleted_at is null
        where c.valid_to is null and r.source is null""",
    "a current membership in a profile that is not live": """
        select c.golden_id from crosswalk c left join golden_profile p
        on p.golden_id = c.golden_id and p.status = 'live' where c.valid_to is null and p.golden_id is null""",
    "a profile that counts other records than it has": """
        select p.golden_id from golden_profile p left join crosswalk c
        on c.golden_id = p.golden_id and c.valid_to is null
        group by p.golden_id having count(c.golden_id) <> p.record_count
        or (p.status = 'live') <> (p.record_count > 0)""",
    "events with a gap, or another number of them than versions": """
        select p.golden_id from golden_profile p left join event e on e.subject = p.golden_id
        group by p.golden_id
        having count(e.version) <> p.version or min(e.version) <> 1 or max(e.version) <> p.version""",
    "an event of no profile": """
        select e.subject from event e left join golden_profile p on p.golden_id = e.subject
        where p.golden_id is null""",
    "a merged profile without a redirect to one that is not": """
        select p.golden_id from golden_profile p left join redirect r on r.retired = p.golden_id
        left join golden_profile s on s.golden_id = r.survivor and s.status <> 'merged'
        where p.status = 'merged' and s.golden_id is null""",
    "a redirect of a profile that is live": """
        select r.retired from redirect r join golden_profile p on p.golden_id = r.retired
        where p.status = 'live'""",
    "a link of a record that is not there": """
        select l.left_id, l.right_id from link l
        left join source_record a on a.source = l.left_source and a.source_record_id = l.left_id
        left join source_record b on b.source = l.right_source and b.source_record_id = l.right_id
        where a.source is null or b.source is null""",
    "a finished load whose rows do not add up": """
        select load_id from load where finished_at is not null
        and (accepted + quarantined + rejected <> rows or unchanged > accepted)""",
    "more than one active model": "select count(*) from match_model where active having count(*) > 1",
}


def service_at(database: Path, rules: Path | None = None) -> Service:
    return Service(Settings(f"sqlite:///{database}", rules or rules_directory()))


def load(service: Service, *files: Path | str, source: str | None = None) -> dict[str, Any]:
    return load_files(service, [str(file) for file in files], source, Stages())


def inside(folder: Path, file: str = "") -> str:
    """NAME=FILE with the file in a folder."""
    name, _, path = file.partition("=")
    return f"{name}={folder / path}"


def crowd(size: int, seed: int = 1) -> list[Person]:
    """People with nothing in common but a common name here and there, each with two equal records."""
    random = Random(seed)
    given = ["Maria", "Peter", "Aisha", "Jan", "Wei", "Olga", "Sven", "Paul"]
    family = ["Lopez", "Smith", "Khan", "Novak", "Chen", "Berg", "Rossi", "Meyer", "Silva", "Kim"]
    people = []
    for number in range(size):
        person = {
            "source": "shop",
            "given_name": random.choice(given),
            "family_name": random.choice(family),
            "birth_date": f"{random.randint(1940, 2005)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            "phone": f"212{random.randint(2_000_000, 9_999_999)}",
            "email": f"{random.choice(family).lower()}{number * 7919 % 9973}@acme{number % 13}.example",
            "city": random.choice(["Boston", "Denver", "Austin"]),
        }
        people += [person | {"source_record_id": f"{number:03}{side}"} for side in "ab"]
    return people


def write(path: Path, people: Iterable[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(people)
    return path


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def contradictions(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What is in the database and must not be: nothing, in every committed state."""
    found = {name: rows(database, query)[:5] for name, query in CONTRADICTIONS.items()}
    return {name: cases for name, cases in found.items() if cases}


def partition(database: Path) -> dict[frozenset[str], str]:
    """The golden values of each group of records, whatever ids they go by."""
    members = defaultdict(set)
    for source, record, golden_id in rows(
        database, "select source, source_record_id, golden_id from crosswalk where valid_to is null"
    ):
        members[golden_id].add(f"{source}:{record}")
    values = dict(
        rows(database, "select golden_id, attributes || consents from golden_profile where status = 'live'")
    )
    return {frozenset(names): values[golden_id] for golden_id, names in members.items()}


def links(database: Path) -> set[tuple[Any, ...]]:
    return set(
        rows(
            database,
            "select left_source, left_id, right_source, right_id, match_weight, judgement, blocked from link",
        )
    )


def events(database: Path, after: int = 0) -> list[tuple[Any, ...]]:
    return rows(
        database, f"select type, subject, version from event where position > {after} order by position"
    )
