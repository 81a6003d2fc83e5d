"""The import diagram of docs/architecture.md, out of the imports that there are.

python -m tools.diagram docs/architecture.md
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import grimp

__all__ = ["block", "drawn", "imports", "layers", "main"]

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("identity", "matching_rules", "api", "stewardship", "reference_loyalty", "erp")
BEGIN, END = "<!-- drawn by make reference -->", "<!-- drawn until here -->"


def layers() -> list[list[str]]:
    """Return the layers of `identity` that import-linter keeps, the outermost first."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    told: Sequence[str] = next(each["layers"] for each in contracts if each["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in told]


def imports() -> Mapping[str, set[str]]:
    """Return which part imports which: parts of `identity` by their names, other packages as wholes."""
    graph = grimp.build_graph(*PACKAGES, include_external_packages=False, cache_dir=None)
    found: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            one, other = _part(module), _part(imported)
            found[one].add(other) if one != other else found[one]
    return found


def _part(module: str) -> str:
    package, _, inner = module.partition(".")
    return f"{package}.{inner.partition('.')[0]}" if package == "identity" and inner else package


def drawn() -> str:
    """Return the diagram: a line for each layer, and under it what each of its parts imports of the lines below."""
    found, known = imports(), [name for layer in layers() for name in layer]
    lines: list[str] = []
    for at, layer in enumerate(layers()):
        lines += ["", "            ↓", ""] if at else [""]
        lines += [_line(name, found, known) for name in layer]
    rest = sorted(set(found) - set(known) - {"identity"})
    return "\n".join([*lines[1:], "", "beside them", "", *(_line(name, found, known) for name in rest)])


def _line(name: str, found: Mapping[str, set[str]], known: Sequence[str]) -> str:
    inner = [other.removeprefix("identity.") for other in known if other in found.get(name, ())]
    beside = sorted(found.get(name, set()) - set(known))
    told = " ".join([*inner, *(other for other in beside if other != "identity")])
    return f"  {name.removeprefix('identity.'):19}{'→ ' + told if told else ''}".rstrip()


def block() -> str:
    """Return what stands between the marks."""
    return f"{BEGIN}\n\n```text\n{drawn()}\n```\n\n{END}"


def main(file: str) -> None:
    """Draw it anew between the marks."""
    text = Path(file).read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    Path(file).write_text(f"{before}{block()}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
