"""Match rules: what ships is in order, and each fault has its number, its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.model.errors import RulesError
from identity.model.evidence import MatchWeight
from identity.model.match import BlockingKey, Comparison, Thresholds
from identity.model.vocabulary import BLOCKING_PARTS, COMPARATOR_LEVELS
from matching_rules.loader import rules_directory
from matching_rules.match_rules import load_match_rules, load_nickname_groups

SHIPPED = rules_directory() / "customer.match.yml"
GOOD = SHIPPED.read_text(encoding="utf-8")
CITY = "m: {exact: .75, close: .10, fair: .03, different: .12}}"

FAULTS = {
    "not yaml": ("comparisons:\n", "comparisons: [\n", "E102", "customer.match.yml"),
    "no number": ("cap: 20\n", "cap: many\n", "E103", "blocking.cap"),
    "no truth value": ("of_person: true", "of_person: maybe", "E103", "comparisons[1].of_person"),
    "no list": ("swaps:", "comparison: 1\nswaps:", "E104", "comparison"),
    "unknown key": ("name: phone, ", "groop: phone, name: phone, ", "E104", "groop"),
    "unknown key at the top": ("thresholds:", "treshholds: {}\nthresholds:", "E104", "treshholds"),
    "no thresholds": ("thresholds: {match: 0.0, review: -4.0}", "", "E105", "thresholds"),
    "no cap": ("  cap: 20\n", "", "E105", "blocking.cap"),
    "a key twice": ("thresholds:", "swaps: []\nthresholds:", "E107", "swaps"),
    "a comparison twice": ("- {name: gender,", "- {name: email,", "E107", "comparisons"),
    "a blocking key twice": ("- {name: email_local, ", "- {name: email, ", "E107", "blocking.keys"),
    "unknown comparator": ("comparator: city,", "comparator: town,", "E131", "comparisons[10].comparator"),
    "a level too few": (CITY, "m: {exact: .75, close: .25}}", "E132", "comparisons[10].m"),
    "a level too many": (CITY, CITY.replace("fair", "fare: .1, fair"), "E132", "comparisons[10].m"),
    "unknown neutral level": (
        "neutral: [close_at_provider",
        "neutral: [near",
        "E132",
        "comparisons[4].neutral",
    ),
    "unknown attribute": ("- {name: gender,", "- {name: shoe_size,", "E133", "comparisons[11].name"),
    "unknown attribute limited": ("email: 8,", "e_mail: 8,", "E133", "generic_limits.e_mail"),
    "unknown part": ("parts: [phone_end]", "parts: [phone_start]", "E134", "blocking.keys[4].parts"),
    "no parts": ("parts: [phone_end]", "parts: []", "E134", "blocking.keys[4].parts"),
    "thresholds out of order": ("review: -4.0", "review: 4.0", "E135", "thresholds.review"),
    "a chance above one": ("exact: .72,", "exact: 72,", "E136", "comparisons[1].m.exact"),
    "a cap below two": ("parts: [email], cap: 200", "parts: [email], cap: 1", "E136", "blocking.keys[1].cap"),
    "a cap without end": (
        "parts: [email], cap: 200",
        "parts: [email], cap: inf",
        "E136",
        "blocking.keys[1].cap",
    ),
    "a limit of none": ("email: 8,", "email: 0,", "E136", "generic_limits.email"),
    "a cap that is no number": (
        "parts: [email], cap: 200",
        "parts: [email], cap: nan",
        "E136",
        "blocking.keys[1].cap",
    ),
    "a threshold that is no number": ("{match: 0.0,", "{match: nan,", "E136", "thresholds.match"),
    "swaps of one": ("swaps: [given_name, family_name]", "swaps: [given_name]", "E137", "swaps"),
    "swaps of others": (
        "swaps: [given_name, family_name]",
        "swaps: [family_name, given_name]",
        "E137",
        "swaps",
    ),
    "the same expected of nothing": (
        CITY,
        "m: {exact: 0, close: 0, fair: 0, different: 0}}",
        "E136",
        "comparisons[10].m",
    ),
    "a match threshold no link can reach": ("{match: 0.0,", "{match: 13,", "E136", "thresholds.match"),
}


def rules(folder: Path, content: str) -> Path:
    path = folder / "customer.match.yml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_rules_that_ship_are_in_order_and_use_every_comparator() -> None:
    found = load_match_rules(SHIPPED)
    assert {comparison.comparator for comparison in found.comparisons} == set(COMPARATOR_LEVELS)
    assert {part for key in found.blocking for part in key.parts} <= set(BLOCKING_PARTS)
    assert found.swaps == ("given_name", "family_name")
    assert found.thresholds.review <= found.thresholds.match


def test_every_key_reaches_the_rules(tmp_path: Path) -> None:
    content = """\
custom_attributes: [tier]
comparisons:
  - {name: tier, comparator: category, of_person: true, alike_at_home: .2, joint: rest, m: {exact: .9, different: .1}}
  - {name: email, comparator: email, term_frequency: true, neutral: close_at_provider,
     m: {exact: .7, close: .1, close_at_provider: 0, same_local_part: 0, different: .2}}
blocking:
  cap: 5
  keys: [{name: mail, cap: 7, parts: [email, postcode], unordered: true}, {name: usual, parts: [phone]}]
thresholds: {match: 3, review: -1.5}
partition: {clip: 9, unscored: -2, best_share: .5, best_fades: 1, largest_component: 99, distinct_values: {tax_id: 1}}
generic_limits: {phone: 3}
"""
    found = load_match_rules(rules(tmp_path, content))
    assert found.custom == ("tier",)
    assert found.comparisons == (
        Comparison("tier", "category", (0.9, 0.1), of_person=True, joint="rest", alike_at_home=0.2),
        Comparison("email", "email", (0.7, 0.1, 0.0, 0.0, 0.2), term_frequency=True, neutral=frozenset({3})),
    )
    assert found.blocking == (
        BlockingKey("mail", ("email", "postcode"), 7, unordered=True),
        BlockingKey("usual", ("phone",), 5),
    )
    assert found.thresholds == Thresholds(MatchWeight(3.0), MatchWeight(-1.5))
    partition = found.partition
    assert (partition.clip, partition.unscored, partition.best_share, partition.best_fades) == (9, -2, 0.5, 1)
    assert (partition.largest_component, partition.distinct_values) == (99, {"tax_id": 1})
    assert (found.generic_limits, found.swaps) == ({"phone": 3}, None)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_match_rules_has_its_number_and_names_its_place(tmp_path: Path, fault: str) -> None:
    good, bad, code, place = FAULTS[fault]
    assert good in GOOD
    with pytest.raises(RulesError) as caught:
        load_match_rules(rules(tmp_path, GOOD.replace(good, bad, 1)))
    assert caught.value.code == code
    assert "customer.match.yml" in caught.value.message
    assert place in caught.value.message


def test_rules_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="E101"):
        load_match_rules(tmp_path / "customer.match.yml")
    with pytest.raises(RulesError, match="E103"):
        load_match_rules(rules(tmp_path, ""))


def test_nickname_groups_are_lines_of_names_and_comments_are_none(tmp_path: Path) -> None:
    path = tmp_path / "nicknames.txt"
    path.write_text("# names\nwilliam bill will # of old\n\nroberta bobbie\n", encoding="utf-8")
    assert load_nickname_groups(path) == (("william", "bill", "will"), ("roberta", "bobbie"))


def test_a_nickname_group_of_one_name_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "nicknames.txt"
    path.write_text("william bill\nlonely\n", encoding="utf-8")
    with pytest.raises(RulesError, match=r"E138.*line 2"):
        load_nickname_groups(path)
    path.write_bytes(b"jos\xe9 pepe\n")
    with pytest.raises(RulesError, match="E101"):
        load_nickname_groups(path)
    with pytest.raises(RulesError, match="E101"):
        load_nickname_groups(tmp_path / "nowhere.txt")
