"""The commands about what people allow: consents shows it, consent records it, receipt proves it."""

from __future__ import annotations

from typing import Annotated

import typer

from identity.cli.shared import Json, Rules, service_at, show, usage

__all__ = ["app"]

app = typer.Typer()


@app.command()
def consents(
    golden_id: str,
    clear: Annotated[bool, typer.Option("--clear", help="Show addresses and numbers in full.")] = False,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show what a person allows, since when and why, and everything that was said of it."""
    from identity.commands import render_consents
    from identity.commands.consents import consents_report
    from identity.model.cluster import GoldenId

    report = consents_report(service_at(rules), GoldenId(golden_id), clear=clear)
    show(report, render_consents.agreement, as_json)


@app.command()
def consent(
    about: Annotated[str, typer.Argument(metavar="KIND=VALUE", help="golden_id, record, email or phone.")],
    name: Annotated[str, typer.Argument(metavar="PURPOSE.CHANNEL", help="Such as marketing.email.")],
    status: Annotated[str, typer.Argument(help="granted, denied, withdrawn, objected or unknown.")],
    captured: Annotated[
        str | None, typer.Option("--captured", metavar="TIME", help="When it was said; else now.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="TIME", help="Until when a yes holds.")
    ] = None,
    jurisdiction: Annotated[
        str | None, typer.Option("--jurisdiction", help="Whose law it was said under.")
    ] = None,
    basis: Annotated[str | None, typer.Option("--basis", help="The legal basis, such as consent.")] = None,
    notice: Annotated[str | None, typer.Option("--notice", help="Which privacy notice was shown.")] = None,
    evidence: Annotated[str | None, typer.Option("--evidence", help="What proves it.")] = None,
    told_by: Annotated[str, typer.Option("--told-by", help="Which system it was said in.")] = "",
    country: Annotated[str, typer.Option("--country", help="Whose national phone number.")] = "",
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Who tells; the login name by default.")
    ] = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Record that somebody said yes or no. It is kept for good, and holds at once."""
    from identity.commands import render_consents
    from identity.commands.consents import told_report
    from identity.commands.find import moment, question
    from identity.commands.judge import wish
    from identity.flows.consent import Said, Teller

    with usage():
        whom, who = question(about, country), wish(actor, "", []).actor
        purpose, dot, channel = name.partition(".")
        if not dot:
            raise ValueError(f"{name!r} is no consent: write it as purpose.channel.")
        said = Said(
            whom, purpose, channel, status, moment(captured), moment(expires), told_by or who, jurisdiction,
            basis, notice, evidence,
        )  # fmt: skip
    service = service_at(rules)
    report = told_report(service, [said], Teller(who, service.desk.new_id()))
    show(report, render_consents.told, as_json)


@app.command()
def receipt(fact_id: str, rules: Rules = None, as_json: Json = True) -> None:  # noqa: ARG001
    """Print the receipt of a fact (ISO/IEC TS 27560): a JSON document, asked for with --json or not."""
    from identity.commands.consents import receipt_report

    show(receipt_report(service_at(rules), fact_id), lambda _: None, as_json=True)
