"""What all commands of the command line share: options, the service, how a report is printed and how it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

__all__ = ["Json", "Rules", "end", "open_service", "show", "usage"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Folder of rules; the shipped ones by default.")
]


def open_service(rules: Path | None) -> Any:
    """Return the service that the environment tells of."""
    # Imported by commands that need it: `--help` answers at once.
    from identity.bootstrap import Service, settings_from

    return Service(settings_from(os.environ, rules))


def show(report: dict[str, Any], render: Callable[[dict[str, Any]], None], as_json: bool) -> None:
    """Print a report, as one JSON document or for people."""
    if as_json:
        typer.echo(
            orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode()
        )
    else:
        render(report)


@contextmanager
def usage() -> Iterator[None]:
    """What was typed and cannot be read is wrong usage."""
    try:
        yield
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None


def end(*, found: bool) -> None:
    """End with 1 where the answer is no."""
    if not found:
        raise typer.Exit(1)
