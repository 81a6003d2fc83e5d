"""What the environment decides about the HTTP face: who is believed, how much is taken, where it listens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from api.signatures import Secrets, intake_secrets_from
from identity.environment import revealed
from identity.model.errors import RulesError
from identity.settings import state_folder

__all__ = ["DEVELOPMENT", "PRODUCTION", "ApiSettings", "api_settings_from"]

DEVELOPMENT, PRODUCTION = "development", "production"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """`jwks` is the file or https address of the issuer's keys; "" : tokens are signed here, with `signing_key`.

    `rate` and `lookup_quota` are per client (such as 500/second), `intake_rate` per source that sends messages,
    `body_limit` and the other limits are in bytes, `body_seconds` how long a body may take to arrive (`upload_seconds`:
    a file), `most_at_once` how many requests are worked on before others are turned away. `threads` work on them; each
    may hold a database connection. `intake` is what sources sign their messages with. Who asks by way of
    `trusted_proxies` (addresses, or networks such as 10.0.0.0/8) is who these say; nobody else is believed about it.
    """

    mode: str = DEVELOPMENT
    host: str = "127.0.0.1"
    issuer: str = "urn:customer-identity:local"
    audience: str = "customer-identity"
    jwks: str = ""
    signing_key: Path = Path("development-key.json")
    limits_url: str = "memory://"
    rate: str = "500/second"
    lookup_quota: str = "2000000/day"
    intake_rate: str = "200/second"
    body_limit: int = 4 * 2**20
    upload_limit: int = 2**30
    intake_limit: int = 2**20
    body_seconds: float = 20.0
    upload_seconds: float = 600.0
    most_at_once: int = 200
    threads: int = 16
    workers: int = 1
    trusted_proxies: str = ""
    intake: Secrets = field(default_factory=dict, repr=False)

    @property
    def development(self) -> bool:
        return self.mode == DEVELOPMENT


def api_settings_from(environment: Mapping[str, str], **chosen: object) -> ApiSettings:
    """Return the settings that the environment gives: IDENTITY_MODE, _HOST, _ISSUER, _AUDIENCE, _JWKS,
    _SIGNING_KEY_FILE, _LIMITS_URL, _RATE, _LOOKUP_QUOTA, _INTAKE_RATE, _BODY_LIMIT, _UPLOAD_LIMIT, _INTAKE_LIMIT,
    _BODY_SECONDS, _UPLOAD_SECONDS, _MOST_AT_ONCE, _API_THREADS, _WORKERS, _TRUSTED_PROXIES; and the secrets of
    sources that send messages, as `intake_secrets_from` says. `chosen` ones come before these.

    RulesError E119 for a setting that makes no sense, E140 where production lacks what it needs.
    """
    environment = revealed(environment)
    settings = ApiSettings(**{**_told(environment), **chosen})  # type: ignore[arg-type]
    _refuse_unsafe(settings, environment)
    return settings


_NUMBER, _AMOUNT = "[1-9][0-9]{0,12}", r"[1-9][0-9]{0,9}/(second|minute|hour|day)"
_PATTERNS = {
    "mode": f"{DEVELOPMENT}|{PRODUCTION}",
    "host": "[A-Za-z0-9.:_-]+",
    "issuer": r"\S+",
    "audience": r"\S+",
    "jwks": r"(https://\S+|[^:]+)?",
    "limits_url": r"(memory|rediss?|redis\+sentinel)://\S*",
    "rate": _AMOUNT,
    "lookup_quota": _AMOUNT,
    "intake_rate": _AMOUNT,
    "body_limit": _NUMBER,
    "upload_limit": _NUMBER,
    "intake_limit": _NUMBER,
    "body_seconds": r"[0-9]{1,4}(\.[0-9]+)?",
    "upload_seconds": r"[0-9]{1,5}(\.[0-9]+)?",
    "most_at_once": _NUMBER,
    "threads": "[1-9][0-9]{0,2}",
    "workers": "[1-9][0-9]?",
    "signing_key": ".+",
    "trusted_proxies": r"[0-9A-Fa-f.:/, ]*",
}


def _networks(text: str) -> str:
    """Return addresses and networks with commas between. ValueError for what is none."""
    return ",".join(str(ip_network(each.strip(), strict=False)) for each in text.split(",") if each.strip())


_VARIABLES = {"signing_key": "IDENTITY_SIGNING_KEY_FILE", "threads": "IDENTITY_API_THREADS"}
_KINDS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(
        ("body_limit", "upload_limit", "intake_limit", "most_at_once", "threads", "workers"), int
    ),
    "body_seconds": float,
    "upload_seconds": float,
    "signing_key": Path,
    "trusted_proxies": _networks,
}


def _told(environment: Mapping[str, str]) -> dict[str, object]:
    told: dict[str, object] = {
        "signing_key": state_folder(environment) / "development-key.json",
        "intake": intake_secrets_from(environment),
    }
    for name, pattern in _PATTERNS.items():
        variable = _VARIABLES.get(name, f"IDENTITY_{name.upper()}")
        if (value := environment.get(variable)) is None:
            continue
        try:
            if not re.fullmatch(pattern, value):
                raise ValueError(name)
            told[name] = _KINDS.get(name, str)(value)
        except ValueError:
            raise RulesError("E119", f"{variable} makes no sense.", f"Write it as {pattern}.") from None
    return told


def _refuse_unsafe(settings: ApiSettings, environment: Mapping[str, str]) -> None:
    if settings.development:
        if settings.host not in _LOOPBACK:
            raise RulesError(
                "E140",
                f"In development only this machine is served, not {settings.host}.",
                "Set IDENTITY_MODE=production, and what it asks for.",
            )
        return
    named = environment.get("IDENTITY_JWKS") or environment.get("IDENTITY_SIGNING_KEY_FILE")
    missing = [
        name for name in ("IDENTITY_ISSUER", "IDENTITY_INDEX_SECRET", "IDENTITY_DATABASE_URL")
        if not environment.get(name)
    ] + ([] if named else ["IDENTITY_JWKS (or IDENTITY_SIGNING_KEY_FILE)"])  # fmt: skip
    if not (environment.get("IDENTITY_AUDIT_KEY") or environment.get("IDENTITY_AUDIT_KEY_FILE")):
        missing.append("IDENTITY_AUDIT_KEY (or IDENTITY_AUDIT_KEY_FILE)")
    if missing:
        raise RulesError(
            "E140",
            f"Production does not start without {', '.join(missing)}.",
            "Give it in the environment, or set IDENTITY_MODE=development to try things on this machine.",
        )
