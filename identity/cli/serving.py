"""`identity serve`, and the tokens its callers need."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from identity.cli.shared import Json, Rules, service_at, usage

__all__ = ["app"]

app = typer.Typer()


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", envvar="IDENTITY_PORT", min=1, max=65535)] = 8000,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Processes.")] = None,
    rules: Rules = None,
) -> None:
    """Answer the API under /v1, and stewards under /review, on the database of IDENTITY_DATABASE_URL, which is brought
    up to date first. In development an account for the screen is made, and told."""
    from api.settings import api_settings_from
    from identity.observing.serving import share_counts
    from stewardship.accounts import demo_account
    from stewardship.settings import screen_settings_from

    chosen: dict[str, Any] = {"workers": workers} if workers else {}
    settings = api_settings_from(os.environ, **chosen)
    share_counts(settings.workers)  # before anything is imported that counts
    from api.serving import serve as serve_http
    from identity.cli.application import together

    service = service_at(rules)
    service.store.check_current()
    service.remember()
    screen_settings_from(os.environ)  # what makes no sense is better told now
    typer.echo(f"http://{settings.host}:{port}/docs   (Ctrl-C stops it)")
    if settings.development:
        name, password = demo_account(service)
        typer.echo(f"http://{settings.host}:{port}/review   log in as {name} with {password}")
    serve_http(service, settings, port, together, "identity.cli.application:application")


@app.command()
def token(
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="What it allows; everything by default."),
    ] = None,
    client: Annotated[str, typer.Option("--client", metavar="NAME", help="Whose it is.")] = "developer",
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=720, help="How long it holds.")] = 12,
    as_json: Json = False,
) -> None:
    """Print a token signed with the key of this machine, on the last line."""
    import orjson

    from api.scopes import Scope
    from api.settings import api_settings_from
    from api.tokens import issue

    with usage():
        scopes = [scope.value for scope in (_scopes(scope) if scope else Scope)]
    made = issue(api_settings_from(os.environ), client, scopes, round(hours * 3600))
    if as_json:
        typer.echo(orjson.dumps({"client": client, "scopes": scopes, "token": made}).decode())
    else:
        typer.echo(made)


def _scopes(told: list[str]) -> list[Any]:
    from api.scopes import Scope

    words = [word for text in told for word in text.replace(",", " ").split()]
    if strange := next((word for word in words if word not in {scope.value for scope in Scope}), None):
        raise ValueError(f"There is no scope {strange!r}. Use some of: {', '.join(Scope)}.")
    return [Scope(word) for word in words]
