"""`identity train`, and `identity model`: candidates, comparisons, who is in force, files."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from identity.cli.shared import Actor, Dry, Json, Rules, Source, end, service_at, show, watched
from identity.commands import render, render_runs

__all__ = ["app", "train"]

app = typer.Typer(help="Trained match models.", no_args_is_help=True)


def train(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE…]", help="Files; else the database.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the model goes; else into the database."),
    ] = None,
    source: Source = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Train a match model without labels, on files or the database; into a file, or the database as a candidate."""
    from identity.commands.models import keep
    from identity.commands.resolve import train_model

    if files and out is None:
        raise typer.BadParameter("A model of files goes into a file: name it with --out.")
    with watched(quiet=as_json) as stages:
        service = service_at(rules)
        report = (
            train_model(service, files or [], out, stages, source=source) if out else keep(service, stages)
        )
    show(report, render.trained if out else render_runs.kept, as_json)


@app.command("list")
def model_list(rules: Rules = None, as_json: Json = False) -> None:
    """List the models of the database, and when each came into force."""
    from identity.commands.models import list_report

    show(list_report(service_at(rules)), render_runs.models, as_json)


@app.command("compare")
def model_compare(
    first: Annotated[str, typer.Argument(help="A model's version.")],
    second: Annotated[str, typer.Argument(help="Another one's.")],
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show how two models would part the records of the database. Nothing is changed."""
    from identity.commands.models import compare_report

    with watched(quiet=as_json) as stages:
        report = compare_report(service_at(rules), first, second, stages)
    show(report, render_runs.models_compared, as_json)


@app.command("promote")
def model_promote(
    version: str,
    dry: Dry = False,
    actor: Actor = "",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Let a model take over, inside the limits of a re-match. Ends with 1 when that waits for a person."""
    from identity.commands.models import promote
    from identity.flows.night.running import Options

    with watched(quiet=as_json) as stages:
        options = Options(dry=dry, actor=actor or getuser())
        report = promote(service_at(rules), version, options, stages)
    show(report, render_runs.run, as_json)
    end(found=report["status"] in ("applied", "dry"))


@app.command("rollback")
def model_rollback(
    dry: Dry = False,
    actor: Actor = "",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Let the model that was in force before take over again. Ends with 1 when that waits for a person."""
    from identity.commands.models import rollback
    from identity.flows.night.running import Options

    with watched(quiet=as_json) as stages:
        report = rollback(service_at(rules), Options(dry=dry, actor=actor or getuser()), stages)
    show(report, render_runs.run, as_json)
    end(found=report["status"] in ("applied", "dry"))


@app.command("export")
def model_export(
    model: Annotated[Path, typer.Argument(help="A model that `identity train` wrote.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE")],
    splink: Annotated[bool, typer.Option("--splink", help="As Splink settings: the two-class part.")] = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Write a model in another format."""
    from identity.commands.ask import export_model

    show(export_model(service_at(rules), model, out, splink=splink), render.written, as_json)


@app.command("import")
def model_import(
    settings: Annotated[
        Path, typer.Argument(help="Splink settings that `identity model export --splink` wrote.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE")],
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Read a model from Splink settings."""
    from identity.commands.ask import import_model

    show(import_model(service_at(rules), settings, out), render.written, as_json)
