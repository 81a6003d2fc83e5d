"""The set: records in canonical columns, who each is of, and what tempts a matcher to merge them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np
import pyarrow as pa

from identity.model.record import RecordKey, SourceRecord
from identity.sample.columns import Column, Generator, Mask, blank, known
from identity.sample.entries import Entries, draw_entries
from identity.sample.records import Records, write_records
from identity.sample.tables import canonical_table
from tests.overmerge.crowd import Crowd, Pairs, draw_crowd
from tests.overmerge.temptations import Tempted, tempt

PEOPLE: Final = 2_000
STORES: Final = 10
SEED: Final = 20_260_317
RECORDS_AT_MOST: Final = 4
TRUTH: Final = ("person_id", "household_id", "store", "seduced_by")
"""Columns that no matcher is shown."""
NEAREST_FIRST: Final = (
    "father and son",
    "twins",
    "household",
    "recycled phone",
    "cashier's card",
    "store mail",
    "store phone",
    "kiosk",
)
"""What may tempt to merge a pair, the most personal first: it is what a pair with several is counted under."""
OTHER: Final = "other"

Pair = tuple[int, int]
"""Two rows of the set, the earlier first."""


@dataclass(frozen=True, eq=False)
class World:
    """`records` has a row per record: keys, attributes and observed_at as a source tells them, and TRUTH.

    `seduced_by` names a row's temptations, parted by blanks, null for none. `tempting` holds every pair of rows of
    different people that something tempts to merge, and by what. `nobodys` are the values that stores and cashiers
    lend, as they are written.
    """

    records: pa.Table
    tempting: Mapping[Pair, str]
    nobodys: Mapping[str, frozenset[str]]

    @cached_property
    def told(self) -> pa.Table:
        """What a source tells: the records without the truth."""
        return self.records.drop_columns([*TRUTH])

    @cached_property
    def people(self) -> list[str]:
        found: list[str] = self.records["person_id"].to_pylist()
        return found

    def sources(self) -> list[SourceRecord]:
        """Every record as the steps take it, row by row."""
        records = []
        for row in self.told.to_pylist():
            key = RecordKey(row.pop("source"), row.pop("source_record_id"))
            row.pop("observed_at")
            records.append(SourceRecord(key, {name: value for name, value in row.items() if value}))
        return records


def draw_world(people: int = PEOPLE, stores: int = STORES, seed: int = SEED) -> World:
    """Return the set of that many people. The same arguments give the same set."""
    rng = np.random.Generator(np.random.PCG64(seed))
    crowd = draw_crowd(rng, people, stores)
    records = write_records(rng, crowd.people, crowd.homes, _entries(rng, crowd))
    tempted = tempt(rng, records, crowd)
    table = _table(tempted, crowd)
    return World(table, _tempting(tempted, crowd), tempted.nobodys)


def _entries(rng: Generator, crowd: Crowd) -> Entries:
    """Nobody has more than a few records, and all of a person's are of one store."""
    entries = draw_entries(rng, crowd.people, crowd.homes)
    before: dict[int, int] = defaultdict(int)
    few = np.zeros(len(entries.person), dtype=np.bool_)
    for row, person in enumerate(entries.person.tolist()):
        few[row] = before[person] < RECORDS_AT_MOST
        before[person] += 1
    kept = entries.only(few)
    return replace(kept, store=crowd.store[kept.person])


def _table(tempted: Tempted, crowd: Crowd) -> pa.Table:
    records, person = tempted.records, tempted.records.entries.person
    table = canonical_table(records)
    columns = {
        "full_name": tempted.full_name,
        "household_id": crowd.people.seats.household[person].astype(str),
        "store": records.entries.store.astype(str),
        "seduced_by": _seduced_by(tempted, crowd),
    }
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, pa.string(), mask=values == ""))
    return table


def _seduced_by(tempted: Tempted, crowd: Crowd) -> Column:
    """The temptations of each record: those on it and those of its person."""
    entries, seats = tempted.records.entries, crowd.people.seats
    flags = dict(tempted.by) | {"household": (seats.size > 1)[entries.person]}
    for name, pairs in (("father_and_son", crowd.namesakes), ("twins", crowd.twins)):
        flags[name] = np.isin(entries.person, np.array(pairs).ravel())
    flags["recycled_phone"] = holds_recycled(tempted.records, crowd.recycled, crowd)
    told = blank(len(entries.person))
    for name, rows in flags.items():
        told[rows] = [f"{before} {name}".strip() for before in told[rows]]
    return told


def holds_recycled(records: Records, recycled: Pairs, crowd: Crowd) -> Mask:
    """True for the records made when their person had the number that another has before or after."""
    person, observed = records.entries.person, records.entries.observed
    left, taker = np.array(recycled).reshape(-1, 2).T
    changed = crowd.people.mobile_changed_on[person]
    held = np.isin(person, left) & (observed < changed) | np.isin(person, taker) & (observed >= changed)
    told: Mask = held & known(records.phone)
    return told


def _tempting(tempted: Tempted, crowd: Crowd) -> Mapping[Pair, str]:
    """Every tempting pair under its nearest temptation."""
    person, store = tempted.records.entries.person.tolist(), tempted.records.entries.store.tolist()
    household = crowd.people.seats.household[person].tolist()
    recycled = holds_recycled(tempted.records, crowd.recycled, crowd)
    cards, lent = tempted.records.loyalty_id.tolist(), tempted.nobodys["loyalty_id"]
    groups: dict[str, list[list[int]]] = {
        "father and son": _together(person, crowd.namesakes),
        "twins": _together(person, crowd.twins),
        "household": _alike(household, range(len(person))),
        "recycled phone": _together(person, crowd.recycled, recycled),
        "cashier's card": _alike(cards, [row for row, card in enumerate(cards) if card in lent]),
        "store mail": _alike(store, np.flatnonzero(tempted.by["store_email"]).tolist()),
        "store phone": _alike(store, np.flatnonzero(tempted.by["store_phone"]).tolist()),
        "kiosk": [np.flatnonzero(tempted.by["kiosk"]).tolist()],
    }
    found: dict[Pair, str] = {}
    for name in reversed(NEAREST_FIRST):
        for group in groups[name]:
            found |= {
                pair: name for pair in combinations(sorted(group), 2) if person[pair[0]] != person[pair[1]]
            }
    return found


def _alike(values: list[Hashable], rows: Iterable[int]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for row in rows:
        groups[values[row]].append(row)
    return list(groups.values())


def _together(person: list[int], pairs: Pairs, among: Mask | None = None) -> list[list[int]]:
    """The rows of each pair of people."""
    rows: dict[int, list[int]] = defaultdict(list)
    for row, one in enumerate(person):
        if among is None or among[row]:
            rows[one].append(row)
    return [rows[one] + rows[other] for one, other in pairs]
