"""Different people stay different, however much tempts to merge them, and no link rests on what is nobody's."""

from __future__ import annotations

import pytest

from identity.commands.ask import explanation
from tests.overmerge.deliveries import resolved
from tests.overmerge.evidence import lent_values
from tests.overmerge.judging import groups, keys
from tests.overmerge.loaded import Loaded
from tests.overmerge.world import Pair

AT_MOST = 0.001


def test_of_all_pairs_of_different_people_at_most_one_in_a_thousand_is_merged(loaded: Loaded) -> None:
    """Among all pairs of records of different people that the set has. There are ten million of them."""
    assert loaded.merged.of_possible <= AT_MOST


def test_of_the_pairs_that_something_tempts_to_merge_at_most_one_in_a_thousand_is(loaded: Loaded) -> None:
    """Namesakes, twins, housemates, and whoever shares a store's, a kiosk's or a cashier's value."""
    assert loaded.merged.of_tempting <= AT_MOST


@pytest.mark.xfail(
    strict=True, reason="relatives without a birth date, or with names that look like a slip, are merged"
)
def test_of_the_pairs_in_one_profile_at_most_one_in_a_thousand_is_of_different_people(loaded: Loaded) -> None:
    """Among all pairs of records that share a profile: 1 - precision."""
    assert loaded.merged.of_profiles <= AT_MOST


def test_no_strangers_are_merged_over_a_stores_value_a_kiosks_or_a_recycled_number(loaded: Loaded) -> None:
    found = loaded.merged.by_temptation
    impersonal = ("store phone", "store mail", "cashier's card", "kiosk", "recycled phone")
    assert {kind: found[kind] for kind in impersonal} == dict.fromkeys(impersonal, 0)


def test_the_values_taken_for_nobodys_are_those_that_too_many_names_share(loaded: Loaded) -> None:
    found = resolved(loaded.service, loaded.world).generic
    expected = {attribute: values for attribute, values in loaded.generic.items() if values}
    assert {attribute: frozenset(values) for attribute, values in found.items()} == expected
    lent = lent_values(loaded.world)
    assert all(values <= lent[attribute] for attribute, values in expected.items()), "somebody's own value"


def of_generic(loaded: Loaded) -> set[Pair]:
    """The stored links of which both records have the same generic value."""
    return {pair for pair in loaded.links if loaded.evidence.share(*pair, loaded.generic)}


def test_no_stored_link_counts_a_generic_value(loaded: Loaded) -> None:
    """Its weight is that of the same two records without any: to the last bit, and for every link there is."""
    bare = loaded.evidence.without(loaded.generic)
    assert len(loaded.links) > 4_000
    for pair, weight in loaded.links.items():
        assert weight == pytest.approx(bare.weight(*pair), abs=1e-9), pair


def test_links_between_records_that_share_a_generic_value_would_weigh_something_else_with_it(
    loaded: Loaded,
) -> None:
    """So the check above has something to find."""
    shared = of_generic(loaded)
    assert len(shared) > 5
    assert all(abs(loaded.evidence.weight(*pair) - loaded.links[pair]) > 0.001 for pair in shared)


def test_every_profile_holds_together_without_generic_values(loaded: Loaded) -> None:
    """Matches lead from each of its records to each other, and none of them counts a generic value."""
    bare = loaded.evidence.without(loaded.generic)
    least = loaded.service.match_rules.thresholds.match
    homes = [loaded.profiles[key] for key in keys(loaded.world)]
    loose = [rows for rows in groups(homes) if not bare.holds_together(rows, least)]
    assert loose == []


def test_no_two_people_are_merged_by_lent_values_that_are_below_the_limits(loaded: Loaded) -> None:
    """A store's phone that few have given is evidence like any other; alone it must not merge anybody."""
    bare = loaded.evidence.without(lent_values(loaded.world))
    homes, people = [loaded.profiles[key] for key in keys(loaded.world)], loaded.world.people
    least = loaded.service.match_rules.thresholds.match
    mixed = [rows for rows in groups(homes) if len({people[row] for row in rows}) > 1]
    assert [rows for rows in mixed if not bare.holds_together(rows, least)] == []


def test_an_explanation_counts_no_generic_value_either(loaded: Loaded) -> None:
    """What `identity explain` says of a stored link adds up to the weight that is stored."""
    names = keys(loaded.world)
    for pair in sorted(of_generic(loaded)):
        told = explanation(loaded.service, *(str(names[row]) for row in pair))
        assert told["match_weight"] == pytest.approx(loaded.links[pair], abs=1e-9), pair
