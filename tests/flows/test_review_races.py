"""Neighbours who change at once leave the review tasks that a look at everybody would open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

from identity.bootstrap import Service
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, keep_apart, keep_together
from identity.flows.redo import drain
from identity.flows.review import refresh_reviews
from identity.model.errors import DecisionRefused, LookupFailed
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import arrival, contradictions, deleted

THREADS, TURNS, RECORDS = 4, 40, 30
VALUES: dict[str, list[str | None]] = {
    "given_name": ["Maria", "Mary", "Jon", "John", "Wei"],
    "family_name": ["Lopez", "Lopes", "Berg", "Chen"],
    "birth_date": ["1980-05-01", "1980-01-05", "1999-12-31", None],
    "email": ["maria@lopez.example", "jon@berg.example", "wei@chen.example", None, None],
    "phone": ["2125550142", "2125550187", "2125550143", None],
    "city": ["Boston", "Austin", None],
}


def key(random: Random) -> RecordKey:
    return RecordKey("pos", f"{random.randrange(RECORDS):02}")


def live(service: Service, seed: int) -> None:
    """Tell, delete and decide about some records, whatever others do meanwhile."""
    random = Random(seed)
    for _ in range(TURNS):
        what = random.random()
        if what < 0.75:
            values = {name: random.choice(some) for name, some in VALUES.items()}
            where = {"source": "pos", "source_record_id": key(random).source_record_id}
            ingest(service.desk, [arrival(where | values)])
        elif what < 0.85:
            ingest(service.desk, [deleted(key(random))])
        else:
            decide = random.choice([keep_apart, keep_together])
            with suppress(DecisionRefused, LookupFailed):
                decide(service.desk, key(random), key(random), Wish("ines"))


def test_neighbours_at_once_leave_the_tasks_of_a_look_at_everybody(ready: Ready, url: str) -> None:
    service = ready(url)
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda seed: live(service, seed), range(THREADS)):
            pass
    found = refresh_reviews(service.review_room)
    assert found.standing > 0
    assert (found.opened, found.restated, found.closed) == (0, 0, 0)
    drain(service.desk)
    found = refresh_reviews(service.review_room)
    assert (found.opened, found.restated, found.closed) == (0, 0, 0)
    assert contradictions(url) == {}
