"""The schemas of rules say what their readers say, as far as a schema can."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from identity.model.errors import RulesError
from matching_rules.consent_rules import load_consent_policy
from matching_rules.erp_rules import load_erp_policy
from matching_rules.loader import load_source_policy, rules_directory
from matching_rules.loyalty_rules import load_loyalty_policy
from matching_rules.match_rules import load_match_rules
from matching_rules.purpose_rules import load_purposes
from matching_rules.rematch_rules import load_rematch_limits
from matching_rules.survivorship import load_survivorship_policy
from tools.schemas import FILES, schemas

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "docs" / "reference" / "schemas"
RULES = rules_directory()


def _source(path: Path) -> object:
    (path.parent / "sources").mkdir(exist_ok=True)
    (path.parent / "sources" / "pos.yml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return load_source_policy(path.parent, "pos")


READERS: dict[str, Callable[[Path], object]] = {
    "match": load_match_rules,
    "survivorship": load_survivorship_policy,
    "consent": load_consent_policy,
    "purposes": load_purposes,
    "rematch": load_rematch_limits,
    "loyalty": load_loyalty_policy,
    "erp": load_erp_policy,
    "source": _source,
}
SHIPPED = {name: RULES / file for name, file in FILES.items() if "*" not in file} | {
    "source": RULES / "sources" / "pos.yml"
}


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it: true and false are the only truths, and dates are texts."""


Core.yaml_implicit_resolvers = {
    first: [
        (tag, re.compile("^(true|false)$") if tag.endswith(":bool") else pattern)
        for tag, pattern in found
        if not tag.endswith(":timestamp")
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Core)


def accepts(name: str, document: Any) -> bool:
    return bool(Draft202012Validator(schemas()[name]).is_valid(document))


def test_the_written_schemas_are_those_of_the_code() -> None:
    written = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in WRITTEN.iterdir()}
    assert written == {f"{name}.schema.json": schema for name, schema in schemas().items()}, "make reference"
    for schema in written.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "path", sorted([*RULES.glob("*.yml"), *RULES.glob("sources/*.yml")]), ids=lambda p: p.name
)
def test_what_is_shipped_is_as_its_schema_says_and_names_it(path: Path) -> None:
    name = "source" if path.parent.name == "sources" else path.name.split(".")[1]
    problems = [problem.message for problem in Draft202012Validator(schemas()[name]).iter_errors(read(path))]
    assert problems == []
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
    assert named
    assert (path.parent / named[1]).resolve() == WRITTEN / f"{name}.schema.json"


@pytest.mark.parametrize("name", FILES)
def test_a_schema_refuses_nothing_that_its_reader_takes(name: str, tmp_path: Path) -> None:
    """Every key misspelt, left out, or given another kind of value, one at a time."""
    shipped = read(SHIPPED[name])
    refused_by_schema = 0
    for place, changed in mutations(shipped):
        path = tmp_path / SHIPPED[name].name
        path.write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
        try:
            READERS[name](path)
        except RulesError:
            refused_by_schema += not accepts(name, changed)
            continue
        assert accepts(name, changed), (place, changed)
    assert refused_by_schema


@pytest.mark.parametrize("name", FILES)
def test_a_schema_refuses_every_key_that_its_reader_does_not_know(name: str, tmp_path: Path) -> None:
    for place, changed in mutations(read(SHIPPED[name]), ("misspelt",)):
        path = tmp_path / SHIPPED[name].name
        path.write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
        try:
            READERS[name](path)
        except RulesError as problem:
            # What is shown for a purpose may be an attribute of one's own, declared elsewhere.
            if problem.code in ("E104", "E121") and "'needs'" not in place:
                assert not accepts(name, changed), place


def mutations(
    document: Any, kinds: tuple[str, ...] = ("misspelt", "left out", "a number", "a list of lists")
) -> Iterator[tuple[str, Any]]:
    """Yield the document with one thing changed, and where."""
    for place in places(document):
        for kind in kinds:
            changed = copy.deepcopy(document)
            within = changed
            for step in place[:-1]:
                within = within[step]
            last = place[-1]
            if kind == "misspelt" and isinstance(within, dict):
                within[f"{last}x"] = within.pop(last)
            elif kind == "left out":
                del within[last]
            elif kind == "a number":
                within[last] = 4711
            elif kind == "a list of lists":
                within[last] = [["strange"]]
            yield f"{place}: {kind}", changed


def places(document: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(document, dict | list):
        for step in list(document) if isinstance(document, dict) else range(min(len(document), 3)):
            yield (*before, step)
            yield from places(document[step], (*before, step))
