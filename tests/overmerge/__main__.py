"""python -m tests.overmerge [SEED …]: the measured figures of the set, and what was merged wrongly, explained."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa

from tests.flows.world import service_at
from tests.overmerge.deliveries import by_loads, ramped, shuffled, stored_profiles
from tests.overmerge.evidence import CONTACTS, lent_values, names_per_value
from tests.overmerge.judging import Merged, keys, merged
from tests.overmerge.loaded import Loaded
from tests.overmerge.world import SEED, TRUTH, Pair, World, draw_world

SHOWN = {"father and son": 3, "twins": 3, "household": 2, "other": 1}


def measure(seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, start = Path(name), time.perf_counter()
        world, service = draw_world(seed=seed), service_at(folder / "identity.db")
        drawn = time.perf_counter()
        by_loads(service, [world.told], folder)
        loaded = Loaded(world, service, folder / "identity.db")
        print(f"\nseed {seed}: {world.records.num_rows} records, drawn in {drawn - start:.1f} s", end=", ")
        print(f"loaded in {time.perf_counter() - drawn:.1f} s")
        _tell(loaded.merged)
        _tell_lent(loaded)
        _tell_careful(loaded)
        _explain(loaded)
    for order, parts in (("shuffled", shuffled(world, 6)), ("ramped", ramped(world, 6))):
        _in_order(world, order, parts)


def _tell(found: Merged) -> None:
    right = found.accuracy
    print(f"precision {right.precision:.4f}, recall {right.recall:.4f}, F1 {right.f1:.4f};", end=" ")
    print(f"B³ {right.b_cubed_f1:.4f}; largest cluster {right.largest_cluster} ({right.largest_person})")
    print(
        f"wrong pairs: {len(found.wrong)} = {found.of_profiles:.3%} of {found.together} in one profile",
        end=", ",
    )
    print(f"{found.of_possible:.5%} of {found.apart_in_truth} of different people", end=", ")
    print(f"{found.of_tempting:.2%} of {sum(found.tempting.values())} tempting ones")
    for kind, wrong in found.by_temptation.items():
        print(f"  {kind:16} {wrong:5} of {found.tempting.get(kind, 0) or 'any'}")


def _tell_lent(loaded: Loaded) -> None:
    """Values that stores and cashiers lend: how many are generic, and what the others lead to."""
    limits, lent = loaded.service.match_rules.generic_limits, lent_values(loaded.world)
    for attribute, values in lent.items():
        held = names_per_value(loaded.evidence.records, attribute)
        names = sorted(held[value] for value in values if value in held)
        below = sum(number <= limits[attribute] for number in names)
        print(
            f"lent {attribute}: held by {names} names; {below} of {len(names)} not above {limits[attribute]}"
        )
    bare, people, thresholds = (
        loaded.evidence.without(lent),
        loaded.world.people,
        loaded.service.match_rules.thresholds,
    )
    rests = Counter(
        (level, people[one] == people[other])
        for (one, other), weight in loaded.links.items()
        for level, least in (("match", thresholds.match), ("possible match", thresholds.review))
        if weight >= least > bare.weight(one, other)
    )
    print(
        f"links: {len(loaded.links)}; over a threshold only by a lent value (of one person?): {dict(rests)}"
    )


def _tell_careful(loaded: Loaded) -> None:
    """Pairs that a careful reader of the two records could not tell apart either."""
    read, tempting = loaded.evidence.without(lent_values(loaded.world)), loaded.world.tempting
    real = [pair for pair, kind in tempting.items() if kind != "kiosk"]
    alike = {pair for pair in real if not read.disagreements(*pair)}
    contacts = {pair for pair in real if read.disagreements(*pair) <= CONTACTS} - alike
    for name, pairs in (("nothing differs", alike), ("only contact points differ", contacts)):
        wrong = Counter(tempting[pair] for pair in pairs & set(loaded.merged.wrong))
        print(f"{name}: {dict(Counter(tempting[pair] for pair in pairs))}; of these merged: {dict(wrong)}")
    told = {pair for pair in loaded.merged.wrong if "birth_date" in read.disagreements(*pair)}
    print(f"merged although the birth dates differ: {Counter(loaded.merged.wrong[pair] for pair in told)}")


def _explain(loaded: Loaded) -> None:
    """Some wrong pairs of each kind, the heaviest first, with what each comparison says."""
    model = loaded.evidence.model
    for factor, table in zip(model.factors, model.probabilities, strict=True):
        if factor.name in ("given_name", "birth_date"):
            print(f"{factor.name}: m {[round(m, 4) for m in table.match]}")
    print(f"prior: match {model.prior_match:.6f}, household {model.prior_household:.6f}")
    bare = loaded.evidence.without(loaded.generic)
    for kind, many in SHOWN.items():
        pairs = [pair for pair, found in loaded.merged.wrong.items() if found == kind]
        for pair in sorted(pairs, key=lambda pair: -bare.weight(*pair))[:: max(1, len(pairs) // many)][:many]:
            print(f"\n{kind}, {bare.weight(*pair):.2f} bits")
            _show(loaded, pair)
            steps = [step for step in bare.weigh(*pair).contributions if step.level != "missing"]
            print("  " + "; ".join(f"{s.comparison} {s.level} {s.match_weight:+.1f}" for s in steps))


def _show(loaded: Loaded, pair: Pair) -> None:
    for row in pair:
        (record,) = loaded.world.records.slice(row, 1).to_pylist()
        hidden = {"source", "source_record_id", "observed_at", *TRUTH} - {"person_id"}
        told = ", ".join(f"{name} {value}" for name, value in record.items() if value and name not in hidden)
        print(f"  {keys(loaded.world)[row]}: {told}")


def _in_order(world: World, order: str, parts: list[pa.Table]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, start = Path(name), time.perf_counter()
        by_loads(service_at(folder / "identity.db"), parts, folder)
        found = merged(world, stored_profiles(folder / "identity.db"))
        print(f"\n{order}, in {len(parts)} loads: {time.perf_counter() - start:.1f} s", end="; ")
        print(f"F1 {found.accuracy.f1:.4f}, wrong pairs {len(found.wrong)}")


if __name__ == "__main__":
    for given in sys.argv[1:] or [str(SEED)]:
        measure(int(given))
