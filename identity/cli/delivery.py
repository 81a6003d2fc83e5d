"""How events leave: `identity events`, `subscribers`, `dead-letters` and `deliver`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from identity.cli.shared import Json, MetricsPort, Rules, end, logged, observed, service_at, show, usage
from identity.commands import render
from identity.commands import render_delivery as told

__all__ = ["app", "dead_letters_app", "events_app", "subscribers_app"]

app = typer.Typer()
events_app = typer.Typer(help="The event log: what other systems are told.")
subscribers_app = typer.Typer(help="Who is told what happens.", no_args_is_help=True)
dead_letters_app = typer.Typer(help="Events that were given up.", no_args_is_help=True)

After = Annotated[int, typer.Option("--after", help="Position after which to begin.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A subscriber.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only events of this type; may be repeated."),
]
Secrets = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="NAME", help="Name of a secret, the newest first; may be repeated."),
]
Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="NUMBER…", help="As `identity dead-letters list` shows them.")
]
Whose = Annotated[str | None, typer.Option("--subscriber", metavar="NAME", help="All open ones of this one.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


@events_app.callback(invoke_without_command=True)
def events(
    context: typer.Context,
    after: After = 0,
    limit: Limit = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Show the event log, or have a subscriber told again."""
    if context.invoked_subcommand is None:
        events_list(after, limit, rules, as_json)


@events_app.command("list")
def events_list(after: After = 0, limit: Limit = 20, rules: Rules = None, as_json: Json = False) -> None:
    """Show the event log, the oldest first."""
    from identity.commands.ask import event_report

    show(event_report(service_at(rules), after, limit), render.events, as_json)


@events_app.command("replay")
def events_replay(
    since: Annotated[
        str,
        typer.Option("--since", metavar="POSITION|TIME", help="Behind a position, or from a moment on."),
    ],
    subscriber: Annotated[str, typer.Option("--subscriber", metavar="NAME", help="Who is told again.")],
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Tell a subscriber again what happened since. It knows by their ids what it was told before."""
    from identity.commands.delivery import beginning, replay_report

    with usage():
        begin = beginning(since)
    show(replay_report(service_at(rules), subscriber, begin), told.replayed, as_json)


@subscribers_app.command("add")
def subscribers_add(
    name: Name,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="Where events are posted, signed.")
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option("--stream", metavar="STREAM", help="A Redis stream, such as identity:events."),
    ] = None,
    types: Types = None,
    secrets: Secrets = None,
    since: Annotated[
        str, typer.Option("--since", metavar="POSITION|TIME|now", help="Where to begin; 0: the whole log.")
    ] = "0",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Add somebody who is told: a webhook or a Redis stream."""
    from identity.commands.delivery import add_report, beginning, wanted

    with usage():
        asked = wanted(name, webhook, stream, types or (), secrets or (), beginning(since))
    show(add_report(service_at(rules), asked), told.subscriber, as_json)


@subscribers_app.command("list")
def subscribers_list(rules: Rules = None, as_json: Json = False) -> None:
    """List who is told, how far behind each is, what waits and what was given up."""
    from identity.commands.delivery import subscribers_report

    show(subscribers_report(service_at(rules)), told.subscribers, as_json)


@subscribers_app.command("show")
def subscribers_show(name: Name, limit: Limit = 20, rules: Rules = None, as_json: Json = False) -> None:
    """Show one, and the first events that wait."""
    from identity.commands.delivery import subscriber_report

    show(subscriber_report(service_at(rules), name, limit), told.subscriber, as_json)


@subscribers_app.command("pause")
def subscribers_pause(name: Name, reason: Reason = "", rules: Rules = None, as_json: Json = False) -> None:
    """Tell it nothing until it is resumed; nothing is lost meanwhile."""
    from identity.commands.delivery import paused

    show(paused(service_at(rules), name, reason), told.subscriber, as_json)


@subscribers_app.command("resume")
def subscribers_resume(name: Name, rules: Rules = None, as_json: Json = False) -> None:
    """Tell one again that was paused, or disabled after lasting failure; what waited is tried at once."""
    from identity.commands.delivery import resumed

    show(resumed(service_at(rules), name), told.subscriber, as_json)


@subscribers_app.command("change")
def subscribers_change(
    name: Name,
    address: Annotated[str | None, typer.Option("--address", metavar="URL", help="Where to now.")] = None,
    types: Types = None,
    every_type: Annotated[
        bool, typer.Option("--every-type", help="Events of every type from now on.")
    ] = False,
    secrets: Secrets = None,
    forget: Annotated[
        str | None, typer.Option("--forget-reader", metavar="GROUP", help="Wait no more for this group.")
    ] = None,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Give one another address, other types or other secrets. Two secrets, the newer first, while one is replaced."""
    from identity.commands.delivery import change_report

    if every_type and types:
        raise typer.BadParameter("--every-type does not go with --type.")
    wanted = [] if every_type else types
    if address is None and wanted is None and not secrets and not forget:
        raise typer.BadParameter("Say what to change: an address, types, secrets, or a reader to forget.")
    show(
        change_report(service_at(rules), name, address, wanted, secrets or None, forget),
        told.subscriber,
        as_json,
    )


@subscribers_app.command("remove")
def subscribers_remove(name: Name, rules: Rules = None, as_json: Json = False) -> None:
    """Forget one, and what waits for it. What was given up stays."""
    from identity.commands.delivery import removed

    show(removed(service_at(rules), name), told.removed, as_json)


@dead_letters_app.command("list")
def dead_letters_list(
    subscriber: Annotated[
        str | None, typer.Option("--subscriber", metavar="NAME", help="Of this one.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    limit: Limit = 20,
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """List what was given up, the oldest first."""
    from identity.commands.delivery import dead_letters_report

    show(dead_letters_report(service_at(rules), subscriber, every, limit), told.dead_letters, as_json)


@dead_letters_app.command("show")
def dead_letters_show(
    number: Annotated[int, typer.Argument(metavar="NUMBER")], rules: Rules = None, as_json: Json = False
) -> None:
    """Show one, with the event as it was to be delivered."""
    from identity.commands.delivery import dead_letter_report

    show(dead_letter_report(service_at(rules), number), told.dead_letter, as_json)


@dead_letters_app.command("redrive")
def dead_letters_redrive(
    numbers: Numbers = None, subscriber: Whose = None, rules: Rules = None, as_json: Json = False
) -> None:
    """Try them again, before what waits behind them. Ends with 1 where none was open."""
    from identity.commands.delivery import redriven

    _close(redriven, numbers, subscriber, rules, as_json)


@dead_letters_app.command("drop")
def dead_letters_drop(
    numbers: Numbers = None, subscriber: Whose = None, rules: Rules = None, as_json: Json = False
) -> None:
    """Give them up for good: what waits behind them goes on. Ends with 1 where none was open."""
    from identity.commands.delivery import dropped

    _close(dropped, numbers, subscriber, rules, as_json)


def _close(
    closing: Callable[..., dict[str, Any]],
    numbers: list[int] | None,
    subscriber: str | None,
    rules: Any,
    as_json: bool,
) -> None:
    if bool(numbers) == bool(subscriber):
        raise typer.BadParameter("Name their numbers, or a --subscriber.")
    report = closing(service_at(rules), numbers or [], subscriber)
    show(report, told.closed, as_json)
    end(found=report["closed"] > 0)


@app.command()
def deliver(
    once: Annotated[bool, typer.Option("--once", help="What there is now, then end.")] = False,
    rules: Rules = None,
    metrics_port: MetricsPort = None,
    as_json: Json = False,
) -> None:
    """Deliver events to everybody who is told, until stopped (Ctrl-C, SIGTERM). Several may do so at once.

    With --once: ends with 1 where somebody could not be told everything. With --json: a line for each piece of news.
    """
    from identity.commands.delivering import deliver_until_stopped
    from identity.commands.delivery import deliver_report

    service = service_at(rules)
    if once:
        report = deliver_report(service)
        show(report, told.delivered, as_json)
        end(found=report["told"])
        return
    service.store.check_current()
    observed("relay", metrics_port)
    deliver_until_stopped(service.office(), logged("delivered", told.news_line if as_json else told.news))
