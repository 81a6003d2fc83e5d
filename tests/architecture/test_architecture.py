"""What holds for the whole code base: numbered errors, honest names, one place that knows databases, small pieces."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest

from identity.model import errors
from identity.model.errors import IdentityError

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("identity", "matching_rules", "api", "stewardship", "reference_loyalty", "erp")
HUNDREDS = {
    "RulesError": "E1",
    "FileError": "E2",
    "RowError": "E3",
    "StoreError": "E4",
    "Contention": "E4",
    "LookupFailed": "E5",
    "ModelError": "E6",
    "DeliveryError": "E7",
    "DecisionRefused": "",
}
# The demonstration makes a database of its own beside its files, and says how to open it.
KNOWS_A_DATABASE = {"identity/commands/demo.py": "sqlite:///"}
BANNED = re.compile(r"Manager|Helper|Utils?\b|Processor|^handle_", re.IGNORECASE)
DATABASES = re.compile(r"sqlite|postgres", re.IGNORECASE)


@cache
def module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    paths = sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))
    return ((str(path.relative_to(ROOT)), module(path)) for path in paths)


def definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef))


def docstrings(tree: ast.Module) -> set[int]:
    """The nodes of texts that stand alone: docstrings of modules, classes, functions and constants."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def codes_used() -> dict[str, set[str]]:
    """Each error code with the modules that use it."""
    used: dict[str, set[str]] = {}
    for name, tree in modules(*PACKAGES):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and re.fullmatch(r"E\d{3}", str(node.value)):
                used.setdefault(str(node.value), set()).add(name)
    return used


def codes_explained() -> Counter[str]:
    lines = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").splitlines()
    return Counter(found[1] for line in lines if (found := re.match(r"[|#*\- `]*(E\d{3})\b", line)))


def test_every_error_code_is_explained_once_in_the_documentation() -> None:
    explained = codes_explained()
    assert {code: count for code, count in explained.items() if count > 1} == {}
    assert set(codes_used()) - set(explained) == set(), "codes without an explanation"
    assert set(explained) - set(codes_used()) == set(), "codes nobody uses"


def test_every_word_that_refuses_a_decision_is_explained() -> None:
    used = {
        str(call.args[0].value)
        for _, tree in modules(*PACKAGES)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "DecisionRefused"
        if call.args and isinstance(call.args[0], ast.Constant)
    } | {"CONTRADICTION"}
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^\| ([A-Z_]{6,}) \|", text, re.MULTILINE))


def test_every_error_code_stands_in_the_hundred_of_its_error() -> None:
    misplaced = {
        (name, call.args[0].value)
        for name, tree in modules(*PACKAGES)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in HUNDREDS
        if call.args and isinstance(call.args[0], ast.Constant)
        if not str(call.args[0].value).startswith(HUNDREDS[call.func.id])
    }
    assert misplaced == set()


def test_the_tree_of_errors_is_whole() -> None:
    drawn = {name for name in errors.__all__ if name != "IdentityError"}
    assert drawn == set(HUNDREDS)
    assert all(issubclass(getattr(errors, name), IdentityError) for name in drawn)


def test_names_say_what_things_are() -> None:
    named = [
        (name, node.name)
        for name, tree in modules(*PACKAGES)
        for node in definitions(tree)
        if BANNED.search(node.name)
    ]
    assert named == []
    assert [name for name, _ in modules(*PACKAGES) if BANNED.search(Path(name).stem)] == []


def test_nothing_of_the_erp_is_imported() -> None:
    """Its licence asks for that: it runs in an environment and a process of its own."""
    imported = [
        (name, word)
        for name, tree in modules(*PACKAGES, "tests")
        for node in ast.walk(tree)
        for word in _imported(node)
        if word.partition(".")[0] in ("trytond", "tryton", "proteus")
    ]
    assert imported == []


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
    return []


def test_only_the_dialect_knows_which_databases_there_are() -> None:
    found = []
    for name, tree in modules("identity"):
        if name.startswith("identity/store/dialect/"):
            continue
        told, allowed = docstrings(tree), KNOWS_A_DATABASE.get(name)
        found += [
            (name, word)
            for node in ast.walk(tree)
            if id(node) not in told
            for word in _words(node)
            if DATABASES.search(word) and not (allowed and allowed in word)
        ]
    assert found == []


def test_duckdb_is_opened_in_one_place() -> None:
    """So that what it spills is private, and a disk that is full is an error with a code."""
    found = [
        (name, way)
        for name, tree in modules(*PACKAGES)
        for node in ast.walk(tree)
        if (way := _opens_duckdb(node))
    ]
    assert found == [("identity/workbench.py", "duckdb.connect")]


@pytest.mark.parametrize(
    "code",
    [
        "duckdb.connect()",
        "duckdb.sql('select 1')",
        "import duckdb as quack",
        "from duckdb import connect",
        "DuckDBAPI()",
        "splink.DuckDBAPI(':memory:')",
        "importlib.import_module('duckdb')",
    ],
)
def test_no_other_way_to_open_duckdb_goes_unseen(code: str) -> None:
    assert [way for node in ast.walk(ast.parse(code)) if (way := _opens_duckdb(node))]


def test_what_is_only_a_type_of_duckdb_is_free_to_use() -> None:
    told = "import duckdb\nduckdb.Error, duckdb.DuckDBPyConnection\nDuckDBAPI(connection=work)"
    assert not [way for node in ast.walk(ast.parse(told)) if (way := _opens_duckdb(node))]


def _opens_duckdb(node: ast.AST) -> str:
    """How this piece of code may open a database of DuckDB: whatever of it is not a type, or goes by another name."""
    match node:
        case ast.Attribute(value=ast.Name(id="duckdb"), attr=name):
            return "" if isinstance(getattr(duckdb, name), type) else f"duckdb.{name}"
        case ast.Import(names=names):
            return next((f"as {each.asname}" for each in names if each.name == "duckdb" and each.asname), "")
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "duckdb":
            return f"from {module}"
        case ast.Call(args=[ast.Constant(value="duckdb"), *_], func=func) if "import" in ast.unparse(func):
            return "by its name"
        case ast.Call(func=ast.Name(id="DuckDBAPI") | ast.Attribute(attr="DuckDBAPI"), keywords=given):
            return "" if [each.arg for each in given] == ["connection"] else "DuckDBAPI"
    return ""


def _words(node: ast.AST) -> list[str]:
    """The identifiers and texts that a node itself writes."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names):
            return [module or "", *(alias.name for alias in names)]
    return []


def test_lock_files_name_no_package_index() -> None:
    locks = [*ROOT.glob("*.lock"), *ROOT.glob("*/*.lock")]
    assert locks
    for path in locks:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"--(extra-)?index-url|--find-links|https?://|registry\s*=", text), path.name


@pytest.mark.parametrize(
    "package", ["identity", "matching_rules", "api", "stewardship", "reference_loyalty", "erp"]
)
def test_functions_and_modules_stay_small_enough_to_read(package: str) -> None:
    functions = [
        (name, node.name, (node.end_lineno or 0) - node.lineno + 1)
        for name, tree in modules(package)
        # A migration is a list of tables as they once were; it is written by a program and never changes.
        if "/migrations/" not in name
        for node in definitions(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    assert [found for found in functions if found[2] > 50] == []
    lines = [
        (name, len((ROOT / name).read_text(encoding="utf-8").splitlines())) for name, _ in modules(package)
    ]
    assert [found for found in lines if found[1] > 400] == []
