"""What `customer.match.yml` may say, and the match rules it becomes.

E131  a comparator nobody knows                    E135  thresholds out of order
E132  levels that the comparator does not have     E136  a number out of its range
E133  an attribute that cannot be compared         E137  swaps that are not two compared names
E134  a part of a blocking key nobody knows        E138  a nickname group that says too little
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from identity.model.errors import RulesError
from identity.model.evidence import MatchWeight
from identity.model.match import (
    BlockingKey,
    Comparison,
    MatchRules,
    PartitionRules,
    Thresholds,
)
from identity.model.vocabulary import BLOCKING_PARTS, COMPARATOR_LEVELS, FEATURES
from matching_rules.document import Section, read_document

__all__ = ["load_match_rules", "load_nickname_groups"]

_TOP_KEYS = (
    "custom_attributes",
    "comparisons",
    "swaps",
    "blocking",
    "thresholds",
    "partition",
    "generic_limits",
)
_COMPARISON_KEYS = (
    *("name", "comparator", "of_person", "term_frequency", "joint", "m", "neutral", "alike_at_home"),
)
_KEY_KEYS = ("name", "cap", "parts", "unordered")
_PARTITION_KEYS = ("clip", "unscored", "best_share", "best_fades", "largest_component", "distinct_values")
_TRUTHS = {"true": True, "false": False}
_SUFFICIENT_BITS = 1000.0


def load_match_rules(path: Path) -> MatchRules:
    """Return the match rules in `path`. RulesError E101 to E107, E131 to E137."""
    document = read_document(path)
    document.only(_TOP_KEYS)
    custom = document.texts("custom_attributes")
    partition = _partition(document.section("partition", required=True))
    comparisons = tuple(
        _comparison(section, (*FEATURES, *custom)) for section in _listed(document, "comparisons")
    )
    _distinct(document, "comparisons", [comparison.name for comparison in comparisons])
    return MatchRules(
        comparisons=comparisons,
        blocking=_blocking(document.section("blocking", required=True)),
        thresholds=_thresholds(document.section("thresholds", required=True), partition.clip),
        partition=partition,
        generic_limits=_limits(document.section("generic_limits")),
        swaps=_swaps(document, comparisons),
        custom=custom,
    )


def load_nickname_groups(path: Path) -> tuple[tuple[str, ...], ...]:
    """Return the groups of names in `path`: a line each, the formal name first, `#` begins a comment.

    RulesError E101, E138.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as problem:
        raise RulesError("E101", f"{path} cannot be read.", "It has to be a file of UTF-8 text.") from problem
    groups = [(number, tuple(line.partition("#")[0].split())) for number, line in enumerate(lines, 1)]
    if lonely := next((number for number, group in groups if len(group) == 1), None):
        raise RulesError(
            "E138", f"{path.name}: line {lonely} has one name only.", "Give the names it goes by."
        )
    return tuple(group for _, group in groups if group)


def _comparison(section: Section, features: Sequence[str]) -> Comparison:
    section.only(_COMPARISON_KEYS)
    name = section.one_of("E133", "name", features)
    comparator = section.one_of("E131", "comparator", tuple(COMPARATOR_LEVELS))
    levels = COMPARATOR_LEVELS[comparator]
    expected = section.section("m", required=True)
    if set(expected.content) != set(levels):
        raise expected.error("E132", "", "has to name each level once", f"Levels: {', '.join(levels)}.")
    m_prior = tuple(expected.decimal(level, 0.0, 1.0) for level in levels)
    if not sum(m_prior):
        raise expected.error("E136", "", "expects no level at all", "Give the likely levels their shares.")
    neutral = section.texts("neutral")
    if unknown := next((level for level in neutral if level not in levels), None):
        raise section.error("E132", "neutral", f"{unknown!r} is no level", f"Levels: {', '.join(levels)}.")
    return Comparison(
        name=name,
        comparator=comparator,
        m_prior=m_prior,
        of_person=_truth(section, "of_person"),
        term_frequency=_truth(section, "term_frequency"),
        joint=section.text("joint", ""),
        neutral=frozenset(levels.index(level) + 1 for level in neutral),
        alike_at_home=section.decimal("alike_at_home", 0.0, 1.0, 0.0),
    )


def _blocking(section: Section) -> tuple[BlockingKey, ...]:
    section.only(("cap", "keys"))
    cap = _cap(section)
    keys = tuple(_blocking_key(key, cap) for key in _listed(section, "keys"))
    _distinct(section, "keys", [key.name for key in keys])
    return keys


def _cap(section: Section) -> int:
    return int(section.decimal("cap", 2, 1000))


def _blocking_key(section: Section, usual_cap: int) -> BlockingKey:
    section.only(_KEY_KEYS)
    parts = section.texts("parts")
    if not parts or (unknown := next((part for part in parts if part not in BLOCKING_PARTS), None)):
        problem = f"{unknown!r} is not known" if parts else "has to be given"
        raise section.error("E134", "parts", problem, f"Parts: {', '.join(BLOCKING_PARTS)}.")
    cap = _cap(section) if "cap" in section.content else usual_cap
    return BlockingKey(section.text("name"), parts, cap, _truth(section, "unordered"))


def _thresholds(section: Section, clip: float) -> Thresholds:
    section.only(("match", "review"))
    # A link has no more than `clip` bits of say: above that nothing would ever match.
    match = section.decimal("match", -clip, clip)
    review = section.decimal("review", -_SUFFICIENT_BITS, _SUFFICIENT_BITS)
    if review > match:
        raise section.error(
            "E135",
            "review",
            f"{review} is above match {match}",
            "A person looks at weights below the match threshold.",
        )
    return Thresholds(MatchWeight(match), MatchWeight(review))


def _partition(section: Section) -> PartitionRules:
    section.only(_PARTITION_KEYS)
    return PartitionRules(
        clip=section.decimal("clip", 1, _SUFFICIENT_BITS),
        unscored=section.decimal("unscored", -_SUFFICIENT_BITS, 0),
        best_share=section.decimal("best_share", 0, 1),
        best_fades=section.decimal("best_fades", 0, 10),
        largest_component=int(section.decimal("largest_component", 2, 20_000)),
        distinct_values=_limits(section.section("distinct_values")),
    )


def _limits(section: Section) -> dict[str, int]:
    if unknown := next((key for key in section.content if key not in FEATURES), None):
        raise section.error("E133", unknown, "cannot be limited", f"Attributes: {', '.join(FEATURES)}.")
    return {key: int(section.decimal(key, 1, 1_000_000)) for key in section.content}


def _swaps(document: Section, comparisons: Sequence[Comparison]) -> tuple[str, str] | None:
    swaps = document.texts("swaps")
    kinds = {comparison.name: comparison.comparator for comparison in comparisons}
    if not swaps:
        return None
    if [kinds.get(name) for name in swaps] != ["given_name", "family_name"]:
        raise document.error(
            "E137",
            "swaps",
            "has to name two comparisons, of a given and of a family name",
            "Write [given_name, family_name].",
        )
    return swaps[0], swaps[1]


def _listed(section: Section, key: str) -> list[Section]:
    listed = section.content.get(key)
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        raise section.error("E103", key, "has to be a list of keys with values")
    place = ".".join(filter(None, (section.place, key)))
    return [Section(section.file, f"{place}[{at}]", item) for at, item in enumerate(listed, 1)]


def _distinct(section: Section, key: str, names: list[str]) -> None:
    if twice := next((name for at, name in enumerate(names) if name in names[:at]), None):
        raise section.error("E107", key, f"{twice!r} stands twice", "Keep one of the two.")


def _truth(section: Section, key: str) -> bool:
    return _TRUTHS[section.one_of("E103", key, tuple(_TRUTHS), "false")]
