"""Every level that Splink is told says what the comparator says, on values made to catch it out."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from identity.comparators import Nicknames, comparators
from identity.engines.splink import splink_frame, to_splink_settings
from identity.model.match import Factor, FactorProbabilities, MatchModel
from identity.model.record import NormalisedRecord, RecordKey
from identity.model.vocabulary import COMPARATOR_LEVELS
from identity.steps.compare import levels
from matching_rules.loader import rules_directory
from matching_rules.match_rules import load_match_rules, load_nickname_groups

RULES = load_match_rules(rules_directory() / "customer.match.yml")
NICKNAMES = Nicknames.of(load_nickname_groups(rules_directory() / "reference" / "nicknames.txt"))
ALPHABET = "abc1230"

NAMES = [
    *(
        (given, family)
        for given in ("robert", "bob", "rob", "r", "smith", None)
        for family in ("smith", "jones")
    ),
    *(
        (given, family)
        for given in ("smyth", "jones")
        for family in ("robert", "rovert", None, "jones smith")
    ),
    ("maria", "garcia lopez"),
    ("marai", "garcia"),
    ("li", "lin"),
    (None, None),
]
ATTRIBUTES = {
    "birth_date": [
        "1985-03-04",
        "03/04/1985",
        "04/03/1985",
        "1985-04-03",
        "1985-01-01",
        "1985-03-05",
        "1984-03-04",
        "1958-03-04",
        "1986-07-19",
        "1916-00-17",
        None,
    ],
    "email": [
        "ann@gmail.com",
        "anna@gmail.com",
        "ann@shop.de",
        "ann@shop.com",
        "an@shop.com",
        "nan@yahoo.com",
        None,
    ],
    "phone": ["4155550123", "4155551023", "41555519023", "4155550123 4", "4155559999", "4155550132", None],
    "street_address": [
        "12 Main Street",
        "12 Main St",
        "14 Main St",
        "Main Street",
        "12 Maine St",
        "12 Mian Stret",
        "1 behall strom cir",
        "1 strom cir",
        "9 Elm Ave",
        None,
    ],
    "postcode": ["90210", "90211", "90299", "90120", "10001", None],
    "city": ["springfield", "sprinfgield", "west springfield", "springs", "ulm", "uln", None],
    "tax_id": ["12345", "21345", "2a1345", "12354x", "99999x", None],
    "gender": ["m", "f", None],
}


def records() -> pa.Table:
    """All tricky values of each attribute, and edits of them drawn by a fixed seed."""
    random = Random(1965)
    columns: dict[str, list[str | None]] = {"given_name": [], "family_name": []}
    for given, family in NAMES:
        columns["given_name"].append(given)
        columns["family_name"].append(family)
    for name, values in ATTRIBUTES.items():
        drawn = list(values)
        while len(drawn) < len(NAMES):
            value = random.choice(values) or ""
            drawn.append(value if name == "birth_date" else edited(value, random) or None)
        columns[name] = drawn
    keys = {"source": ["a"] * len(NAMES), "source_record_id": [f"{at:03d}" for at in range(len(NAMES))]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in {**keys, **columns}.items()})


def edited(value: str, random: Random) -> str:
    letters = list(value)
    for _ in range(random.randint(1, 3) if letters else 0):
        at = random.randrange(len(letters))
        letters[at : at + random.randint(0, 2)] = (
            random.sample(ALPHABET, random.randint(0, 2)) + letters[at : at + 1]
        )
    return "".join(letters)


def model() -> MatchModel:
    """A model that compares everything, each comparison for itself; its numbers do not matter here."""
    factors = tuple(
        Factor(found.name, (found,), (len(found.m_prior) + 1,))
        for found in RULES.comparisons
        if found.name != "loyalty_id"
    )
    flat = tuple(FactorProbabilities(*((1.0, *[0.1] * (factor.cells - 1)),) * 3) for factor in factors)
    chances = {factor.name: 0.1 for factor in factors if factor.comparisons[0].term_frequency}
    return MatchModel(
        "m", RULES, factors, flat, 1e-4, 1e-5, chances, {name: {} for name in chances}, chances, len(NAMES)
    )


MODEL = model()
FRAME = splink_frame(records(), MODEL, NICKNAMES)


def told(comparison: dict[str, Any]) -> dict[tuple[int, int], str]:
    """The level of every pair of records, by the settings' conditions."""
    *tried, otherwise = comparison["comparison_levels"]
    whens = "\n".join(f"when {level['sql_condition']} then '{level['label_for_charts']}'" for level in tried)
    sides = ", ".join(f'{side}."{name}" as "{name}_{side}"' for side in "lr" for name in FRAME.column_names)
    with duckdb.connect() as connection:
        connection.register("frame", FRAME)
        found = connection.execute(
            f"select unique_id_l, unique_id_r, case {whens} else '{otherwise['label_for_charts']}' end"
            f" from (select {sides} from frame l cross join frame r)"
        ).fetchall()
    return {(left, right): level for left, right, level in found}


def normalised() -> list[NormalisedRecord]:
    names = [factor.name for factor in MODEL.factors]
    return [
        NormalisedRecord(
            RecordKey(row["source"], row["source_record_id"]),
            {name: row[name] for name in names if row[name]},
        )
        for row in FRAME.to_pylist()
    ]


@pytest.mark.parametrize(
    "comparison", to_splink_settings(MODEL)["comparisons"], ids=lambda c: c["output_column_name"]
)
def test_splinks_conditions_reach_the_comparators_levels(comparison: dict[str, Any]) -> None:
    name = comparison["output_column_name"]
    by_splink, people, ours = told(comparison), normalised(), comparators(NICKNAMES)
    spelled = next(COMPARATOR_LEVELS[found.comparator] for found in RULES.comparisons if found.name == name)
    for left, right in product(range(len(people)), repeat=2):
        if left >= right:
            continue
        level = levels(people[left], people[right], MODEL, ours).levels[name]
        expected = spelled[level - 1] if level else "missing"
        assert by_splink[left, right] == expected, (people[left].features, people[right].features)


def test_letters_swapped_around_another_are_three_edits_as_they_are_to_us() -> None:
    phones = next(c for c in to_splink_settings(MODEL)["comparisons"] if c["output_column_name"] == "phone")
    conditions = {level["label_for_charts"]: level["sql_condition"] for level in phones["comparison_levels"]}
    answers = {}
    for short, long in (("12345", "1352245"), ("14155550123", "141555519023"), ("12345", "13945")):
        row = f"""(select '{short}' as "phone_l", '{long}' as "phone_r")"""
        with duckdb.connect() as connection:
            found = connection.execute(f"select {conditions['two_edits']} from {row}").fetchone()
        answers[short, long] = bool(found and found[0])
    assert answers["14155550123", "141555519023"] is False
    assert answers["12345", "13945"] is True
