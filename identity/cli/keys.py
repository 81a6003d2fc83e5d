"""The keys that values are encrypted with: keys rotate."""

from __future__ import annotations

import typer

from identity.cli.shared import Json, Rules, service_at, show, watched

__all__ = ["keys_app"]

keys_app = typer.Typer(help="The keys that values are encrypted with.", no_args_is_help=True)


@keys_app.callback()
def keys() -> None:
    """The keys that values are encrypted with."""


@keys_app.command()
def rotate(rules: Rules = None, as_json: Json = False) -> None:
    """Encrypt everything with the first of IDENTITY_FIELD_KEYS, beside who reads and writes; may be begun again."""
    from identity.commands.keys import rotate_report
    from identity.commands.render_audit import rotated

    with watched(quiet=as_json) as stages:
        report = rotate_report(service_at(rules), stages)
    show(report, rotated, as_json)
