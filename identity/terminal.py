"""What every command shares: its usual options, the service it asks, and how its report is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from identity.commands import render

__all__ = ["Json", "Rules", "end", "printed", "service_at", "stages_shown", "usage"]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Folder of rules; the shipped ones by default.")
]


def service_at(rules: Path | None) -> Any:
    from identity.bootstrap import Service, settings_from

    return Service(settings_from(os.environ, rules))


@contextmanager
def stages_shown(*, quiet: bool) -> Iterator[Any]:
    from identity.engines.stages import Stages

    if quiet or not sys.stderr.isatty():
        yield Stages()
        return
    with render.progress() as told:
        yield Stages(told)


def printed(report: dict[str, Any], render: Callable[[dict[str, Any]], None], as_json: bool) -> None:
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
    if not found:
        raise typer.Exit(1)
