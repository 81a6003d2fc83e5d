"""The reference is as the code has it: every command, setting, event and metric, and no others."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tools import commands, diagram, events

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGES = ("identity", "api", "stewardship")
# Pieces of names: what follows them is decided where they are used.
PREFIXES = {"IDENTITY_WEBHOOK_SECRET_", "IDENTITY_INTAKE_", "IDENTITY_OIDC_"}


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "written"),
    [("reference/cli.md", commands.reference), ("reference/events.md", events.reference)],
)
def test_what_is_written_from_the_code_is_as_the_code_has_it(name: str, written: object) -> None:
    assert callable(written)
    assert text_of(name) == written(), "make reference"


def test_the_import_diagram_is_as_the_imports_are() -> None:
    assert diagram.block() in text_of("architecture.md"), "make reference"


def test_the_import_diagram_goes_one_way() -> None:
    order = {name: at for at, layer in enumerate(diagram.layers()) for name in layer}
    upwards = [
        (one, other)
        for one, others in diagram.imports().items()
        for other in others
        if one in order and other in order and order[one] >= order[other]
    ]
    assert upwards == []


def strings() -> list[str]:
    return [
        node.value
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_every_setting_has_its_place_in_the_reference_and_no_other_has() -> None:
    told = set(re.findall(r"`(IDENTITY_[A-Z_]+)`", text_of("reference/settings.md")))
    names = {value for value in strings() if re.fullmatch("IDENTITY_[A-Z_]+", value)} - PREFIXES
    untold = {name for name in names if name not in told and not name.endswith("_")}
    assert untold == set(), "docs/reference/settings.md lacks these"
    usual = text_of("reference/settings.md").partition("## Elsewhere")[0]
    here = {name.removesuffix("_FILE") for name in re.findall(r"`(IDENTITY_[A-Z_]+)`", usual)}
    assert here - names == set(), "these are nowhere in the code"


def test_the_page_that_the_reference_sends_to_tells_of_the_setting() -> None:
    rows = re.findall(
        r"^\| (.*?) \| \[[^\]]+\]\(\.\./(\w[\w-]*\.md)#", text_of("reference/settings.md"), re.MULTILINE
    )
    assert rows
    for variables, page in rows:
        told = text_of(page)
        for name in re.findall(r"`(IDENTITY_[A-Z_]+)`", variables):
            generic = name.replace("SOURCE", "ECOMMERCE") if "INTAKE_SOURCE" in name else name
            assert name in told or generic in told, (name, page)


def test_every_type_of_event_is_told() -> None:
    told = set(re.findall(r"^## (\w+\.\w+)$", text_of("reference/events.md"), re.MULTILINE))
    used = {value for value in strings() if re.fullmatch(r"(customer|review)\.[a-z_]+", value)}
    assert used >= told
    assert {
        path.name.removesuffix(".schema.json") for path in (DOCS / "events").glob("*.*.schema.json")
    } == told
