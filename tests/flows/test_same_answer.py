"""Records written a few at a time end in exactly the state that a rebuild from everything gives (I1, I2, I4, I11)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from identity.bootstrap import Service
from identity.flows.ingest import ingest
from identity.flows.redo import drain
from identity.model.record import RecordKey

from .conftest import Person, Ready
from .real_time import State, arrival, contradictions, deleted, ingest_all, rebuilt, state

POPULATIONS = 100
CHANGEABLE = (
    "given_name", "family_name", "birth_date", "email", "phone", "street_address", "postcode", "city",
    "loyalty_id", "tax_id",
)  # fmt: skip


def population(sampled: Sequence[Person], random: Random, size: int = 300) -> list[Person]:
    """Whole people, some of whom were given values that many share: a store's phone, one birthday, one city."""
    people = sorted({record["person_id"] for record in sampled})
    chosen = set(random.sample(people, size // 2))
    records = [dict(record) for record in sampled if record["person_id"] in chosen][:size]
    for record in records:
        for name, value, share in (
            ("city", random.choice(["Boston", "Austin"]), 0.4),
            ("phone", "2125550100", 0.08),
            ("email", "info@store.example", 0.06),
            ("family_name", random.choice(["Smith", "Jones"]), 0.1),
            ("birth_date", "1980-05-01", 0.1),
            ("marketing.email", random.choice(["granted", "withdrawn", "unknown"]), 0.5),
            ("marketing.sms", random.choice(["denied", "granted"]), 0.3),
        ):
            if random.random() < share:
                record[name] = value
    random.shuffle(records)
    return records


def live_through(service: Service, records: Sequence[Person], random: Random) -> None:
    """Write all records in batches of any size, among them changed and deleted ones; now and then decide again."""
    waiting, live = list(records), dict[RecordKey, Person]()
    while waiting:
        batch = []
        for _ in range(random.choice([1, 1, 3, 10, 50])):
            dice = random.random()
            if live and dice < 0.1:
                key = random.choice(sorted(live))
                del live[key]
                batch.append(deleted(key))
                continue
            if live and dice < 0.3:
                told = dict(live[random.choice(sorted(live))])
                other = random.choice(records)
                told |= {name: other[name] for name in random.sample(CHANGEABLE, 2)}
            elif waiting:
                told = waiting.pop()
            else:
                continue
            live[RecordKey(told["source"], told["source_record_id"])] = told
            batch.append(arrival(told))
        ingest(service.desk, batch)
        if random.random() < 0.2:
            drain(service.desk)
    drain(service.desk)


def assert_as_rebuilt(service: Service) -> State:
    found = state(service.settings.database_url)
    assert found.differences(rebuilt(service)) == {}
    assert contradictions(service.settings.database_url) == {}
    return found


def test_a_life_of_changes_ends_where_a_rebuild_ends(sampled: list[Person], ready: Ready, url: str) -> None:
    random = Random(1)
    service = ready(url)
    live_through(service, population(sampled, random), random)
    found = assert_as_rebuilt(service)
    assert any("withdrawn" in values for values in found.people.values())


@pytest.mark.parametrize("seed", range(4))
def test_so_it_does_where_blocks_overflow_and_values_turn_generic_all_the_time(
    sampled: list[Person], ready: Ready, url: str, tight_rules: Path, seed: int
) -> None:
    random = Random(seed)
    service = ready(url, tight_rules)
    live_through(service, population(sampled, random, 200), random)
    found = assert_as_rebuilt(service)
    assert found.generic


def test_a_hundred_populations_end_alike_whatever_their_order_and_batches(
    sampled: list[Person], ready: Ready, migrated_file: Path, tmp_path: Path
) -> None:
    for seed in range(POPULATIONS):
        random = Random(1_000 + seed)
        records = population(sampled, random)
        file = tmp_path / f"{seed}.db"
        file.write_bytes(migrated_file.read_bytes())
        service = ready(f"sqlite:///{file}")
        ingest_all(service, records, at_once=random.choice([7, 20, 50, 300]) if seed % 10 else 1)
        assert_as_rebuilt(service)
        service.store.close()


@pytest.mark.parametrize("rules", ["shipped", "tight"])
def test_two_orders_and_two_batch_sizes_end_alike(
    sampled: list[Person],
    ready: Ready,
    url: str,
    tmp_path: Path,
    migrated_file: Path,
    tight_rules: Path,
    rules: str,
) -> None:
    chosen = tight_rules if rules == "tight" else None
    records = population(sampled, Random(77), 200)
    one = ready(url, chosen)
    ingest_all(one, records, at_once=1)
    other_file = tmp_path / "other.db"
    other_file.write_bytes(migrated_file.read_bytes())
    other = ready(f"sqlite:///{other_file}", chosen)
    Random(78).shuffle(records)
    ingest_all(other, records, at_once=50)
    found = state(url)
    assert found.differences(state(other.settings.database_url)) == {}
    assert found.links


def test_no_link_rests_on_a_generic_value(ready: Ready, url: str) -> None:
    """Twenty differently named people with one phone, and nothing else in common, are twenty people."""
    service = ready(url)
    crowd = [
        {"source": "pos", "source_record_id": f"{at:02}", "given_name": given, "family_name": family,
         "phone": "2125550177"}
        for at, (given, family) in enumerate(zip(GIVEN, FAMILY, strict=True))
    ]  # fmt: skip
    ingest_all(service, crowd, at_once=1)
    found = assert_as_rebuilt(service)
    assert len(found.generic) == 1
    assert found.links == {}
    assert len(found.people) == len(crowd)


def test_a_value_that_turns_generic_takes_back_the_links_it_made(ready: Ready, url: str) -> None:
    service = ready(url)
    pair = [
        {
            "source": "pos",
            "source_record_id": "a",
            "given_name": "Ines",
            "family_name": "Zywicka",
            "phone": "2125550177",
        },
        {
            "source": "pos",
            "source_record_id": "b",
            "given_name": "I",
            "family_name": "Zywicka",
            "phone": "2125550177",
        },
    ]
    ingest_all(service, pair)
    before = state(url)
    assert len(before.links) == 1
    crowd = [
        {"source": "pos", "source_record_id": f"{at:02}", "given_name": given, "family_name": family,
         "phone": "2125550177"}
        for at, (given, family) in enumerate(zip(GIVEN, FAMILY, strict=True))
    ]  # fmt: skip
    ingest_all(service, crowd, at_once=3)
    after = assert_as_rebuilt(service)
    assert len(after.generic) == 1
    assert best(after) < best(before) - 3
    for record in crowd:
        ingest(service.desk, [deleted(RecordKey("pos", record["source_record_id"]))])
    drain(service.desk)
    again = assert_as_rebuilt(service)
    assert again.generic == frozenset()
    assert again.links == before.links


def best(found: State) -> float:
    return max((weight for weight, _, _ in found.links.values()), default=float("-inf"))


GIVEN = (
    "Aisha", "Bruno", "Chen", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Imani", "Jonas",
    "Kofi", "Lena", "Mateo", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tilda",
)  # fmt: skip
FAMILY = (
    "Abbott", "Bianchi", "Castillo", "Dubois", "Eriksen", "Fischer", "Grayson", "Hakimi", "Ibarra", "Janssen",
    "Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor", "Petrov", "Quintero", "Rossi", "Schneider", "Takahashi",
)  # fmt: skip
