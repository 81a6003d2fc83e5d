"""Systems that follow: `identity consume`, `consumers` and `reconcile`."""

from __future__ import annotations

from getpass import getuser
from typing import Annotated

import typer

from identity.cli.shared import Json, MetricsPort, Rules, end, logged, observed, service_at, show
from identity.commands import render_following as told

__all__ = ["app"]

app = typer.Typer()


@app.command()
def consume(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME…", help="Which systems; by default all that are named by the settings."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="What there is now, then end.")] = False,
    rules: Rules = None,
    metrics_port: MetricsPort = None,
    as_json: Json = False,
) -> None:
    """Keep other systems in step with the master: follow the log until stopped (Ctrl-C, SIGTERM).

    Several may do so at once: one of them follows for a system at a time. With --once: ends with 1 where something
    waits or was given up. With --json: a line for each piece of news.
    """
    from identity.commands.consuming import consume_until_stopped
    from identity.commands.following import consume_report

    service = service_at(rules)
    service.remember()
    if once:
        report = consume_report(service, names or ())
        show(report, told.consumed, as_json)
        end(found=report["done"])
        return
    service.store.check_current()
    observed("consumer", metrics_port)
    consume_until_stopped(service, names or (), logged("followed", told.news_line if as_json else told.news))


@app.command()
def consumers(rules: Rules = None, as_json: Json = False) -> None:
    """Show who follows the log: how far, what waits and was given up, whether the system answers."""
    from identity.commands.following import consumers_report

    show(consumers_report(service_at(rules)), told.consumers, as_json)


@app.command()
def reconcile(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="Such as loyalty.")],
    repair: Annotated[
        bool, typer.Option("--repair", help="Have its consumer follow once more whom it concerns.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many differences.")] = 100,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Compare what another system holds with the master.

    Ends with 1 where they differ, and nobody was told of it yet.
    """
    from identity.commands.following import reconcile_report

    report = reconcile_report(service_at(rules), system, repair=repair, limit=limit, actor=getuser())
    show(report, told.reconciled, as_json)
    end(found=report["agrees"])
