"""The commands that say why: why, how, why-not."""

from __future__ import annotations

from typing import Annotated

import typer

from identity.cli.shared import Json, Rules, service_at, show, usage

__all__ = ["app"]

app = typer.Typer()

One = Annotated[str, typer.Argument(metavar="ONE", help="A record, as source:id, or a golden id.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")]


@app.command()
def why(one: One, other: Other, rules: Rules = None, as_json: Json = False) -> None:
    """Say why two records or profiles are together: what connects them, and what people said on the way."""
    from identity.commands import render_explain
    from identity.commands.explain import why_report
    from identity.commands.find import side

    with usage():
        sides = side(one), side(other)
    show(why_report(service_at(rules), *sides), render_explain.why, as_json)


@app.command()
def how(golden_id: str, rules: Rules = None, as_json: Json = False) -> None:
    """Say how a profile came to be, change by change, and in which order its records hold together."""
    from identity.commands import render_explain
    from identity.commands.explain import how_report

    show(how_report(service_at(rules), golden_id), render_explain.how, as_json)


@app.command("why-not")
def why_not(one: One, other: Other, rules: Rules = None, as_json: Json = False) -> None:
    """Say why two records or profiles are not together, the decisive cause first."""
    from identity.commands import render_explain
    from identity.commands.explain import why_not_report
    from identity.commands.find import side

    with usage():
        sides = side(one), side(other)
    show(why_not_report(service_at(rules), *sides), render_explain.why_not, as_json)
