"""The commands of people who look at what a machine should not decide: reviews, defer, label, evaluate."""

from __future__ import annotations

from typing import Annotated

import typer

from identity.cli.shared import Json, Rules, end, service_at, show, usage
from identity.commands import render_reviews as render

__all__ = ["app"]

app = typer.Typer()

Task = Annotated[str, typer.Argument(metavar="TASK", help="A task's id, as `identity reviews` shows it.")]
Actor = Annotated[str, typer.Option("--actor", metavar="NAME", help="Who says so.")]


@app.command()
def reviews(
    kind: Annotated[
        str | None, typer.Option("--kind", help="possible_match, close_call, weak_bridge, crowded, …")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show what waits for a person, the most pressing first."""
    from identity.commands.reviews import review_kind, reviews_report

    with usage():
        asked = review_kind(kind)
    show(reviews_report(service_at(rules), asked, limit), render.reviews, as_json)


@app.command()
def review(task: Task, rules: Rules = None, as_json: Json = False) -> None:
    """Show one task: its records side by side, why it is open, and what can be done about it."""
    from identity.commands.reviews import review_report

    show(review_report(service_at(rules), task), render.review, as_json)


@app.command()
def defer(
    task: Task,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Such as 2026-03-02, or with a time.")
    ],
    actor: Actor,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Put a task off: it is not shown until then, unless its evidence closes it before."""
    from identity.commands.reviews import defer_report, moment

    with usage():
        end_of_it = moment(until)
    show(defer_report(service_at(rules), task, end_of_it, actor, reason), render.task, as_json)


@app.command()
def label(
    task: Task,
    answer: Annotated[str, typer.Argument(metavar="yes|no|unsure", help="Is it the same person?")],
    actor: Actor,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Answer a sample. Nobody is merged or split by it: it only tells how right the links are."""
    from identity.commands.reviews import answered, label_report

    with usage():
        same = answered(answer)
    show(label_report(service_at(rules), task, same, actor), render.task, as_json)


@app.command()
def evaluate(
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, metavar="N", help="Draw N pairs to be labelled.")
    ] = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Say how right the links are, by the labels there are; or draw pairs to be labelled. Ends with 1 for no label."""
    from identity.commands.reviews import estimate_report, sample_report

    service = service_at(rules)
    if sample:
        show(sample_report(service, sample), render.drawn, as_json)
        return
    report = estimate_report(service)
    show(report, render.estimated, as_json)
    end(found=report["labels"] > 0)
