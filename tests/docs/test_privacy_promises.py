"""Each promise of docs/privacy.md names the test that shows it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMISED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")


def test_every_promise_names_a_test_that_there_is() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    named = [PROMISED.search(row) for row in rows]
    assert all(named), [row for row, found in zip(rows, named, strict=True) if not found]
    for found in named:
        assert found
        tree = ast.parse((ROOT / found[1]).read_text(encoding="utf-8"))
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert found[2] in tests, found[0]


def test_every_kind_of_promise_is_made() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8").lower()
    for what in (
        "erased",
        "brought back",
        "backup",
        "confirm",
        "told everything",
        "trail",
        "key",
        "masked",
        "consent",
    ):
        assert what in text, what
