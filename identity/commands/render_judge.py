"""Reports of people's decisions, for people: the sentence that matters first, then a small table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity.commands.screen import escape, few, say, screen, table

__all__ = ["decided", "operations", "preview"]

Report = Mapping[str, Any]

_DONE = {
    "merge": "Merged",
    "split": "Split",
    "keep_apart": "Kept apart",
    "keep_together": "Kept together",
    "override": "Put right",
    "undo": "Taken back",
}


def decided(report: Report) -> None:
    """Print what became of a decision, and how to take it back."""
    live = [profile for profile in report["after"] if profile["status"] == "live"]
    say(f"[bold]{_DONE[report['kind']]}[/]: {_sizes(live)}.")
    _redirects(report["redirects"])
    say(f"[dim]Operation {report['operation_id']}, by {escape(report['actor'])}. To take it back: "
        f"identity undo {report['operation_id']}[/]")  # fmt: skip


def preview(report: Report) -> None:
    """Print what a decision would lead to, or why it cannot be taken."""
    if not report["mergeable"]:
        for blocker in report["blockers"]:
            say(
                f"[bold]It cannot be done[/]: {escape(blocker['message'])} {escape(blocker['remedy'])}".rstrip()
            )
            say(f"[dim]{blocker['code']}; nothing was written[/]")
        return
    say(f"[bold]It can be done[/], and would lead to {_sizes(report['profiles'])}.")
    _redirects(report["redirects"])
    for profile in report["profiles"]:
        _profile(profile)
    accounts = (f"{len(ids)} of {source} ({escape(few(ids))})" for source, ids in report["accounts"].items())
    say(f"accounts concerned: {'; '.join(accounts)}")
    say("[dim]Nothing was written.[/]")


def operations(report: Report) -> None:
    """Print what people decided, newest first."""
    if not report["operations"]:
        say("Nobody has decided anything yet.")
        return
    made = table("operation", "when", "what", "by", "why", "status", "profiles")
    for found in report["operations"]:
        status = "taken back" if found["reversed_by"] else found["status"]
        what = found["kind"].replace("_", " ") + (f" of {found['reverses'][:8]}" if found["reverses"] else "")
        told = (found["actor"], found["reason"] or "—", status, few(found["profiles"]))
        made.row(found["operation_id"], found["at"][:19], what, *told)
    screen.print(made)


def _sizes(profiles: Sequence[Report]) -> str:
    told = [f"{profile['golden_id']} with {_records(profile['records'])}" for profile in profiles]
    return " and ".join(told) or "no live profile"


def _records(records: Sequence[str]) -> str:
    return f"{len(records):,} record{'s' if len(records) != 1 else ''}"


def _redirects(redirects: Sequence[Report]) -> None:
    for redirect in redirects:
        say(f"{redirect['retired']} leads to {redirect['survivor']}")


def _profile(profile: Report) -> None:
    screen.print()
    say(f"[bold]{profile['golden_id']}[/], version {profile['version']}: {escape(few(profile['records']))}")
    made = table("attribute", "value", "from", "because")
    for name, found in profile["values"].items():
        made.row(name, found["value"], found["record"], found["rule"])
    screen.print(made)
    consents = ", ".join(f"{name} {status}" for name, status in profile["consents"].items())
    say(f"consents: {consents or 'none known'}")
