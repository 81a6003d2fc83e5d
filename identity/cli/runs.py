"""`identity rematch`, and `identity runs`: what re-matches proposed and what became of it."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated

import typer

from identity.cli.shared import Actor, Dry, Json, Rules, end, service_at, show, watched
from identity.commands import render_runs

__all__ = ["app", "rematch"]

app = typer.Typer(help="Re-matches: what they proposed and what became of it.", no_args_is_help=True)


def rematch(
    rules: Rules = None,
    incremental: Annotated[
        bool,
        typer.Option("--incremental", help="Only what was told since the last re-match, and what waits."),
    ] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="With fresh frequencies of values.")] = False,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train a new model first.")] = False,
    engine: Annotated[
        str | None, typer.Option("--engine", help="duckdb, or spark: where a machine is too small.")
    ] = None,
    dry: Dry = False,
    as_json: Json = False,
) -> None:
    """Resolve everything in the database afresh, inside the limits of customer.rematch.yml.

    Over a limit nothing is changed: `identity runs show` says why, `identity runs approve` carries it out.
    Ends with 1 when it waits for a person.
    """
    from identity.commands.night import rematch_report
    from identity.flows.night.full import By
    from identity.flows.night.running import Options
    from identity.model.run import RunKind

    if incremental and (refresh or retrain):
        raise typer.BadParameter("--refresh and --retrain are for everybody, not with --incremental.")
    kind = RunKind.INCREMENTAL if incremental else RunKind.FULL
    with watched(quiet=as_json) as stages:
        by = By(refresh=refresh, retrain=retrain)
        report = rematch_report(service_at(rules, engine), stages, kind, Options(dry=dry), by)
    show(report, render_runs.run, as_json)
    end(found=report["status"] in ("applied", "dry"))


@app.command("list")
def runs_list(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """List the latest re-matches."""
    from identity.commands.night import runs_report

    show(runs_report(service_at(rules), limit), render_runs.runs, as_json)


@app.command("show")
def runs_show(
    run_id: str,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many moves.")] = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show a re-match: what it would change, and which limits that breaks."""
    from identity.commands.night import run_report

    show(run_report(service_at(rules), run_id, limit), render_runs.run, as_json)


@app.command("approve")
def runs_approve(run_id: str, actor: Actor = "", rules: Rules = None, as_json: Json = False) -> None:
    """Carry out what a waiting re-match proposed. What is new since is held to the limits again."""
    from identity.commands.night import approve

    with watched(quiet=as_json) as stages:
        report = approve(service_at(rules), run_id, actor or getuser(), stages)
    show(report, render_runs.run, as_json)
    end(found=report["status"] == "applied")


@app.command("reject")
def runs_reject(run_id: str, actor: Actor = "", rules: Rules = None, as_json: Json = False) -> None:
    """Put a waiting re-match aside; nothing of it is carried out."""
    from identity.commands.night import decided
    from identity.model.run import RunStatus

    show(decided(service_at(rules), run_id, RunStatus.REJECTED, actor or getuser()), render_runs.run, as_json)


@app.command("abandon")
def runs_abandon(run_id: str, actor: Actor = "", rules: Rules = None, as_json: Json = False) -> None:
    """Give up a re-match whose process is gone, so that another one may begin."""
    from identity.commands.night import decided
    from identity.model.run import RunStatus

    show(
        decided(service_at(rules), run_id, RunStatus.INTERRUPTED, actor or getuser()),
        render_runs.run,
        as_json,
    )
