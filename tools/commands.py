"""docs/reference/cli.md: every command with its arguments and options, as the program itself has them.

python -m tools.commands docs/reference/cli.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer.main

from identity.cli import app

__all__ = ["commands", "main", "options_of", "reference"]

_HEAD = """# The command line

`identity --help` lists the commands, `identity COMMAND --help` tells of one. Written by `make reference` from the
program.

Exit codes: 0 done, 1 no, 2 usage, 3 file, 4 rules, 5 database, 6 unknown id, 7 model, 8 decision refused, 9 delivery.
Errors carry stable numbers: [errors](../errors.md). What the environment decides: [settings](settings.md).
"""


@cache
def commands() -> dict[str, Any]:
    """Return every command by what is typed behind `identity`, in order."""
    return dict(sorted(_commands(typer.main.get_command(app), ())))


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
        return
    for name, each in inner.items():
        if not each.hidden:
            yield from _commands(each, (*path, name))


def options_of(command: Any) -> set[str]:
    """Return the names of a command's options, as they are typed."""
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts) if name[0] == "-"}


def reference() -> str:
    """Return the document."""
    return "\n".join([_HEAD, *(_told(name, command) for name, command in commands().items())])


def _told(name: str, command: Any) -> str:
    rows = [row for each in command.params if (row := _row(each))]
    table = "\n".join(["| | |", "|---|---|", *rows]) + "\n" if rows else ""
    usage = " ".join(["identity", name, *_arguments(command)])
    return f"## identity {name}\n\n    {usage}\n\n{_prose(command.help)}\n\n{table}"


def _arguments(command: Any) -> Iterator[str]:
    for each in command.params:
        if each.param_type_name == "argument":
            shown = each.metavar or each.name.upper()
            yield shown if each.required or shown.startswith("[") else f"[{shown}]"


def _row(each: Any) -> str:
    told = _escaped(getattr(each, "help", "") or "")
    if each.name == "help" or getattr(each, "hidden", False):
        return ""
    if each.param_type_name == "argument":
        return f"| `{each.metavar or each.name.upper()}` | {told} |"
    spelled = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
    value = "" if each.is_flag else f" `{each.metavar or each.name.upper()}`"
    # A default that the machine decides is told in words.
    untold = each.is_flag or each.default in (None, (), "") or "by default" in told or callable(each.default)
    return f"| {spelled}{value} | {told}{'' if untold else f' (`{each.default}`)'} |"


def _prose(text: str | None) -> str:
    return " ".join((text or "").replace("\b", "").split())


def _escaped(text: str) -> str:
    return _prose(text).replace("|", "\\|").replace("<", "&lt;")


def main(file: str) -> None:
    """Write the document."""
    Path(file).write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
