"""`identity steward`: who may use the review screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from identity.cli.shared import Json, Rules, service_at, show, usage

__all__ = ["app"]

app = typer.Typer(help="Who may use the review screen.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="How they log in.")]
RoleName = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="steward, lead, privacy_officer, auditor or admin.")
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file", metavar="FILE", help="Read it from its first line; - reads what is piped in."
    ),
]


@app.command()
def add(
    name: Name,
    role: RoleName,
    password_file: PasswordFile = None,
    issuer: Annotated[str, typer.Option("--issuer", help="They come from this identity provider.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Who they are there.")] = "",
    rules: Rules = None,
    as_json: Json = False,
) -> None:
    """Open an account. The password is asked for, unless a file or an identity provider has it."""
    from stewardship.accounts import opened

    with usage():
        password = "" if subject else _password(password_file)
        made = opened(service_at(rules), name, role, password, issuer, subject)
    show(_told(made), _say, as_json)


@app.command("list")
def list_all(rules: Rules = None, as_json: Json = False) -> None:
    """Show who has an account."""
    from identity.bootstrap import SystemClock

    found = service_at(rules).store.stewards(SystemClock()).stewards()
    show({"stewards": [_told(each) for each in found]}, _say_all, as_json)


@app.command()
def password(
    name: Name, password_file: PasswordFile = None, rules: Rules = None, as_json: Json = False
) -> None:
    """Give somebody another password; they are logged out everywhere."""
    from identity.bootstrap import SystemClock
    from stewardship.passwords import hashed

    with usage():
        stored = hashed(_password(password_file))
    stewards = service_at(rules).store.stewards(SystemClock())
    stewards.set_password(name, stored)
    show(_told(stewards.steward(name)), _say, as_json)


@app.command()
def close(name: Name, rules: Rules = None, as_json: Json = False) -> None:
    """Close an account; they are logged out everywhere."""
    from identity.bootstrap import SystemClock

    stewards = service_at(rules).store.stewards(SystemClock())
    stewards.set_active(name, active=False)
    show(_told(stewards.steward(name)), _say, as_json)


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    told = sys.stdin.readline() if str(file) == "-" else _first_line(file)
    return told.rstrip("\r\n")


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{file} cannot be read.") from None


def _told(steward: Any) -> dict[str, Any]:
    return {"name": steward.name, "role": steward.role.value, "active": steward.active,
            "by": "identity provider" if steward.subject else "password"}  # fmt: skip


def _say(report: dict[str, Any]) -> None:
    state = "" if report["active"] else ", closed"
    typer.echo(f"{report['name']}: {report['role'].replace('_', ' ')}, by {report['by']}{state}")


def _say_all(report: dict[str, Any]) -> None:
    for steward in report["stewards"]:
        _say(steward)
    if not report["stewards"]:
        typer.echo("Nobody has an account yet: `identity steward add NAME --role lead`.")
