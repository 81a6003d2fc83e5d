"""There and back: a merge that is undone leaves what was there before, to the last bit (I5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import combinations, islice
from random import Random

from sqlalchemy import make_url

from identity.bootstrap import Service
from identity.flows.judge import Wish, merge, undo
from identity.model.cluster import GoldenId

from .conftest import Person, Ready
from .real_time import contradictions, ingest_all, rebuilt, rows, state
from .test_night import homes, some

TRIPS = {"sqlite": 1_000, "postgresql": 250}
WISH = Wish("ines")


def canonical(service: Service) -> str:
    """A hash of who is where, under which id, with which values, consents and links, and who answers for whom."""
    asked = (
        "select source, source_record_id, golden_id from crosswalk where valid_to is null",
        "select golden_id, status, record_count, fingerprint, attributes, consents from golden_profile",
        "select retired, survivor from redirect",
        "select left_source, left_id, right_source, right_id, match_weight, judgement, blocked from link",
    )
    told = repr([sorted(rows(service.settings.database_url, query), key=repr) for query in asked])
    return hashlib.sha256(told.encode()).hexdigest()


def strangers(live: list[GoldenId], random: Random) -> Iterator[list[GoldenId]]:
    """Yield profiles to merge, no two of which were merged before: what was undone stays apart."""
    met: set[frozenset[GoldenId]] = set()
    while True:
        chosen = random.sample(live, random.choice([2, 2, 2, 2, 3]))
        pairs = {frozenset(pair) for pair in combinations(chosen, 2)}
        if not pairs & met:
            met |= pairs
            yield chosen


def test_a_thousand_trips_restore_what_was_there(ready: Ready, url: str, sampled: list[Person]) -> None:
    service, random = ready(url), Random(3)
    ingest_all(service, some(sampled, 150, 3))
    live = sorted(set(homes(service).values()))
    before = canonical(service)
    for trip, merged in enumerate(islice(strangers(live, random), TRIPS[make_url(url).get_backend_name()])):
        done = merge(service.desk, merged, WISH, into=random.choice([None, *merged]))
        undo(service.desk, done.operation.operation_id, WISH)
        if trip % 50 == 0:
            assert canonical(service) == before, f"trip {trip}"
    assert canonical(service) == before
    assert contradictions(url) == {}
    assert state(url).differences(rebuilt(service)) == {}
