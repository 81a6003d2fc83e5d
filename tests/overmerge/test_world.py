"""The set is what it says: repeatable, as tempting as promised, and fair."""

from __future__ import annotations

from collections import Counter

import pytest

from identity.bootstrap import Service, Settings
from identity.engines.stages import Stages
from tests.overmerge.evidence import CONTACTS, Evidence, lent_values, names_per_value, normalised
from tests.overmerge.world import NEAREST_FIRST, PEOPLE, RECORDS_AT_MOST, STORES, World, draw_world

Column = list[str]


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world()


@pytest.fixture(scope="module")
def read(world: World) -> Evidence:
    """The rows as a careful person reads them: no store's phone counts, nor any other lent value."""
    service = Service(Settings())
    model = service.engine().resolve(world.told, Stages()).model
    return Evidence(normalised(world), model, service).without(lent_values(world))


def share(world: World, temptation: str) -> float:
    told = world.records["seduced_by"].to_pylist()
    return sum(temptation in (by or "").split() for by in told) / len(told)


def test_the_same_seed_gives_the_same_set_and_another_seed_another() -> None:
    one, same, other = (draw_world(200, 2, seed) for seed in (1, 1, 2))
    assert one.records == same.records
    assert one.tempting == same.tempting
    assert one.records != other.records


def test_so_many_people_have_a_few_records_each_in_four_sources(world: World) -> None:
    records = Counter(world.people)
    assert len(records) == PEOPLE
    assert set(records.values()) == set(range(1, RECORDS_AT_MOST + 1))
    assert set(world.records["source"].to_pylist()) == {"pos", "ecommerce", "loyalty", "erp"}
    assert len(set(world.records["store"].to_pylist())) == STORES
    keys = zip(*(world.records[name].to_pylist() for name in ("source", "source_record_id")), strict=True)
    assert len(set(keys)) == world.records.num_rows


@pytest.mark.parametrize(
    ("temptation", "promised"),
    [("store_phone", 0.05), ("store_email", 0.02), ("cashiers_card", 0.02), ("kiosk", 0.03)],
)
def test_values_of_nobody_stand_on_their_share_of_the_records(
    world: World, temptation: str, promised: float
) -> None:
    assert share(world, temptation) == pytest.approx(promised, abs=0.0005)


def test_every_temptation_leads_to_pairs_of_different_people(world: World) -> None:
    counted = Counter(world.tempting.values())
    assert all(counted[kind] >= 25 for kind in NEAREST_FIRST), counted
    assert all(world.people[one] != world.people[other] for one, other in world.tempting)
    assert share(world, "household") > 0.5


def test_numbers_come_back_as_those_of_strangers(world: World) -> None:
    records = normalised(world)
    phones = [record.features.get("phone") for record in records]
    same = [
        pair
        for pair, kind in world.tempting.items()
        if kind == "recycled phone" and phones[pair[0]] and phones[pair[0]] == phones[pair[1]]
    ]
    households = world.records["household_id"].to_pylist()
    assert len(same) >= 20
    assert all(households[one] != households[other] for one, other in same)


def test_relatives_often_give_one_phone_or_one_mailbox(world: World) -> None:
    records = normalised(world)
    for contact in ("email", "phone"):
        values = [record.features.get(contact) for record in records]
        both = [
            values[one] == values[other]
            for (one, other), kind in world.tempting.items()
            if kind == "household" and values[one] and values[other]
        ]
        assert sum(both) / len(both) > 0.1, contact


def test_some_lent_values_are_generic_by_the_limits_and_some_are_not(world: World) -> None:
    records, limits = normalised(world), Service(Settings()).match_rules.generic_limits
    for attribute, lent in lent_values(world).items():
        held = names_per_value(records, attribute)
        names = [held[value] for value in lent if value in held]
        assert max(names) > 2 * limits[attribute], attribute
        assert min(names) <= limits[attribute], attribute


def test_hardly_any_pair_is_beyond_a_careful_reader(world: World, read: Evidence) -> None:
    """A pair is when nothing that both records know differs, as of father and son without a birth date. A kiosk's
    visitors have nothing in common but what they did not tell: they are no pair to anybody."""
    real = {pair for pair, kind in world.tempting.items() if kind != "kiosk"}
    alike = {pair for pair in real if not read.disagreements(*pair)}
    contacts_only = {pair for pair in real if read.disagreements(*pair) <= CONTACTS}
    assert len(alike) < 0.003 * len(real)
    assert len(contacts_only) < 0.01 * len(real)
