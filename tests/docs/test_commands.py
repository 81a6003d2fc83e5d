"""Every command that the README and the documents show is one that there is, with options that there are.

What can be carried out in seconds is: `test_tutorial.py`, `test_readme.py`, `tests/consumers/test_documentation.py`.
What is only looked at stands here, with the reason.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_tutorial import CARRIED_OUT
from tools.commands import commands, options_of

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    if path.name != "cli.md"
}
ELSEWHERE = {"docs/consumers.md": "tests/consumers/test_documentation.py"}
LOOKED_AT = {
    "README.md": "its first commands are carried out by test_readme.py; the list shows one of each, with ids made up",
    "CONTRIBUTING.md": "make itself: what it calls is what CI runs",
    "docs/api.md": "servers",
    "docs/decisions.md": "ids made up",
    "docs/delivery.md": "a server that receives",
    "docs/erp.md": "an ERP that has to be installed first",
    "docs/nightly.md": "a broker and a clock",
    "docs/privacy.md": "ids and keys made up; how-to/run-a-privacy-request.md is carried out",
    "docs/real-time.md": "ids made up",
    "docs/reviews.md": "ids made up",
    "docs/stewardship.md": "a browser",
    "docs/matching.md": "names of commands in passing",
    "docs/consent.md": "ids made up",
    "docs/capacity.md": "a PostgreSQL server; tests/operations/test_partitions.py carries it out",
    "docs/errors.md": "names of commands in passing",
    "docs/how-to/write-a-connector.md": "names of commands in passing",
    "docs/reference/rules.md": "names of commands in passing",
    "docs/reference/settings.md": "names of commands in passing",
    "docs/observability.md": "a server",
    "docs/operations.md": "servers, and databases that are put back",
    "docs/reference/python.md": "names of commands in passing",
    "docs/intake.md": "carried out, but for what stands in passing",
}
_BLOCK = re.compile(r"^```(?:sh|bash|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    (.*)$", re.MULTILINE)
_INLINE = re.compile(r"`(identity [^`]+)`")
_WORD = re.compile(r"(?:^|[|;&(]|\bdo|\s)\s*(?:\.venv/bin/|\$\(BIN\)/)?identity ((?!\.)[a-z][^|;&#\n)]*)")
_MAKE = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)


def shown(path: Path) -> Iterator[str]:
    """Yield what stands behind `identity` wherever a document shows a command."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    lines += [
        line for line in _INDENTED.findall(text) if re.match(r"(\.venv/bin/|[A-Z_]+=\S+ )?identity ", line)
    ]
    for line in (*lines, *_INLINE.findall(text)):
        yield from (found[1].strip() for found in _WORD.finditer(line))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_is_shown_is_there_with_its_options(name: str) -> None:
    wrong = [command for command in shown(DOCUMENTS[name]) if not known(command)]
    assert wrong == []


def known(command: str) -> bool:
    """Say whether it is a command, or a group of them, and whether it has each option that is given."""
    try:
        words = shlex.split(command.replace("…", "").replace("'", " "))
    except ValueError:
        words = command.split()
    there = commands()
    found = next((" ".join(words[:size]) for size in (2, 1) if " ".join(words[:size]) in there), None)
    if found is None:
        # A list of several, as in `merge|split`, or a group that shows itself.
        first = re.split(r"[|,]", words[0])[0]
        return any(name == first or name.startswith(f"{first} ") for name in there)
    given = {word.partition("=")[0] for word in words if word.startswith("--")} - {"--help"}
    return given <= options_of(there[found])


def test_what_is_not_carried_out_is_listed_with_its_reason() -> None:
    carried_out = {f"docs/{name}" for name in CARRIED_OUT} | set(ELSEWHERE)
    showing = {name for name, path in DOCUMENTS.items() if any(shown(path)) and "/adr/" not in name}
    assert showing - carried_out - set(LOOKED_AT) == set(), "carry it out, or say why not"
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_target_of_make_that_is_shown_is_there(name: str) -> None:
    told = set(_MAKE.findall(DOCUMENTS[name].read_text(encoding="utf-8")))
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert told - there == set()


def test_every_command_is_shown_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS.values())
    names = {name.split()[0] for name in commands()}
    told = {name for name in names if re.search(rf"(identity |make |also |, |`){name}\b", text)}
    assert names - told == set()
