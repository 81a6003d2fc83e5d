"""Records written one by one or a few at a time, the state they lead to, and the state a rebuild would give."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from sqlalchemy import create_engine, make_url, text

from identity.bootstrap import Service, Settings, SystemClock
from identity.engines.stages import Stages
from identity.flows.ingest import Ingested, ingest
from identity.flows.redo import drain
from identity.flows.resolve import golden_ids
from identity.model.record import CANONICAL_ATTRIBUTES, RecordKey, SourceRecord
from identity.ports import Arrival
from identity.store.fields import Fields

from .world import CONTRADICTIONS

__all__ = ["State", "arrival", "contradictions", "deleted", "ingest_all", "rebuilt", "service_at", "state"]

Pair = tuple[str, str]


@dataclass(frozen=True)
class State:
    """What has to be the same however records came: who is one person, with which values; who is linked to whom, how
    strongly and why; where records are found, and which values are nobody's own."""

    people: dict[frozenset[str], str]
    links: dict[Pair, tuple[float, str, bool]]
    filed: frozenset[tuple[int, str]]
    held: frozenset[tuple[int, str, int | None]]
    generic: frozenset[int]

    def differences(self, other: State) -> dict[str, Any]:
        """What is in one of the two only."""
        links = {
            pair
            for pair in self.links.keys() | other.links.keys()
            if not _same(self.links.get(pair), other.links.get(pair))
        }
        found: dict[str, Collection[Any]] = {
            "people": self.people.items() ^ other.people.items(),
            "links": {(pair, self.links.get(pair), other.links.get(pair)) for pair in links},
            "filed": self.filed ^ other.filed,
            "held": self.held ^ other.held,
            "generic": self.generic ^ other.generic,
        }
        return {name: sorted(str(case) for case in cases)[:6] for name, cases in found.items() if cases}


def _same(one: tuple[float, str, bool] | None, other: tuple[float, str, bool] | None) -> bool:
    return one is not None and other is not None and abs(one[0] - other[0]) < 1e-9 and one[1:] == other[1:]


def service_at(url: str) -> Service:
    return Service(Settings(url, index_secret="a secret of the tests"))


def arrival(
    told: Mapping[str, str | None], observed_at: datetime | None = None, mode: str = "live"
) -> Arrival:
    """A record from its columns; one named purpose.channel is a consent."""
    attributes = {name: value for name in CANONICAL_ATTRIBUTES if (value := told.get(name))}
    consents = {name: value for name, value in told.items() if "." in name and value}
    key = RecordKey(str(told["source"]), str(told["source_record_id"]))
    content = orjson.dumps([attributes, consents, observed_at], option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Arrival(SourceRecord(key, attributes, observed_at, consents), digest, mode)


def deleted(key: RecordKey) -> Arrival:
    return Arrival(SourceRecord(key, {}), "", deleted=True)


def ingest_all(
    service: Service, people: Iterable[Mapping[str, str | None]], at_once: int = 50
) -> list[Ingested]:
    """Ingest records in batches, and decide again what that queued."""
    arrivals = [arrival(person) for person in people]
    done: list[Ingested] = []
    for start in range(0, len(arrivals), at_once):
        done += ingest(service.desk, arrivals[start : start + at_once])
    drain(service.desk)
    return done


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    engine = create_engine(make_url(url).set(drivername=_DRIVERS[make_url(url).get_backend_name()]))
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


KEYS = {"k1": b"1" * 32}
"""What values are encrypted with, where they are."""
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


def contradictions(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """What is in the database and must not be: nothing, in every committed state."""
    found = {name: rows(url, query)[:5] for name, query in CONTRADICTIONS.items()}
    return {name: cases for name, cases in found.items() if cases}


def state(url: str) -> State:
    """Return what is stored."""
    members: dict[str, set[str]] = {}
    for source, record, golden_id in rows(
        url, "select source, source_record_id, golden_id from crosswalk where valid_to is null"
    ):
        members.setdefault(golden_id, set()).add(f"{source}:{record}")
    read = Fields.of(KEYS).read
    values = {
        golden_id: read("golden_profile.attributes", attributes) + consents
        for golden_id, attributes, consents in rows(
            url, "select golden_id, attributes, consents from golden_profile where status = 'live'"
        )
    }
    names = {
        number: f"{source}:{record}"
        for number, source, record in rows(url, "select number, source, source_record_id from source_record")
    }
    return State(
        {frozenset(found): values[golden_id] for golden_id, found in members.items()},
        {
            (f"{one[0]}:{one[1]}", f"{one[2]}:{one[3]}"): (one[4], one[5], bool(one[6]))
            for one in rows(
                url,
                "select left_source, left_id, right_source, right_id, match_weight, judgement, blocked from link",
            )
        },
        frozenset((block, names[record]) for block, record in rows(url, "select block, record from filed")),
        frozenset(
            (value, names[record], name)
            for value, record, name in rows(url, "select value, record, name from identifier")
        ),
        frozenset(value for (value,) in rows(url, "select value from generic_value")),
    )


def rebuilt(service: Service) -> State:
    """Return what everything that is stored gives when it is resolved from scratch by the model in force."""
    records = service.workshop_columns(service.live_records())
    if not records.num_rows:
        return State({}, {}, frozenset(), frozenset(), frozenset())
    with service.store.begin(SystemClock()) as work:
        verdicts = work.verdicts()
    resolution = service.engine().resolve(records, Stages(), service.active_model(), verdicts)
    crosswalk = golden_ids(resolution.clusters)
    golden = service.workshop.survivor(records, crosswalk)
    keys = [f"{row['source']}:{row['source_record_id']}" for row in resolution.clusters.to_pylist()]
    filings = service.index.filings(resolution)
    places = np.arange(len(keys), dtype=np.int64)
    members: dict[str, set[str]] = {}
    for row in crosswalk.to_pylist():
        members.setdefault(row["golden_id"], set()).add(f"{row['source']}:{row['source_record_id']}")
    values = {row["golden_id"]: row["attributes"] + row["consents"] for row in golden.to_pylist()}
    held = zip(*(column.tolist() for column in filings.holdings(places)), strict=True)
    return State(
        {frozenset(found): values[golden_id] for golden_id, found in members.items()},
        {
            (f"{link['left_source']}:{link['left_id']}", f"{link['right_source']}:{link['right_id']}"): (
                link["match_weight"],
                link["judgement"],
                link["blocked"],
            )
            for link in resolution.links.to_pylist()
        },
        frozenset(_named(filings.blocks(places), keys)),
        frozenset((value, keys[place], name if named else None) for value, place, name, named in held),
        frozenset(filings.generic(resolution.generic)),
    )


def _named(filed: tuple[Any, Any], keys: Sequence[str]) -> Iterable[tuple[int, str]]:
    return ((block, keys[place]) for block, place in zip(filed[0].tolist(), filed[1].tolist(), strict=True))
