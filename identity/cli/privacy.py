"""What people ask about themselves: erase, export-person, and requests that take their time."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from identity.cli.shared import Json, Rules, service_at, show, usage

__all__ = ["app", "privacy_app"]

app = typer.Typer()
privacy_app = typer.Typer(help="Requests of people about themselves.", no_args_is_help=True)
Who = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who decides; the login name by default.")
]


@app.command()
def erase(
    golden_id: str,
    yes: Annotated[bool, typer.Option("--yes", help="It cannot be taken back, and you are sure.")] = False,
    check: Annotated[
        str, typer.Option("--check", metavar="TEXT", help="How it was made sure that the person asks.")
    ] = "on the command line",
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Erase a person everywhere: their ids answer 410 from then on, and no file or system brings them back."""
    from identity.commands.privacy import erase_now, told
    from identity.commands.render_privacy import requested

    with usage():
        if not yes:
            raise ValueError(f"{golden_id} would be erased for good; say --yes if that is what you want.")
    request = erase_now(service_at(rules), golden_id, actor or getpass.getuser(), check)
    show(told(request), requested, as_json)


@app.command("export-person")
def export_person(
    golden_id: str,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where person.json and person.html go.")],
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Write everything that is held of a person: a page to read, and JSON. Nobody else's fields are in it."""
    from identity.commands.person import person_files
    from identity.commands.render_privacy import exported_person

    report = person_files(service_at(rules), golden_id, out, actor or getpass.getuser())
    show(report, exported_person, as_json)


@app.command()
def retain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many records that would be.")
    ] = False,
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Take out the records that their source has not told of for longer than its rules keep them."""
    from identity.commands.render_privacy import retained
    from identity.commands.retain import retain_report

    report = retain_report(service_at(rules), actor or getpass.getuser(), dry_run=dry_run)
    show(report, retained, as_json)


@privacy_app.command("list")
def list_requests(
    every: Annotated[
        bool, typer.Option("--all", help="Also those that nothing is left to do about.")
    ] = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """List what people have asked, what is due first before the others."""
    from identity.commands.privacy import told
    from identity.commands.render_privacy import requests

    found = service_at(rules).store.privacy.requests()
    open_ones = ("received", "verified")
    waiting = [each for each in found if every or each.status.value in open_ones or each.waits_for]
    show({"requests": [told(each) for each in waiting]}, requests, as_json)


@privacy_app.command()
def receive(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="access, erasure, rectification or restriction.")
    ],
    golden_id: str,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What was asked.")] = "",
    values: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="FIELD=TEXT", help="What is right; for a rectification."),
    ] = None,
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Keep a request, with the date it is due by."""
    from identity.commands.privacy import receive as keep
    from identity.model.privacy import PrivacyKind

    with usage():
        if kind not in {each.value for each in PrivacyKind}:
            raise ValueError(f"There is no request {kind!r}; there are: {', '.join(PrivacyKind)}.")
        pairs = [text.partition("=") for text in values or []]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError("A value is written as FIELD=TEXT.")
    wanted = {field: text for field, _, text in pairs}
    who = actor or getpass.getuser()
    _show(keep(service_at(rules), PrivacyKind(kind), golden_id, who, reason, "", wanted), as_json)


@privacy_app.command()
def verify(
    request_id: str,
    check: Annotated[str, typer.Option("--check", metavar="TEXT", help="How the person was recognised.")],
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say how it was made sure that the person asks."""
    from identity.commands.privacy import verify as checked

    _show(checked(service_at(rules), request_id, check, actor or getpass.getuser()), as_json)


@privacy_app.command("carry-out")
def carry_out(request_id: str, actor: Who = None, rules: Rules = None, as_json: Json = False) -> None:
    """Erase, for good; restrict, until that is released; or say of another request that it was met."""
    from identity.commands.privacy import carry_out as done

    _show(done(service_at(rules), request_id, actor or getpass.getuser()), as_json)


@privacy_app.command()
def refuse(
    request_id: str,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why not.")],
    actor: Who = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say no, and why."""
    from identity.commands.privacy import refuse as refused

    _show(refused(service_at(rules), request_id, reason, actor or getpass.getuser()), as_json)


@privacy_app.command()
def release(request_id: str, actor: Who = None, rules: Rules = None, as_json: Json = False) -> None:
    """Let come back who was erased, because they have come by their own will; or lift a restriction."""
    from identity.commands.privacy import release as let_go
    from identity.commands.render_privacy import released

    show(let_go(service_at(rules), request_id, actor or getpass.getuser()), released, as_json)


def _show(request: Any, as_json: bool) -> None:
    from identity.commands.privacy import told
    from identity.commands.render_privacy import requested

    show(told(request), requested, as_json)
