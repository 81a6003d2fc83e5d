"""Every comparator says the same of one pair and of many, and says only what the vocabulary knows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.comparators import MISSING, SWAPPED, Comparator, Nicknames, comparators
from identity.comparators.base import EXACT
from identity.model.vocabulary import COMPARATOR_LEVELS

NICKNAMES = Nicknames.of(
    [
        ("william", "bill", "will"),
        ("robert", "bob", "rob"),
        ("alexander", "sasha"),
        ("alexandra", "sasha"),
        ("josé", "pepe"),
    ]
)
COMPARATORS = comparators(NICKNAMES)

LETTERS = "abcdelmnoru áéñöß'ø" + "иванова" + "李小龙王" + "אבג" + "ابت"
NAMES = "william bill robert bob sasha alexandra jon john johnathan jonathan maria mary marie anna ana j m".split()
FAMILY_NAMES = [
    "garcia",
    "garcia lopez",
    "lopez garcia",
    "obrien",
    "o brien",
    "li",
    "lin",
    "van der berg",
    "berg",
    "müller",
    "иванова",
    "иванов",
    "李",
    "王",
]
PROVIDERS = ["gmail.com", "yahoo.com", "gmx.de", "web.de", "acme.example", "acme.com", "xn--bcher-kva.de"]


def _edited(value: str, edits: list[tuple[int, int, str]]) -> str:
    """Return `value` with letters inserted, replaced, removed or swapped with the next one."""
    letters = list(value)
    for kind, place, letter in edits:
        at = place % (len(letters) + 1)
        if kind == 0:
            letters.insert(at, letter)
        elif at < len(letters) and kind == 1:
            letters[at] = letter
        elif at < len(letters) and kind == 2:
            del letters[at]
        elif at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def _near(values: list[str], letters: str = LETTERS) -> st.SearchStrategy[str]:
    """Values a few edits away from known ones, where thresholds lie, and values of any letters."""
    edits = st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 20), st.sampled_from(letters.replace(" ", ""))),
        max_size=4,
    )
    edited = st.builds(_edited, st.sampled_from(values), edits)
    return (edited | st.text(letters, max_size=12)).map(lambda text: " ".join(text.split())).filter(bool)


def _digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


_DATES = _digits(8, 8) | st.sampled_from(
    ["19850304", "19850403", "19850101", "19580304", "19851304", "19860304", "20000101", "19160017"]
)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "given_name": _near(NAMES),
    "family_name": _near(FAMILY_NAMES),
    "birth_date": st.builds(lambda date, mark: date + mark, _DATES, st.sampled_from(["", "", "?"])),
    "email": st.builds(
        lambda local, domain: f"{local}@{domain}",
        _near(["jdoe", "john.doe", "johndoe", "info", "a", "x@y"], "abdehjno.@0"),
        st.sampled_from(PROVIDERS) | _near(PROVIDERS, "acmeglo.-"),
    ),
    "phone": _near(["2125550142", "2125550124", "301234567"], "0123456789"),
    "identifier": _near(["abc12", "123456780", "4711000"], "0123456789abx"),
    "address": st.builds(
        lambda house, street: f"{house}|{street}",
        st.sampled_from(["", "1", "12", "12a", "221b"]),
        _near(["main st", "st main", "mainst", "n 5th st", "hauptst", "rue de la paix", "ленина"]),
    ),
    "postcode": _near(["02134", "02135", "SW1A1AA", "SW1A2AA", "01067", "12"], "0123456789AW"),
    "city": _near(
        ["new york", "york", "new york city", "ulm", "uln", "munchen", "muncheon", "москва", "東京"]
    ),
    "category": _near(["gold", "silver", "very gold"]),
}
every_comparator = pytest.mark.parametrize("name", COMPARATORS)


def _many(comparator: Comparator, values: list[str], pairs: list[tuple[int, int]]) -> list[int]:
    first, second = np.array(pairs, np.int32).reshape(-1, 2).T
    levels = comparator.unequal_many(comparator.prepare(values), first, second)
    assert len(levels) == len(pairs)
    return [int(level) for level in levels]


def test_the_vocabulary_names_exactly_the_comparators_there_are() -> None:
    assert set(COMPARATORS) == set(COMPARATOR_LEVELS) == set(VALUES)
    for name, comparator in COMPARATORS.items():
        assert comparator.name == name
        assert comparator.level_names == COMPARATOR_LEVELS[name]
        assert comparator.level_names[EXACT - 1] == "exact"
    assert COMPARATOR_LEVELS["given_name"][SWAPPED - 1] == "swapped"


@every_comparator
def test_a_missing_value_is_no_evidence_and_an_equal_one_is_exact(name: str) -> None:
    @settings(max_examples=10, deadline=None)
    @given(VALUES[name])
    def check(value: str) -> None:
        level = COMPARATORS[name].level
        assert level(value, value) == EXACT
        assert level(value, "") == level("", value) == level("", "") == MISSING

    check()


@every_comparator
def test_one_pair_and_many_pairs_reach_the_same_level_from_either_side(name: str) -> None:
    comparator = COMPARATORS[name]

    @settings(max_examples=40, deadline=None)
    @given(st.lists(VALUES[name], min_size=2, max_size=8, unique=True))
    def check(values: list[str]) -> None:
        pairs = [(i, j) for i in range(len(values)) for j in range(len(values)) if i != j]
        one = [comparator.unequal(values[i], values[j]) for i, j in pairs]
        assert _many(comparator, values, pairs) == one
        assert one == [comparator.unequal(values[j], values[i]) for i, j in pairs]
        assert all(EXACT <= level <= len(comparator.level_names) for level in one)

    check()


@every_comparator
def test_no_values_and_no_pairs_are_no_trouble(name: str) -> None:
    assert _many(COMPARATORS[name], [], []) == []
    assert _many(COMPARATORS[name], ["19850304"], []) == []


def _level(name: str) -> Callable[[str, str], str]:
    def level(left: str, right: str) -> str:
        return COMPARATORS[name].level_names[COMPARATORS[name].level(left, right) - 1]

    return level


LEVELS = [
    ("given_name", "bill", "william", "nickname"),
    ("given_name", "sasha", "alexandra", "nickname"),
    ("given_name", "bill", "bob", "different"),
    ("given_name", "john", "jon", "close"),
    ("given_name", "j", "john", "initial"),
    ("given_name", "j", "m", "different"),
    ("given_name", "李", "王", "different"),
    ("given_name", "mary", "peter", "different"),
    ("family_name", "garcia", "garcia lopez", "contains"),
    ("family_name", "lopez", "garcia lopez", "contains"),
    ("family_name", "li", "lin", "close"),
    ("family_name", "smith", "garcia", "different"),
    ("birth_date", "19850304", "19850305", "close"),
    ("birth_date", "19850304", "19850403", "close"),
    ("birth_date", "19850304?", "19850403", "exact"),
    ("birth_date", "19850304?", "19850304", "exact"),
    ("birth_date", "19850304", "19580304", "close"),
    ("birth_date", "19850304", "19850101", "year_known"),
    ("birth_date", "19850304", "19851127", "partial"),
    ("birth_date", "19850304", "19861127", "near"),
    ("birth_date", "19850304", "19421127", "different"),
    ("email", "jdoe@acme.com", "jdo@acme.com", "close"),
    ("email", "jdoe@gmail.com", "jdo@gmail.com", "close_at_provider"),
    ("email", "jdoe@acme.com", "jdoe@other.example", "same_local_part"),
    ("email", "jdoe@acme.com", "info@other.example", "different"),
    ("phone", "2125550142", "2125550124", "one_edit"),
    ("phone", "2125550142", "2125550199", "two_edits"),
    ("phone", "2125550142", "3015550199", "different"),
    ("identifier", "abc12", "abc13", "one_edit"),
    ("address", "12|main st", "12|mian st", "similar"),
    ("address", "12|main st", "|main st", "similar"),
    ("address", "12|main st", "14|main st", "same_street"),
    ("address", "12|st main", "12|main st", "similar"),
    ("address", "12|main st", "12|rue de la paix", "different"),
    ("postcode", "02134", "02135", "one_edit"),
    ("postcode", "02134", "02199", "same_area"),
    ("postcode", "02134", "90210", "different"),
    ("city", "munchen", "muncheon", "close"),
    ("city", "york", "new york", "fair"),
    ("city", "ulm", "uln", "different"),
    ("category", "gold", "silver", "different"),
]


@pytest.mark.parametrize(("name", "left", "right", "level"), LEVELS)
def test_levels_mean_what_their_names_say(name: str, left: str, right: str, level: str) -> None:
    assert _level(name)(left, right) == _level(name)(right, left) == level


def test_a_nickname_of_two_names_is_filed_under_one_and_alike_to_both() -> None:
    assert NICKNAMES.formal("sasha") == "alexander"
    assert NICKNAMES.alike("sasha", "alexandra")
    assert NICKNAMES.alike("alexander", "sasha")
    assert not NICKNAMES.alike("alexander", "alexandra")
    assert NICKNAMES.formal("nobody") == "nobody"
