"""docs/api.md tells of every route, scope, code and setting there is, and of no others."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

from api import settings
from api.scopes import Scope
from api.settings import ApiSettings
from identity.observing import ObservingSettings
from identity.observing.settings import VARIABLES as OBSERVING
from tests.api.conftest import Api, at, lite
from tests.api.test_safety import SIGNED, declared, operations

__all__ = ["at", "lite"]

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
NO_CODES = {"DELETE", "XDG_STATE_HOME"}
DECIDED_ELSEWHERE = {
    "NOT_AHEAD",
    "NOT_A_SAMPLE",
    "BEING_MENDED",
    "NOT_DEFERRED",
    "NOT_LABELLED",
}  # of review tasks, which have no route


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def codes_used() -> set[str]:
    """The words in capitals in api/ that are neither exported names nor variables of the environment."""
    found = set()
    for path in (ROOT / "api").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        exported = {
            id(each)
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            if node.targets[0].id == "__all__"
            for each in ast.walk(node)
        }
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in exported
            if re.fullmatch(r"[A-Z_]{6,}", node.value) and not node.value.startswith("IDENTITY_")
        }
    return found - NO_CODES


def codes_of_decisions() -> set[str]:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| ([A-Z_]{6,}) \|", text, re.MULTILINE)) - DECIDED_ELSEWHERE


def test_the_table_of_codes_is_that_of_the_code() -> None:
    told = [row[0] for row in rows("Problems") if row[0] != "code"]
    assert len(told) == len(set(told))
    assert set(told) == codes_used() | codes_of_decisions()


def test_every_route_is_told_with_its_scope(lite: Api) -> None:
    told = {(method, path, scope) for method, path, scope, *_ in rows("Routes") if method.isupper()}
    there = {
        (method.upper(), path, ", ".join(declared(operation)) or ("signed" if path in SIGNED else "none"))
        for method, path, operation in operations(lite)
    }
    assert told == there


def test_every_scope_is_told_as_it_is() -> None:
    told = {row[0]: row[1] for row in rows("Authentication") if row[0] != "scope"}
    assert told == {scope.value: scope.meaning for scope in Scope}


def test_every_setting_is_told_with_its_default() -> None:
    told = {row[0]: row[1] for row in rows("Settings") if row[0] != "variable"}
    assert set(OBSERVING.values()) <= told.keys()
    usual = {each.name: each.default for kind in (ApiSettings, ObservingSettings) for each in fields(kind)}
    usual["signing_key"] = "$XDG_STATE_HOME/customer-identity/development-key.json"
    assert told == {
        settings._VARIABLES.get(name, f"IDENTITY_{name.upper()}"): str(default)
        for name, default in usual.items()
        if name != "intake"  # a variable for each source
    }
