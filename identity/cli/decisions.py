"""The commands by which people decide: merge, split, keep-apart, keep-together, undo, operations.

With `--preview` each says what it would lead to, writes nothing, and ends with 1 where it would be refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from identity.cli.shared import Json, Rules, end, service_at, show, usage

__all__ = ["app"]

app = typer.Typer()

Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NAME", help="Who decides; the login name by default.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why. It is kept for good.")]
Versions = Annotated[
    list[str] | None,
    typer.Option(
        "--version", metavar="GOLDEN_ID=N", help="As it was seen: refused where a profile is another now."
    ),
]
Preview = Annotated[bool, typer.Option("--preview", help="Only say what it would lead to.")]


@app.command()
def merge(
    golden_ids: Annotated[list[str], typer.Argument(metavar="GOLDEN_ID…", help="Two or more.")],
    into: Annotated[
        str | None, typer.Option("--into", metavar="GOLDEN_ID", help="Which lives on; else the largest.")
    ] = None,
    reason: Reason = "",
    actor: Actor = None,
    version: Versions = None,
    preview: Preview = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Make one profile of several: they are one person."""
    from identity.commands.judge import wish

    with usage():
        wanted = wish(actor, reason, version or [])
    _decide("merge", (golden_ids, wanted, into), rules, preview=preview, as_json=as_json)


@app.command()
def split(
    golden_id: str,
    records: Annotated[list[str], typer.Argument(metavar="SOURCE:ID…", help="Who is somebody else.")],
    reason: Reason = "",
    actor: Actor = None,
    version: Versions = None,
    preview: Preview = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Make another profile of some records: they are somebody else."""
    from identity.commands.find import record_key
    from identity.commands.judge import wish

    with usage():
        wanted, keys = wish(actor, reason, version or []), [record_key(text) for text in records]
    _decide("split", (golden_id, keys, wanted), rules, preview=preview, as_json=as_json)


@app.command("override")
def override(
    golden_id: str,
    field: Annotated[str, typer.Argument(help="A field of a profile, such as family_name.")],
    value: Annotated[str, typer.Argument(help="What is right.")],
    reason: Reason = "",
    actor: Actor = None,
    version: Versions = None,
    preview: Preview = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Give a profile a value that you know better than its records; it holds until those say something new."""
    from identity.commands.judge import wish

    with usage():
        wanted = wish(actor, reason, version or [])
    _decide("override", (golden_id, {field: value}, wanted), rules, preview=preview, as_json=as_json)


@app.command("keep-apart")
def keep_apart(
    one: Annotated[str, typer.Argument(help="A record, as source:id, or a golden id: everybody in it now.")],
    other: Annotated[str, typer.Argument(help="Another one.")],
    reason: Reason = "",
    actor: Actor = None,
    version: Versions = None,
    preview: Preview = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Never put two records, or the records of two profiles, together."""
    from identity.commands.find import side
    from identity.commands.judge import wish

    with usage():
        wanted, sides = wish(actor, reason, version or []), (side(one), side(other))
    _decide("keep_apart", (*sides, wanted), rules, preview=preview, as_json=as_json)


@app.command("keep-together")
def keep_together(
    one: Annotated[str, typer.Argument(help="A record, as source:id.")],
    other: Annotated[str, typer.Argument(help="Another record.")],
    reason: Reason = "",
    actor: Actor = None,
    version: Versions = None,
    preview: Preview = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Always put two records into one profile."""
    from identity.commands.find import record_key
    from identity.commands.judge import wish

    with usage():
        wanted, keys = wish(actor, reason, version or []), (record_key(one), record_key(other))
    _decide("keep_together", (*keys, wanted), rules, preview=preview, as_json=as_json)


@app.command()
def undo(
    operation: Annotated[
        str, typer.Argument(help="An operation, or the golden id that the machine merged away.")
    ],
    reason: Reason = "",
    actor: Actor = None,
    version: Versions = None,
    preview: Preview = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Take a decision back, or a merge by the machine: records, ids, values and consents as before it."""
    from identity.commands.judge import wish

    with usage():
        wanted = wish(actor, reason, version or [])
    _decide("undo", (operation, wanted), rules, preview=preview, as_json=as_json)


@app.command()
def operations(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show what people decided, newest first."""
    from identity.commands import render_judge
    from identity.commands.judge import operations_report

    show(operations_report(service_at(rules), limit), render_judge.operations, as_json)


def _decide(verb: str, about: tuple[Any, ...], rules: Path | None, *, preview: bool, as_json: bool) -> None:
    """Take a decision, one of `flows/judge/decisions.py`, or say what it would lead to."""
    from identity.commands import render_judge
    from identity.commands.judge import decided_report, preview_report

    decisions = service_at(rules).decisions
    if not preview:
        show(decided_report(getattr(decisions, verb)(*about)), render_judge.decided, as_json)
        return
    report = preview_report(getattr(decisions, f"preview_{verb}")(*about))
    show(report, render_judge.preview, as_json)
    end(found=report["mergeable"])
