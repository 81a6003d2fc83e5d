"""The command line. Each command reads like what it does; what it prints stands in `commands/render*.py`.

Those about what waits for people stand in `commands/reviews_line.py`.

Exit codes: 0 done · 1 the answer is no (nothing found, a check failed) · 2 wrong usage · 3 file · 4 rules ·
5 database · 6 unknown id · 7 model · 8 decision refused.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from identity.commands import render
from identity.commands.line import Json, Rules
from identity.commands.line import end as _end
from identity.commands.line import open_service as _service
from identity.commands.line import show as _print
from identity.commands.line import usage as _usage
from identity.commands.reviews_line import app as reviews_app
from identity.model.errors import (
    DecisionRefused,
    FileError,
    IdentityError,
    LookupFailed,
    ModelError,
    RowError,
    RulesError,
    StoreError,
)

__all__ = ["app", "main"]

EXIT_CODES: dict[type[IdentityError], int] = {
    FileError: 3,
    RowError: 3,
    RulesError: 4,
    StoreError: 5,
    LookupFailed: 6,
    ModelError: 7,
    DecisionRefused: 8,
}

app = typer.Typer(
    name="identity",
    help="Golden customer profiles from point of sale, ecommerce, loyalty and ERP.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
rules_app = typer.Typer(help="The rules a retailer edits.", no_args_is_help=True)
model_app = typer.Typer(help="Trained match models.", no_args_is_help=True)
app.add_typer(reviews_app)
app.add_typer(rules_app, name="rules")
app.add_typer(model_app, name="model")

Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="CSV, JSON lines or Parquet.", show_default=False)
]
Source = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="The system the files come from.")
]


@app.command()
def resolve(
    files: Files,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")],
    source: Source = None,
    truth: Annotated[
        str | None, typer.Option("--truth", metavar="COLUMN", help="Column that tells the person.")
    ] = None,
    rules: Rules = None,
    model: Annotated[Path | None, typer.Option("--model", metavar="FILE", help="A trained model.")] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="duckdb, or splink: the two-class baseline.")
    ] = "duckdb",
    as_json: Json = False,
) -> None:
    """Resolve files without a database: crosswalk, golden profiles, links, quarantine and a report into DIR.

    Columns are canonical unless NAME names one of the rules' sources.
    """
    from identity.commands.resolve import resolve_files

    with _stages(quiet=as_json) as stages:
        report = resolve_files(
            _service(rules), files, out, stages, source=source, truth=truth, model=model, engine=engine
        )
    _print(report, render.resolved, as_json)


@app.command()
def load(files: Files, source: Source = None, rules: Rules = None, as_json: Json = False) -> None:
    """Load files into the database and resolve them. Canonical columns, or NAME's own; also as NAME=FILE."""
    from identity.commands.load import load_files

    with _stages(quiet=as_json) as stages:
        report = load_files(_service(rules), files, source, stages)
    _print(report, render.loaded, as_json)


@app.command()
def ingest(files: Files, source: Source = None, rules: Rules = None, as_json: Json = False) -> None:
    """Write files' records in real time: each is resolved as it comes. Columns as for `load`; also as NAME=FILE."""
    from identity.commands.ingest import ingest_files

    with _stages(quiet=as_json) as stages:
        report = ingest_files(_service(rules), files, source, stages)
    _print(report, render.ingested, as_json)


@app.command()
def redo(
    drain: Annotated[bool, typer.Option("--drain", help="Decide it again, until nothing waits.")] = False,
    most: Annotated[
        int | None, typer.Option("--most", min=1, metavar="N", help="With --drain: stop after about N.")
    ] = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show what waits to be decided again after others were written, or decide it again."""
    from identity.commands.redo import drain_report, waiting_report

    if most and not drain:
        raise typer.BadParameter("--most goes with --drain.")
    with _stages(quiet=as_json) as stages:
        service = _service(rules)
        report = drain_report(service, most, stages) if drain else waiting_report(service)
    _print(report, render.drained if drain else render.waiting, as_json)


@app.command()
def rematch(
    rules: Rules = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train a new model first.")] = False,
    as_json: Json = False,
) -> None:
    """Resolve everything in the database afresh."""
    from identity.commands.load import rematch_everything

    with _stages(quiet=as_json) as stages:
        report = rematch_everything(_service(rules), stages, retrain=retrain)
    _print(report, render.rematched, as_json)


@app.command()
def profile(golden_id: str, rules: Rules = None, as_json: Json = False) -> None:
    """Show one golden profile, with the source of each value."""
    from identity.commands.ask import profile_report

    _print(profile_report(_service(rules), golden_id), render.profile, as_json)


@app.command()
def lookup(
    asked: Annotated[
        list[str],
        typer.Argument(
            metavar="KIND=VALUE…", help="golden_id, record (source:id), email, phone, loyalty_id, tax_id."
        ),
    ],
    country: Annotated[
        str, typer.Option("--country", metavar="CODE", help="Whose national phone numbers; US by default.")
    ] = "",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say which golden ids answer for ids and identifiers, in any spelling. Ends with 1 where nobody does."""
    from identity.commands.find import lookup_report, question

    with _usage():
        questions = [question(text, country) for text in asked]
    report = lookup_report(_service(rules), asked, questions)
    _print(report, render.answers, as_json)
    _end(found=report["found"])


@app.command()
def match(
    told: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE…", help="Canonical attributes, such as email=a@b.example."),
    ] = None,
    record: Annotated[
        str | None, typer.Option("--record", metavar="SOURCE:ID", help="A stored record instead.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=100, metavar="N", help="How many.")] = 10,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show the stored records that somebody is like, how much and why. Nothing is written. Ends with 1 for none."""
    from identity.commands.find import asked_record, match_report

    service = _service(rules)
    with _usage():
        asked = asked_record(service, told or [], record)
    report = match_report(service, asked, most)
    _print(report, render.alike, as_json)
    _end(found=report["found"])


@app.command()
def explain(
    left: Annotated[str, typer.Argument(help="A record, as source:id.")],
    right: Annotated[str, typer.Argument(help="Another record, as source:id.")],
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say how well two records match, comparison by comparison."""
    from identity.commands.ask import explanation

    _print(explanation(_service(rules), left, right), render.explanation, as_json)


@app.command()
def events(
    after: Annotated[int, typer.Option(help="Position after which to begin.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show the event log."""
    from identity.commands.ask import event_report

    _print(event_report(_service(rules), after, limit), render.events, as_json)


@app.command()
def train(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the model goes.")],
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE…]", help="Files; else the database.")
    ] = None,
    source: Source = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Train a match model without labels and freeze it as a file."""
    from identity.commands.resolve import train_model

    with _stages(quiet=as_json) as stages:
        report = train_model(_service(rules), files or [], out, stages, source=source)
    _print(report, render.trained, as_json)


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the database to the version this program needs."""
    service = _service(None)
    service.store.check_current()
    _print({"database": service.settings.database_url}, render.migrated, as_json)


@rules_app.command("check")
def rules_check(rules: Rules = None, as_json: Json = False) -> None:
    """Read and validate every rules file."""
    from identity.commands.ask import rules_report

    _print(rules_report(_service(rules)), render.rules, as_json)


@model_app.command("export")
def model_export(
    model: Annotated[Path, typer.Argument(help="A model that `identity train` wrote.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE")],
    splink: Annotated[bool, typer.Option("--splink", help="As Splink settings: the two-class part.")] = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Write a model in another format."""
    from identity.commands.ask import export_model

    _print(export_model(_service(rules), model, out, splink=splink), render.written, as_json)


@model_app.command("import")
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

    _print(import_model(_service(rules), settings, out), render.written, as_json)


@app.command()
def sample(
    people: Annotated[int, typer.Option("--people", min=1, help="How many people.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    canonical: Annotated[
        bool, typer.Option("--canonical", help="Also records.parquet in canonical columns.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write made-up customers as four systems know them, and truth.parquet."""
    from identity.connectors.results import writing
    from identity.sample import write_sample

    with writing(out):
        report = write_sample(people, seed, out, canonical=canonical)
    _print({**asdict(report), "files": [str(file) for file in report.files]}, render.sampled, as_json)


@app.command()
def demo(
    people: Annotated[int, typer.Option("--people", min=100, help="How many made-up people.")] = 2000,
    folder: Annotated[Path, typer.Option("--folder", help="Where sample files and database go.")] = Path(
        "demo-data"
    ),
    as_json: Json = False,
) -> None:
    """Four systems' files to golden profiles, on made-up people, in a database of its own."""
    from identity.commands.demo import run_demo

    with _stages(quiet=as_json) as stages:
        report = run_demo(folder, people, stages)
    _print(report, render.demo, as_json)


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
    rules: Rules = None,
) -> None:
    """Answer profiles, crosswalk and events over HTTP, on this machine only."""
    from api.app import serve as serve_http

    service = _service(rules)
    service.store.check_current()
    typer.echo(f"http://127.0.0.1:{port}/docs   (Ctrl-C stops it)")
    serve_http(service, port)


@contextmanager
def _stages(*, quiet: bool) -> Iterator[Any]:
    from identity.engines.stages import Stages

    if quiet or not sys.stderr.isatty():
        yield Stages()
        return
    with render.progress() as told:
        yield Stages(told)


def main() -> None:
    """Run a command; a deliberate error becomes one line on standard error and an exit code."""
    try:
        app()
    except IdentityError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))) from None


if __name__ == "__main__":
    main()
