"""Explanations for people: the sentence that matters first, then a small table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity.commands.render import explanation
from identity.commands.screen import escape, few, say, screen, table

__all__ = ["how", "why", "why_not"]

Report = Mapping[str, Any]


def why(report: Report) -> None:
    """Print whether two are together and what connects them, then the waterfall of their best pair."""
    names = _names(report)
    if not report["together"]:
        say(f"[bold]{names} are not together[/]: `identity why-not` says why.")
    else:
        say(f"[bold]{names} are together[/] in {report['one']['golden_id']}: "
            f"{_connected(report)}.")  # fmt: skip
    if report["path"]:
        made = table("from", "to", "bits", "a person said")
        for step in report["path"]:
            made.row(step["left"], step["right"], _bits(step["match_weight"]), _spoken(step["said"]))
        screen.print(made)
    screen.print()
    explanation(report["pair"])


def _names(report: Report) -> str:
    return escape(f"{report['one']['asked']} and {report['other']['asked']}")


def _connected(report: Report) -> str:
    path = report["path"]
    many = "one link connects them" if len(path) == 1 else f"{len(path)} links connect them"
    if spoken := sum(1 for step in path if step["said"]):
        return f"{many}, {spoken if len(path) > 1 else 'given'} by a person's word"
    weakest = min(step["match_weight"] for step in path)
    return many if len(path) == 1 else f"{many}, the weakest of {_bits(weakest)} bits"


def _spoken(said: Report | None) -> str:
    if said is None:
        return ""
    reason = f": {said['reason']}" if said["reason"] else ""
    return f"{said['actor']}, {said['at'][:10]}, {said['kind'].replace('_', ' ')}{reason}"


def _bits(weight: float | None) -> str:
    return "—" if weight is None else f"{weight:+.1f}"


def how(report: Report) -> None:
    """Print what a profile is, its history, and the order in which its records hold together."""
    gone = f", {report['answers']} answers for it" if report["answers"] != report["golden_id"] else ""
    records, changes = len(report["records"]), len(report["history"])
    say(f"[bold]{report['golden_id']}[/] is {records:,} record{'s' * (records != 1)} "
        f"after {changes:,} change{'s' * (changes != 1)}{gone}.")  # fmt: skip
    made = table("when", "what", "by", "why", "came", "left", "ids")
    for passage in report["history"]:
        change = passage["change"] or {"kind": "—", "actor": "—", "reason": ""}
        what = change["kind"].replace("_", " ")
        moved = (_moved(passage["came"], "from"), _moved(passage["left"], "to"))
        made.row(passage["at"][:19], what, change["actor"], change["reason"], *moved, _ids(passage))
    screen.print(made)
    if report["joins"]:
        screen.print()
        _joins(report["joins"])


def _moved(moves: Sequence[Report], word: str) -> str:
    return "; ".join(few(move["records"]) + (f" {word} {move[word]}" if move[word] else "") for move in moves)


def _ids(passage: Report) -> str:
    merged = [f"{golden_id} merged in" for golden_id in passage["merged_in"]]
    return "; ".join(merged + ([f"leads to {passage['leads_to']}"] if passage["leads_to"] else []))


def _joins(joins: Sequence[Report]) -> None:
    say("How its records hold together, best first:")
    made = table("", "and", "best link", "mean", "worth", "because")
    for join in joins:
        because = "; ".join(map(_spoken, join["said"])) or (
            "by decision" if join["by_decision"] else "evidence"
        )
        bits = (_bits(join[name]) for name in ("best", "mean", "worth"))
        made.row(few(join["one"]), few(join["other"]), *bits, because)
    screen.print(made)


def why_not(report: Report) -> None:
    """Print the decisive cause, the others, and the waterfall of the best pair."""
    names = _names(report)
    if report["together"]:
        say(f"[bold]{names} are together[/] in {report['one']['golden_id']}: `identity why` says why.")
        return
    decisive, *others = report["causes"]
    say(f"[bold]{names} are not together.[/] {escape(decisive['told'])}")
    for cause in others:
        say(f"Besides: {escape(cause['told'])}")
    if report["pair"]:
        screen.print()
        explanation(report["pair"])
