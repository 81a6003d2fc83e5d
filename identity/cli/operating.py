"""What whoever runs the service needs: `identity alive`, `verify`, `partition`, `backup` and `restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from identity.cli.shared import Json, end, settings_here, show, watched

__all__ = ["app"]

app = typer.Typer()


@app.command()
def alive(
    place: Annotated[
        str, typer.Argument(metavar="FILE|URL", help="The pulse of a process (IDENTITY_PULSE), or /readyz.")
    ],
    within: Annotated[
        float, typer.Option("--within", min=1, metavar="SECONDS", help="How old a pulse may be.")
    ] = 30,
    as_json: Json = False,
) -> None:
    """Say whether a process is alive. Ends with 1 where it is not: what a container's health check runs."""
    from identity.commands.alive import alive_report
    from identity.commands.render_operating import alive as told

    report = alive_report(place, within)
    show(report, told, as_json)
    end(found=bool(report["alive"]))


@app.command()
def verify(
    most: Annotated[
        int, typer.Option("--most", min=1, max=10_000, metavar="N", help="How many cases of each are told.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Check every promise about what is stored, beside whoever reads and writes. Nothing is changed.

    Ends with 1 where one is broken. What is told are ids and keys of records.
    """
    from identity.commands.render_operating import verified as told
    from identity.commands.verify import verify_report

    with watched(quiet=as_json) as stages:
        report = verify_report(settings_here(), most, stages)
    show(report, told, as_json)
    end(found=bool(report["holds"]))


@app.command()
def partition(
    into: Annotated[int, typer.Argument(min=1, max=1_000, metavar="N", help="1: in no partitions.")],
    as_json: Json = False,
) -> None:
    """Have the tables of a PostgreSQL database that grow with people in N partitions. Everybody waits meanwhile."""
    from identity.commands.partition import partition_report
    from identity.commands.render_operating import partitioned as told

    with watched(quiet=as_json) as stages:
        report = partition_report(settings_here(), into, stages)
    show(report, told, as_json)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where it goes; not there yet.")],
    as_json: Json = False,
) -> None:
    """Copy the database, beside whoever reads and writes, into a folder of its own."""
    from identity.commands.backup import backup_report
    from identity.commands.render_operating import backed_up as told

    with watched(quiet=as_json) as stages:
        report = backup_report(settings_here(), folder.absolute(), stages)
    show(report, told, as_json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `identity backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="The database holds something, which is lost by this.")
    ] = False,
    without_journal: Annotated[
        bool,
        typer.Option(
            "--without-journal", help="A journal is not there: nobody was erased, or what it told is lost."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the database, erase again who was erased since, restrict again who asked, and
    tell again what was said of consents. Every process is stopped.

    Every promise is checked at the end: ends with 1 where one is broken.
    """
    from identity.commands.backup import restore_report
    from identity.commands.render_operating import restored as told

    with watched(quiet=as_json) as stages:
        report = restore_report(
            settings_here(), folder.absolute(), stages, replace=replace, journal=not without_journal
        )
    show(report, told, as_json)
    end(found=bool(report["holds"]))
