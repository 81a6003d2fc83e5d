"""Read `customer.survivorship.yml` and refuse what it cannot mean.

E120  the file cannot be read, or is not YAML
E121  a key nobody knows
E122  a criterion nobody knows
E123  an attribute that is neither canonical nor declared
E124  a `together` that cannot work
E125  the same key, attribute or criterion twice
E126  a named rule nobody knows: verified_by, compared_as, <shape>
E127  something of another kind than expected, or missing
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from identity.model.errors import RulesError
from identity.model.policy import AttributePolicy, SurvivorshipPolicy
from identity.model.record import CANONICAL_ATTRIBUTES
from matching_rules.yaml_reading import refuse_depth

__all__ = ["CRITERIA", "SHAPES", "WELL_FORMED", "load_survivorship_policy"]

CRITERIA = ("trusted_source", "most_recent", "verified", "most_complete", "vote")
COMPARED_AS = ("text", "phone")

_DAYS = (
    "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
)
_LEAP_YEAR = "[0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00"

# All patterns keep to what Python's `re` and RE2 read alike (see AttributePolicy).
WELL_FORMED: Mapping[str, str] = {
    "email": r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "phone": r"\+?([ ()./-]*[0-9]){7,15}[ ()./-]*",
    "date": f"[0-9]{{4}}-({_DAYS})|({_LEAP_YEAR})-02-29",
}
SHAPES: Mapping[str, str] = {
    "<one letter>": r"[a-z]\.?",
    "<first of january>": "[0-9]{4}-01-01",
    "<one digit repeated>": "|".join(f"{digit}{digit}+" for digit in range(10)),
    "<no letter or digit>": r"[ -/:-@\[-`{-~]+",
    "<example address>": r"[^@]*@(example|test)\.(com|net|org)",
    "<no-reply address>": "(no[-._]?reply|do[-._]?not[-._]?reply)@[^@]*",
}

_TOP_KEYS = ("default", "placeholders", "rules")
_DEFAULT_KEYS = ("criteria",)
_RULE_KEYS = (
    "attributes",
    "together",
    "criteria",
    "mastered_by",
    "verified_by",
    "compared_as",
    "placeholders",
    "doubtful",
)


def load_survivorship_policy(path: Path, custom_attributes: Collection[str] = ()) -> SurvivorshipPolicy:
    """Return the policy that `path` describes; `custom_attributes` are declared beyond the canonical ones.

    Errors: RulesError E120 to E127, each naming the file, the key and what is allowed. `trust` stays empty
    here: it belongs to the sources.
    """
    top = _Section(path.name, "", _document(path))
    top.refuse_unknown_keys(_TOP_KEYS)
    common = top.texts("placeholders")
    default = top.section("default")
    default.refuse_unknown_keys(_DEFAULT_KEYS)
    known = (*CANONICAL_ATTRIBUTES, *custom_attributes)
    policies = [policy for rule in top.sections("rules") for policy in _policies(rule, common, known)]
    _refuse_repeats(top, "rules", (name for policy in policies for name in policy.attributes))
    return SurvivorshipPolicy(tuple(policies), default=_policy(default, "*", (), common))


@dataclass(frozen=True, slots=True)
class _Section:
    """A mapping of the file, with the place it stands at, for error messages that point there."""

    file: str
    place: str
    content: Mapping[str, object] = field(default_factory=dict)

    def error(self, code: str, key: str, problem: str, remedy: str) -> RulesError:
        return RulesError(code, f"{self.file}: `{self.place}{key}` {problem}.", remedy)

    def refuse_unknown_keys(self, allowed: Sequence[str]) -> None:
        for key in self.content:
            self.one_of("E121", str(key), str(key), allowed, "is not a known key")

    def one_of(self, code: str, key: str, value: str, allowed: Sequence[str], problem: str) -> str:
        if value not in allowed:
            raise self.error(code, key, problem, f"Use one of: {', '.join(allowed)}.")
        return value

    def text(self, key: str, default: str = "") -> str:
        value = self.content.get(key, default)
        if not isinstance(value, str):
            raise self.error("E127", key, "has to be one text", f"Write `{key}: name`.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error("E127", key, "has to be a list of texts", f"Write `{key}: [one, two]`.")
        return tuple(value)

    def section(self, key: str) -> _Section:
        return self._inner(key, self.content.get(key))

    def sections(self, key: str) -> list[_Section]:
        value = self.content.get(key)
        if not isinstance(value, list):
            raise self.error(
                "E127",
                key,
                "has to be a list of rules",
                f"Write `{key}:` and one `- attributes: …` per rule.",
            )
        return [self._inner(f"{key}[{place}]", item) for place, item in enumerate(value, start=1)]

    def _inner(self, key: str, value: object) -> _Section:
        if not isinstance(value, dict):
            raise self.error("E127", key, "holds no keys", "Give it at least `criteria: […]`.")
        return _Section(self.file, f"{self.place}{key}.", value)


def _policies(rule: _Section, common: Sequence[str], known: Sequence[str]) -> list[AttributePolicy]:
    rule.refuse_unknown_keys(_RULE_KEYS)
    together, each = rule.texts("together"), rule.texts("attributes")
    for key, names in (("together", together), ("attributes", each)):
        for name in names:
            rule.one_of("E123", key, name, known, f"names the unknown attribute {name!r}")
    if "together" in rule.content:
        _check_together(rule, together)
        return [_policy(rule, together[0], together, common)]
    if not each:
        raise rule.error("E127", "attributes", "is missing", "Name the attributes this rule is for.")
    return [_policy(rule, name, (), common) for name in each]


def _check_together(rule: _Section, together: Sequence[str]) -> None:
    clash = next((key for key in ("attributes", "verified_by") if key in rule.content), "")
    if clash:
        raise rule.error(
            "E124",
            "together",
            f"stands beside `{clash}`",
            f"Keep one of the two: move `{clash}` to a rule of its own.",
        )
    if len(set(together)) < 2:
        raise rule.error(
            "E124",
            "together",
            "needs two attributes or more",
            "Name them all, or write `attributes: […]` instead.",
        )


def _policy(
    section: _Section, attribute: str, together: tuple[str, ...], common: Sequence[str]
) -> AttributePolicy:
    placeholders, placeholder_pattern = _blanks(section, "placeholders", common)
    doubtful, doubtful_pattern = _blanks(section, "doubtful")
    return AttributePolicy(
        attribute=attribute,
        criteria=_criteria(section),
        together=together,
        mastered_by=section.text("mastered_by"),
        compared_as=_named(section, "compared_as", section.text("compared_as", "text"), COMPARED_AS),
        placeholders=placeholders,
        placeholder_pattern=placeholder_pattern,
        doubtful=doubtful,
        doubtful_pattern=doubtful_pattern,
        verified_pattern=_verified_pattern(section),
    )


def _criteria(section: _Section) -> tuple[str, ...]:
    criteria = section.texts("criteria")
    if not criteria:
        raise section.error("E127", "criteria", "is missing", f"Name one or more of: {', '.join(CRITERIA)}.")
    for criterion in criteria:
        section.one_of("E122", "criteria", criterion, CRITERIA, f"names the unknown criterion {criterion!r}")
    _refuse_repeats(section, "criteria", criteria)
    if "verified" in criteria and "verified_by" not in section.content:
        remedy = f"Add `verified_by:` with one of: {', '.join(WELL_FORMED)}."
        raise section.error("E126", "criteria", "uses `verified` but does not say by which rule", remedy)
    return criteria


def _verified_pattern(section: _Section) -> str:
    if "verified_by" not in section.content:
        return ""
    return WELL_FORMED[_named(section, "verified_by", section.text("verified_by"), tuple(WELL_FORMED))]


def _blanks(section: _Section, key: str, common: Sequence[str] = ()) -> tuple[tuple[str, ...], str]:
    """Return the plain values of a list and one pattern for its shapes."""
    entries = (*common, *(section.texts(key)))
    shapes = [entry for entry in entries if entry.startswith("<")]
    patterns = [SHAPES[_named(section, key, shape, tuple(SHAPES))] for shape in shapes]
    return tuple(entry for entry in entries if entry not in shapes), "|".join(patterns)


def _named(section: _Section, key: str, value: str, allowed: Sequence[str]) -> str:
    return section.one_of("E126", key, value, allowed, f"names the unknown rule {value!r}")


def _refuse_repeats(section: _Section, key: str, names: Iterable[str]) -> None:
    met: set[str] = set()
    for name in names:
        if name in met:
            raise section.error("E125", key, f"names {name!r} twice", "Keep one of the two.")
        met.add(name)


# --- YAML as plain text ------------------------------------------------------------------------------------


class _Reader(yaml.CBaseLoader):
    """YAML whose scalars stay text as written (1900-01-01, null, 00000) and whose keys are unique."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise _RepeatedKeyError(f"`{key}` stands twice in the mapping that starts on line {line}")
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


class _RepeatedKeyError(Exception):
    """A mapping with the same key twice, of which YAML would silently drop one."""


def _document(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
        refuse_depth(text)
        document: object = yaml.load(text, _Reader)
    except _RepeatedKeyError as repeated:
        raise RulesError("E125", f"{path.name}: {repeated}.", "Keep one of the two.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as cause:
        reason = " ".join(str(cause).split())
        raise RulesError(
            "E120", f"{path.name} cannot be read: {reason}.", "It has to be a UTF-8 YAML file."
        ) from cause
    if not isinstance(document, dict):
        keys = ", ".join(_TOP_KEYS)
        raise RulesError("E127", f"{path.name} holds no keys at the top.", f"Write: {keys}.")
    return document
