"""`identity quarantine`: rows that were set aside, seen to."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated

import typer

from identity.cli.shared import Json, Rules, end, service_at, show, usage
from identity.commands import render_quarantine as told

__all__ = ["quarantine_app"]

quarantine_app = typer.Typer(
    help="Rows that were set aside: mended, tried again, dropped.", no_args_is_help=True
)

Source = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only of this system.")]
Code = Annotated[str | None, typer.Option("--code", metavar="CODE", help="Only with this code.")]
Who = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who does so; the login name by default.")
]
Number = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, help="As `identity quarantine list` shows it.")
]


@quarantine_app.command("list")
def list_rows(
    source: Source = None,
    code: Code = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Behind this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help="How many rows.")] = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show what waits, by source and code, and the oldest rows of it; not what they say."""
    from identity.commands.quarantine import quarantine_report

    show(quarantine_report(service_at(rules), source, code, after, limit), told.listed, as_json)


@quarantine_app.command("mend")
def mend(
    number: Number,
    corrections: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COLUMN=VALUE…", help="In the columns the row came in; an empty value is none."
        ),
    ] = None,
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Correct columns of a row and try it again, as a row of its file. Ends with 1 where it still cannot be taken."""
    from dataclasses import asdict

    from identity.commands.quarantine import mend as mend_row

    with usage():
        known = dict(_split(text) for text in corrections or [])
    done = mend_row(service_at(rules), number, known, actor or getuser())
    show(asdict(done), told.mended, as_json)
    end(found=bool(done.record))


@quarantine_app.command("redrive")
def redrive(
    source: Source = None,
    code: Code = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Behind this number: to go on.")] = 0,
    most: Annotated[
        int, typer.Option("--most", min=1, max=100_000, metavar="N", help="How many at once.")
    ] = 1_000,
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Try rows again as they came, after a rule was changed. Ends with 1 where some of those tried were not taken."""
    from identity.commands.quarantine import redrive as redrive_rows

    report = redrive_rows(service_at(rules), source, code, actor or getuser(), after, most)
    show(report, told.redriven, as_json)
    end(found=report["mended"] == report["tried"])


@quarantine_app.command("drop")
def drop(
    numbers: Annotated[
        list[int], typer.Argument(metavar="NUMBER…", help="As `identity quarantine list` shows them.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Give rows up for good: how they came is kept no more. Ends with 1 where none of them was open."""
    from identity.commands.quarantine import drop as drop_rows

    report = drop_rows(service_at(rules), numbers, actor or getuser(), reason)
    show(report, told.dropped, as_json)
    end(found=report["dropped"] > 0)


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"{text!r} is not COLUMN=VALUE.")
    return name, value
