"""What whoever runs the service needs: `identity alive`."""

from __future__ import annotations

from typing import Annotated

import typer

from identity.cli.shared import Json, end, show

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
