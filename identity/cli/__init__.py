"""The command line. Each command reads like what it does; what it prints stands in `commands/render*.py`.

Those by which people decide stand in `decisions.py`, what customers allow in `consents.py`, what they ask about
themselves in `privacy.py`, those that say why in `reasons.py`, re-matches in `runs.py`. What waits for people
stands in `reviews.py`, what serves HTTP in `serving.py`, how events leave in `delivery.py`, who follows them in
`following.py`, systems that are listened to in `intake.py`, rows that were set aside in `quarantine.py`, who may
use the review screen in `stewards.py`, what whoever runs the service needs in `operating.py`, what an earlier
master is replaced with in `cutover.py`.

Exit codes: 0 done · 1 the answer is no (nothing found, a check failed) · 2 wrong usage · 3 file · 4 rules ·
5 database · 6 unknown id · 7 model · 8 decision refused · 9 delivery.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from identity.cli import (
    audit,
    consents,
    cutover,
    decisions,
    delivery,
    following,
    intake,
    keys,
    models,
    operating,
    privacy,
    quarantine,
    reasons,
    reviews,
    runs,
    serving,
    stewards,
)
from identity.cli.shared import Files, Json, Rules, Source, end, service_at, show, usage, watched
from identity.commands import render
from identity.connectors.remote import Refused, Unavailable
from identity.model.errors import (
    DecisionRefused,
    DeliveryError,
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
    DeliveryError: 9,
    Unavailable: 9,
    Refused: 9,
}

app = typer.Typer(
    name="identity",
    help="Golden customer profiles from point of sale, ecommerce, loyalty and ERP.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
rules_app = typer.Typer(help="The rules a retailer edits.", no_args_is_help=True)
app.add_typer(reasons.app)
app.add_typer(decisions.app)
app.add_typer(consents.app)
app.add_typer(reviews.app)
app.add_typer(serving.app)
app.add_typer(delivery.app)
app.add_typer(following.app)
app.add_typer(delivery.events_app, name="events")
app.add_typer(delivery.subscribers_app, name="subscribers")
app.add_typer(delivery.dead_letters_app, name="dead-letters")
app.add_typer(intake.app)
app.add_typer(intake.wishes_app, name="wishes")
app.add_typer(quarantine.quarantine_app, name="quarantine")
app.add_typer(privacy.app)
app.add_typer(privacy.privacy_app, name="privacy")
app.add_typer(operating.app)
app.add_typer(cutover.app)
app.add_typer(cutover.shadow_app, name="shadow")
app.add_typer(audit.audit_app, name="audit")
app.add_typer(keys.keys_app, name="keys")
app.add_typer(rules_app, name="rules")
app.add_typer(models.app, name="model")
app.add_typer(runs.app, name="runs")
app.add_typer(stewards.app, name="steward")
app.command()(runs.rematch)
app.command()(models.train)


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
        str, typer.Option("--engine", help="duckdb; spark, with --model; or splink: the two-class baseline.")
    ] = "duckdb",
    as_json: Json = False,
) -> None:
    """Resolve files without a database: crosswalk, golden profiles, links, quarantine and a report into DIR.

    Columns are canonical unless NAME names one of the rules' sources.
    """
    from identity.commands.resolve import resolve_files

    with watched(quiet=as_json) as stages:
        report = resolve_files(
            service_at(rules), files, out, stages, source=source, truth=truth, model=model, engine=engine
        )
    show(report, render.resolved, as_json)


@app.command()
def load(files: Files, source: Source = None, rules: Rules = None, as_json: Json = False) -> None:
    """Load files into the database and resolve them. Canonical columns, or NAME's own; also as NAME=FILE."""
    from identity.commands.load import load_files

    with watched(quiet=as_json) as stages:
        report = load_files(service_at(rules), files, source, stages)
    show(report, render.loaded, as_json)


@app.command()
def ingest(files: Files, source: Source = None, rules: Rules = None, as_json: Json = False) -> None:
    """Write files' records in real time: each is resolved as it comes. Columns as for `load`; also as NAME=FILE."""
    from identity.commands.ingest import ingest_files

    with watched(quiet=as_json) as stages:
        report = ingest_files(service_at(rules), files, source, stages)
    show(report, render.ingested, as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="…parquet or …ndjson.", show_default=False)],
    purpose: Annotated[
        str | None, typer.Option("--purpose", metavar="NAME", help="Only who, and what, may be read for it.")
    ] = None,
    masked: Annotated[bool, typer.Option("--masked", help="Personal values masked.")] = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Write every golden profile of this moment into a file: values, consents, records."""
    from identity.commands.export import FORMS, export_report

    form = out.suffix.removeprefix(".")
    with usage():
        if form not in FORMS:
            raise ValueError(f"{out} tells no format: let it end in .{' or .'.join(FORMS)}.")
    service = service_at(rules)
    with usage():
        if purpose is not None and purpose not in service.purposes:
            raise ValueError(f"There is no purpose {purpose!r}; there are: {', '.join(service.purposes)}.")
    with watched(quiet=as_json) as stages:
        report = export_report(service, out, form, stages, purpose, clear=not masked)
    show({**report, "file": str(out)}, render.exported, as_json)


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
    with watched(quiet=as_json) as stages:
        service = service_at(rules)
        report = drain_report(service, most, stages) if drain else waiting_report(service)
    show(report, render.drained if drain else render.waiting, as_json)


@app.command()
def profile(golden_id: str, rules: Rules = None, as_json: Json = False) -> None:
    """Show one golden profile, with the source of each value."""
    from identity.commands.ask import profile_report

    show(profile_report(service_at(rules), golden_id), render.profile, as_json)


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
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="TIME", help="Then instead of now, such as 2026-03-01T12:00:00Z."),
    ] = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say which golden ids answer for ids and identifiers, in any spelling. Ends with 1 where nobody does.

    Times without an offset are UTC. What ids and records meant then is known; of identifiers only what they mean now.
    """
    from identity.commands.find import lookup_report, moment, question

    with usage():
        then = moment(as_of)
        questions = [question(text, country, then) for text in asked]
    report = lookup_report(service_at(rules), asked, questions, then)
    show(report, render.answers, as_json)
    end(found=report["found"])


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

    service = service_at(rules)
    with usage():
        asked = asked_record(service, told or [], record)
    report = match_report(service, asked, most)
    show(report, render.alike, as_json)
    end(found=report["found"])


@app.command()
def explain(
    left: Annotated[str, typer.Argument(help="A record, as source:id.")],
    right: Annotated[str, typer.Argument(help="Another record, as source:id.")],
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say how well two records match, comparison by comparison."""
    from identity.commands.ask import explanation

    show(explanation(service_at(rules), left, right), render.explanation, as_json)


@app.command()
def migrate(as_json: Json = False) -> None:
    """Bring the database to the version this program needs."""
    service = service_at(None)
    service.store.check_current()
    show({"database": service.settings.database_url}, render.migrated, as_json)


@rules_app.command("check")
def rules_check(rules: Rules = None, as_json: Json = False) -> None:
    """Read and validate every rules file."""
    from identity.commands.ask import rules_report

    show(rules_report(service_at(rules)), render.rules, as_json)


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
    show({**asdict(report), "files": [str(file) for file in report.files]}, render.sampled, as_json)


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

    with watched(quiet=as_json) as stages:
        report = run_demo(folder, people, stages)
    show(report, render.demo, as_json)


def main() -> None:
    """Run a command; a deliberate error becomes one line on standard error and an exit code."""
    try:
        app()
    except IdentityError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))) from None
