"""Reports of consent, for people: what holds first, then why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.commands.screen import say, screen, table

__all__ = ["agreement", "told"]

Report = Mapping[str, Any]


def agreement(report: Report) -> None:
    """Print what a person allows, by consent and identifier, and what was said of it."""
    if report["redirected_from"]:
        say(f"{report['redirected_from']} was merged into {report['golden_id']}.")
    if not report["consents"]:
        say("Nothing was ever said.")
        return
    made = table("consent", "for", "holds", "why", "since", "until")
    for found in report["consents"]:
        name = f"{found['purpose']}.{found['channel']}"
        made.row(name, "the person", *_held(found))
        for each in found["identifiers"]:
            made.row("", f"{each['kind']} {each['value']}", *_held(each))
    screen.print(made)
    _said(report)


def _held(found: Report) -> tuple[str, ...]:
    return found["status"], found["reason"].replace("_", " "), _day(found["since"]), _day(found["until"])


def _said(report: Report) -> None:
    made = table("said", "consent", "status", "by", "fact")
    for fact in report["facts"]:
        when, name = _day(fact["captured_at"] or fact["received_at"]), f"{fact['purpose']}.{fact['channel']}"
        made.row(when, name, fact["status"], fact["told_by"], fact["fact_id"])
    for stated in report["statements"]:
        when, name = _day(stated["captured_at"]), f"{stated['purpose']}.{stated['channel']}"
        made.row(when, name, stated["status"], stated["record"], "—")
    screen.print(made)


def _day(moment: str | None) -> str:
    return moment[:16].replace("T", " ") if moment else "—"


def told(report: Report) -> None:
    """Print which facts are kept, and what holds since."""
    for fact in report["facts"]:
        holds = ", ".join(f"{each['golden_id']}: {each['status']}" for each in fact["profiles"])
        say(
            f"[bold]Kept[/] as {fact['fact_id']}. {holds or 'Nobody has this yet; it holds for whoever will.'}"
        )
