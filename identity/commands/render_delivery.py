"""Subscribers, dead letters and deliveries for people: tables on standard output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from identity.commands.screen import escape, say, screen, table

__all__ = [
    "closed",
    "dead_letter",
    "dead_letters",
    "delivered",
    "news",
    "news_line",
    "removed",
    "replayed",
    "subscriber",
    "subscribers",
]

Report = Mapping[str, Any]
_NONE = {"types": "all", "secrets": "none", "readers": "none seen"}


def subscribers(report: Report) -> None:
    """Print who is told, and how far."""
    rows = [
        (
            one["name"],
            one["kind"],
            one["status"],
            *_numbers(one, "behind", "held", "dead_letters"),
            _state(one),
        )
        for one in report["subscribers"]
    ]
    if not rows:
        say("Nobody is told: `identity subscribers add` adds somebody.")
        return
    _table(("name", "kind", "status", "behind", "held", "given up", ""), rows)


def subscriber(report: Report) -> None:
    """Print one, and what waits for it."""
    say(f"[bold]{report['name']}[/], {report['kind']}, {report['status']}: {escape(report['address'])}")
    say("; ".join(f"{what}: {escape(', '.join(report[what])) or _NONE[what]}" for what in _NONE))
    behind, held, dead = _numbers(report, "behind", "held", "dead_letters")
    state = _state(report)
    say(f"{behind} behind, {held} held, {dead} given up" + (f"; {escape(state)}" if state else ""))
    rows = [
        (str(one["position"]), one["subject"], str(one["attempts"]), one["code"], str(one["next_at"]))
        for one in report["waits"]
    ]
    if rows:
        _table(("position", "subject", "attempts", "why", "next"), rows)


def removed(report: Report) -> None:
    """Print that somebody is told no more."""
    left = f"; {report['dead_letters']:,} given up before stay" if report["dead_letters"] else ""
    say(f"{report['name']} is told no more{left}.")


def replayed(report: Report) -> None:
    """Print from where on somebody is told again."""
    say(f"{report['name']} is told again from behind {report['position']:,}: {report['behind']:,} positions.")


def dead_letters(report: Report) -> None:
    """Print what was given up."""
    if not report["dead_letters"]:
        say("Nothing was given up.")
        return
    rows = [
        (
            str(one["number"]), one["follower"], one["event_id"], one["code"], str(one["attempts"]),
            str(one["last_at"]), one["status"],
        )
        for one in report["dead_letters"]
    ]  # fmt: skip
    _table(("number", "subscriber", "event", "why", "attempts", "last", "status"), rows)


def dead_letter(report: Report) -> None:
    """Print one with its event."""
    say(
        f"[bold]{report['number']}[/], {report['follower']}, {report['status']}: {escape(report['event_id'])}, "
        f"{escape(report['code'])} {escape(report['detail'])}"
    )
    say(escape(orjson.dumps(report["event"], option=orjson.OPT_INDENT_2).decode()))


def closed(report: Report) -> None:
    """Print how many were closed."""
    say(f"{report['closed']:,} closed")


def delivered(report: Report) -> None:
    """Print what came of everybody's turn."""
    rows = [(one["name"], *_numbers(one, "told", "held", "dead"), one["why"]) for one in report["delivered"]]
    if not rows:
        say("Nobody is told: `identity subscribers add` adds somebody.")
        return
    _table(("name", "told", "held", "given up", "ended"), rows)


def news(report: Report) -> None:
    """Print a piece of news."""
    told, held, dead = _numbers(report, "told", "held", "dead")
    again = f", again at {report['again_at']}" if report["again_at"] else ""
    say(f"{report['name'] or 'everybody'}: {told} told, {held} held, {dead} given up; {report['why']}{again}")


def news_line(report: Report) -> None:
    """Print a piece of news as a line of JSON."""
    print(orjson.dumps(report).decode(), flush=True)


def _state(report: Report) -> str:
    """Return what is the matter, if anything is."""
    if report["reason"]:
        return str(report["reason"])
    if report["failures"]:
        return f"{report['failures']} failures in a row" + (
            f", left alone until {report['retry_at']}" if report["retry_at"] else ""
        )
    return ""


def _numbers(report: Report, *names: str) -> Sequence[str]:
    return [f"{report[name]:,}" for name in names]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    made = table(*columns)
    for row in rows:
        made.row(*row)
    screen.print(made)
