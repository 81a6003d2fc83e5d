"""What `from identity import …` gives is documented, typed, and quick to import."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import is_dataclass
from pathlib import Path
from types import FunctionType

import pytest

import identity
from identity.face.reference import SECTIONS, reference

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "reference" / "python.md"


def test_the_reference_is_as_the_code_has_it() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == reference(), "make reference"


def test_every_public_name_is_documented_once_and_nothing_else_is() -> None:
    told = Counter(re.findall(r"^### (\w+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == Counter(identity.__all__)
    assert Counter(name for names in SECTIONS.values() for name in names) == told
    assert sorted(identity.__all__) == identity.__all__ == dir(identity)


@pytest.mark.parametrize("name", identity.__all__)
def test_a_public_name_promises_something_and_is_typed(name: str) -> None:
    found = getattr(identity, name)
    assert found.__doc__
    assert not found.__doc__.startswith(f"{name}("), "a docstring of its own"
    if isinstance(found, FunctionType):
        told = inspect.signature(found)
        kinds = [each.annotation for each in told.parameters.values()] + [told.return_annotation]
        assert inspect.Signature.empty not in kinds
    else:
        assert isinstance(found, type)
        assert is_dataclass(found) or issubclass(found, Exception | str)


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'forget'"):
        identity.forget  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import identity, sys; print(*sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert [name for name in told if name.startswith("identity.")] == []
    assert {"pyarrow", "numpy", "duckdb", "sqlalchemy"} & set(told) == set()


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_use_public_names_only(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    deep = [
        name
        for cell in cells
        if cell["cell_type"] == "code"
        for node in ast.walk(ast.parse("".join(cell["source"])))
        for name in _of_ours(node)
        if name.partition(".")[2] not in identity.__all__
    ]
    assert deep == []


def _of_ours(node: ast.AST) -> list[str]:
    """What a line imports of this project, as package.name."""
    ours = ("identity", "matching_rules", "api", "stewardship", "bench", "tests")
    match node:
        case ast.Import(names=names):
            found = [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names):
            found = [f"{module}.{alias.name}" for alias in names]
        case _:
            return []
    return [name for name in found if name.partition(".")[0] in ours]
