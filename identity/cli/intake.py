"""Systems that are listened to: `identity poll`, `watch`, and what they pass on for people to see to: `wishes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from identity.cli.shared import Json, MetricsPort, Rules, end, logged, observed, service_at, show
from identity.commands import render_intake as told

__all__ = ["app", "wishes_app"]

app = typer.Typer()
wishes_app = typer.Typer(help="What the law has systems pass on: erasures and disclosures to be seen to.")


@app.command()
def poll(
    system: Annotated[str, typer.Argument(metavar="erp", help="The system to ask.")],
    every: Annotated[
        float | None,
        typer.Option("--every", min=1, metavar="SECONDS", help="Again and again, until stopped."),
    ] = None,
    overlap: Annotated[
        float, typer.Option("--overlap", min=0, metavar="MINUTES", help="How far back is looked again.")
    ] = 15,
    rules: Rules = None,
    metrics_port: MetricsPort = None,
    as_json: Json = False,
) -> None:
    """Take what has changed in the ERP since the last time. The first time takes everything."""
    from datetime import timedelta

    from identity.accounts import erp_of
    from identity.commands.poll import poll_again, poll_erp

    if system != "erp":
        raise typer.BadParameter("Only `erp` is asked; the others tell by themselves.")
    service, back = service_at(rules), timedelta(minutes=overlap)
    with erp_of(service) as (accounts, policy):
        if every is None:
            show(poll_erp(service, accounts, policy, back), told.polled, as_json)
            return
        observed("intake", metrics_port)
        tell = logged("polled", _teller(told.polled, as_json))
        poll_again(lambda: poll_erp(service, accounts, policy, back), every, tell)


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where files are dropped.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="The system they come from.")],
    once: Annotated[bool, typer.Option("--once", help="What is there now, then end.")] = False,
    still: Annotated[
        float, typer.Option("--still", min=0, metavar="SECONDS", help="How long a whole file stands still.")
    ] = 2,
    rules: Rules = None,
    metrics_port: MetricsPort = None,
    as_json: Json = False,
) -> None:
    """Load files as they are dropped into a folder, each content once, and put them into its done/ or failed/.

    Files that end in .part or .tmp, or begin with a dot, are left alone. With --once: ends with 1 where one failed.
    """
    from identity.commands.watch import watch_once, watch_until_stopped
    from identity.connectors.drops import Drops

    service, drops = service_at(rules), Drops(folder.absolute(), still)
    if once:
        report = watch_once(service, drops, source)
        show(report, told.watched, as_json)
        end(found=all(file["outcome"] != "failed" for file in report["files"]))
        return
    observed("intake", metrics_port)
    watch_until_stopped(service, drops, source, logged("dropped", _teller(told.dropped, as_json)))


@wishes_app.callback(invoke_without_command=True)
def wishes(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """List what is to be seen to, the most pressing first."""
    from identity.commands.wishes import wishes_report

    if context.invoked_subcommand is None:
        show(wishes_report(service_at(rules), every=every), told.wishes, as_json)


@wishes_app.command("close")
def wishes_close(
    number: Annotated[int, typer.Argument(metavar="NUMBER")], rules: Rules = None, as_json: Json = False
) -> None:
    """Say that one was seen to. Ends with 1 where none of this number was open."""
    from identity.commands.wishes import close_report

    report = close_report(service_at(rules), number)
    show(report, told.closed, as_json)
    end(found=report["closed"])


def _teller(render: Any, as_json: bool) -> Any:
    import orjson

    def line(report: dict[str, Any]) -> None:
        typer.echo(orjson.dumps(report, default=str).decode())

    return line if as_json else render
