"""What all commands share: their usual options, how they are watched, how they print and end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from identity.commands import render

__all__ = [
    "Actor",
    "Dry",
    "Files",
    "Json",
    "MetricsPort",
    "Rules",
    "Source",
    "end",
    "logged",
    "observed",
    "service_at",
    "settings_here",
    "show",
    "usage",
    "watched",
]

Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="CSV, JSON lines or Parquet.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Folder of rules; the shipped ones by default.")
]
Actor = Annotated[
    str, typer.Option("--actor", metavar="NAME", help="Who decides; by default who is logged in here.")
]
Source = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="The system the files come from.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what it would change, and change nothing.")]


MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        min=1,
        max=65535,
        metavar="PORT",
        help="Where Prometheus fetches counts; on this machine.",
    ),
]


def observed(process: str, metrics_port: int | None) -> None:
    """Log, trace and serve counts as the environment says: for commands that go on until they are stopped."""
    from identity.observing import observe

    chosen = {"IDENTITY_METRICS_PORT": str(metrics_port)} if metrics_port else {}
    observe(process, {**os.environ, **chosen}, server=False)


def logged(event: str, tell: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return what tells news to whoever runs a command, and to the log: of that only words and numbers, since files
    have names of their own."""
    import structlog

    log = structlog.get_logger("identity.cli")

    def told(news: Mapping[str, Any]) -> None:
        log.info(event, **{name: value for name, value in news.items() if name in _LOGGED})
        tell(news)

    return told


_LOGGED = frozenset(
    "name why told taken held dead dealt acted blocked position lag breaker dead_letters failures outcome code rows"
    " accepted quarantined rejected unchanged accounts outcomes again_at".split()
)


def service_at(rules: Path | None, engine: str | None = None) -> Any:
    from identity.bootstrap import Service, settings_from

    chosen = {"IDENTITY_ENGINE": engine} if engine else {}
    return Service(settings_from({**os.environ, **chosen}, rules))


def settings_here() -> Any:
    """Return what the environment says, for who opens the database as it is, current or not."""
    from identity.settings import settings_from

    return settings_from(os.environ)


@contextmanager
def watched(*, quiet: bool) -> Iterator[Any]:
    from identity.engines.stages import Stages

    if quiet or not sys.stderr.isatty():
        yield Stages()
        return
    with render.progress() as told:
        yield Stages(told)


def show(report: dict[str, Any], render: Callable[[dict[str, Any]], None], as_json: bool) -> None:
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
