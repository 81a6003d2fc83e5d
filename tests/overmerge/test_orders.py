"""Whatever the order and the parts in which records come, they end in the profiles that all at once would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from identity.bootstrap import Service, Settings
from identity.model.record import RecordKey
from tests.flows.world import contradictions, links, service_at
from tests.overmerge.deliveries import WAYS_IN, profiles_of, ramped, resolved, shuffled, stored_profiles
from tests.overmerge.evidence import Evidence, generic_values, normalised
from tests.overmerge.world import Pair, World, draw_world

PARTS = 6
"""A model serves until the records have doubled: it is trained on the first part, again on two and on four of six."""
ORDERS: Mapping[str, Callable[[World, int], list[pa.Table]]] = {"shuffled": shuffled, "ramped": ramped}
LIMITED = ("phone", "email", "loyalty_id")


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(people=1_000, stores=4)


def partition(profiles: Mapping[RecordKey, str]) -> set[frozenset[RecordKey]]:
    members: dict[str, set[RecordKey]] = {}
    for key, profile in profiles.items():
        members.setdefault(profile, set()).add(key)
    return {frozenset(keys) for keys in members.values()}


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("order", ORDERS)
def test_parts_in_any_order_end_where_all_at_once_does(
    world: World, order: str, way: str, tmp_path: Path
) -> None:
    """By the model that is active in the end. The stored links are the same ones, too, to the last bit."""
    database = tmp_path / "identity.db"
    service = service_at(database)
    WAYS_IN[way](service, ORDERS[order](world, PARTS), tmp_path)
    assert service.active_model().records != world.records.num_rows
    at_once = resolved(service, world)
    assert partition(stored_profiles(database)) == partition(profiles_of(at_once))
    columns = (at_once.links[name].to_pylist() for name in at_once.links.column_names)
    assert links(database) == set(zip(*columns, strict=True))
    assert contradictions(database) == {}


def test_in_a_ramped_order_lent_values_become_generic_only_after_half_the_records(world: World) -> None:
    limits = Service(Settings()).match_rules.generic_limits
    records = {record.key: record for record in normalised(world)}
    came: list[RecordKey] = []
    counts = []
    for part in ramped(world, 4):
        pairs = zip(part["source"].to_pylist(), part["source_record_id"].to_pylist(), strict=True)
        came += [RecordKey(source, record) for source, record in pairs]
        found = generic_values([records[key] for key in came], limits)
        counts.append({attribute: len(found[attribute]) for attribute in LIMITED})
    assert counts[0] == counts[1] == dict.fromkeys(LIMITED, 0)
    assert all(counts[-1].values())


@pytest.mark.parametrize("way", WAYS_IN)
def test_what_counted_a_value_that_became_generic_is_judged_again(
    world: World, way: str, tmp_path: Path
) -> None:
    """Early on a lent value counts, for nobody can know better; in the end no stored link counts it any more."""
    database = tmp_path / "identity.db"
    service, parts = service_at(database), ramped(world, 4)
    records = normalised(world)
    row = {record.key: at for at, record in enumerate(records)}
    generic = generic_values(records, service.match_rules.generic_limits)

    def stored() -> dict[Pair, tuple[float, float, float]]:
        """Per link whose records share what is generic in the end: its weight, and what it weighs with and without."""
        whole = Evidence(records, service.active_model(), service)
        bare = whole.without(generic)
        found = {}
        for one, left, other, right, weight, *_ in links(database):
            pair = row[RecordKey(one, left)], row[RecordKey(other, right)]
            if whole.share(*pair, generic):
                found[pair] = weight, whole.weight(*pair), bare.weight(*pair)
        return found

    WAYS_IN[way](service, parts[:2], tmp_path)
    before = stored()
    WAYS_IN[way](service, parts[2:], tmp_path)
    after = stored()
    assert before
    assert all(weight == pytest.approx(whole, abs=1e-9) for weight, whole, _ in before.values())
    assert after
    assert all(weight == pytest.approx(bare, abs=1e-9) for weight, _, bare in after.values())
