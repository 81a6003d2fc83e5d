"""Going live beside an earlier master, and back: `identity shadow`, `go-live`, `go-back`."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer

from identity.cli.shared import Actor, Dry, Json, Rules, end, service_at, show, usage, watched
from identity.commands import render_cutover as render

__all__ = ["app", "shadow_app"]

app = typer.Typer()
shadow_app = typer.Typer(
    help="Records that take no effect yet, beside an earlier master.", no_args_is_help=True
)

Crosswalk = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV or Parquet: source, source_record_id, master_id.")
]
One = Annotated[str, typer.Option("--source", metavar="NAME", help="The system whose records they are.")]
Country = Annotated[
    str, typer.Option("--country", metavar="CC", help="Only records of this country, such as DE.")
]


@shadow_app.command("report")
def shadow_report(
    file: Crosswalk,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NAME", help="Only this source's shadow records; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Every record in other company: .csv or .parquet."),
    ] = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Compare an earlier master's crosswalk with what records in shadow mode would come to. Nothing is changed."""
    from identity.commands.cutover import shadow_report as report

    with watched(quiet=as_json) as stages:
        found = report(service_at(rules), file, source or [], out, stages)
    show(found, render.compared, as_json)
    end(found=found["found"])


@shadow_app.command("import")
def shadow_import(
    file: Crosswalk,
    system: Annotated[
        str, typer.Option("--system", metavar="NAME", help="What the earlier master is called.")
    ] = "old-master",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Keep an earlier master's ids: `identity lookup record=old-master:ID` finds who has its records now."""
    from identity.commands.cutover import former_report

    with usage(), watched(quiet=as_json) as stages:
        show(former_report(service_at(rules), file, system, stages), render.imported, as_json)


@shadow_app.command("status")
def shadow_status(rules: Rules = None, as_json: Json = False) -> None:
    """Show what waits in shadow mode, and what went live when."""
    from identity.commands.cutover import shadow_status as status

    show(status(service_at(rules)), render.status, as_json)


@app.command("go-live")
def go_live(
    source: One,
    country: Country = "",
    actor: Actor = "",
    dry: Dry = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Have a source's records take effect, and what it tells from now on. Killed half-way it is run again."""
    from identity.commands.cutover import live_report

    with usage(), watched(quiet=as_json) as stages:
        reached = _counting(stages, "go live")
        report = live_report(service_at(rules), source, country, actor or getuser(), reached, dry=dry)
    show(report, render.went_live, as_json)


@app.command("go-back")
def go_back(source: One, country: Country = "", rules: Rules = None, as_json: Json = False) -> None:
    """Take back what went live: its records wait in shadow mode again, everybody else is as before.

    Decisions of people and refusals hold. Ends with 1 where nothing went live.
    """
    from identity.commands.cutover import back_report

    with usage(), watched(quiet=as_json) as stages:
        report = back_report(service_at(rules), source, country, _counting(stages, "go back"))
    show(report, render.went_back, as_json)
    end(found=report["found"])


def _counting(stages: Any, name: str) -> Callable[[int], None]:
    return lambda turned: stages.told(f"{name}: {turned:,} records")
