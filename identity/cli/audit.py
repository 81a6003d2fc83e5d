"""Who saw or decided what: audit verify, audit list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from identity.cli.shared import Json, Rules, end, service_at, show, usage

__all__ = ["audit_app"]

audit_app = typer.Typer(help="Who saw or decided what about whom.", no_args_is_help=True)


@audit_app.command()
def verify(rules: Rules = None, as_json: Json = False) -> None:
    """Say whether the trail is as it was written; ends with 1 where it was edited, cut or put in another order."""
    from identity.commands.audit import verify_report
    from identity.commands.render_audit import verified

    report = verify_report(service_at(rules))
    show(report, verified, as_json)
    end(found=report["whole"])


@audit_app.command("list")
def list_entries(
    subject: Annotated[str, typer.Option("--subject", metavar="GOLDEN_ID", help="About whom only.")] = "",
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="From this moment on (ISO 8601, with a zone)."),
    ] = None,
    after: Annotated[int, typer.Option("--after", metavar="SEQ", help="Behind this entry only.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 100,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """List entries, oldest first."""
    from identity.commands.audit import entries_report
    from identity.commands.render_audit import entries

    with usage():
        moment = datetime.fromisoformat(since) if since else None
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"{since} lacks a zone; add Z for UTC.")
    show(entries_report(service_at(rules), subject, moment, after, limit), entries, as_json)
