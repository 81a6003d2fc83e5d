"""What the environment says, with the secrets that stand in files of their own.

A secret in a variable is told to every child process, and to whoever may look at the container; one in a file to
whoever may read the file. So each of these may be given by `NAME_FILE` instead of `NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from identity.model.errors import RulesError

__all__ = ["SECRETS", "revealed"]

SECRETS = (
    "IDENTITY_DATABASE_URL",
    "IDENTITY_DATABASE_PASSWORD",
    "IDENTITY_REDIS_URL",
    "IDENTITY_REDIS_PASSWORD",
    "IDENTITY_BROKER_URL",
    "IDENTITY_LIMITS_URL",
    "IDENTITY_INDEX_SECRET",
    "IDENTITY_OIDC_CLIENT_SECRET",
)
"""Those that are read here. Where a setting has another way with its file, it says so itself."""
_PASSWORDS = {
    "IDENTITY_DATABASE_PASSWORD": ("IDENTITY_DATABASE_URL", "IDENTITY_REPLICA_URL"),
    "IDENTITY_REDIS_PASSWORD": ("IDENTITY_REDIS_URL", "IDENTITY_BROKER_URL", "IDENTITY_LIMITS_URL"),
}
"""Which addresses a password belongs to: those of a server that name none themselves."""
_SERVER = re.compile(r"(?P<scheme>[a-z]+(?:\+\w+)?://)(?:(?P<user>[^:@/]*)@)?(?P<place>[^@/][^@]*)")


def revealed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with its secrets as they stand in the files it names, and with passwords in addresses.

    Done twice it changes nothing. RulesError E119 for a file that cannot be read; what stands in it is not repeated.
    """
    told = dict(environment)
    for name in SECRETS:
        if file := environment.get(f"{name}_FILE"):
            told[name] = _written(name, Path(file))
    for password, addresses in _PASSWORDS.items():
        for address in addresses:
            if told.get(password) and told.get(address):
                told[address] = _with_password(told[address], told[password])
    return told


def _written(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        raise RulesError("E119", f"{name}_FILE names a file that cannot be read.") from None


def _with_password(address: str, password: str) -> str:
    found = _SERVER.fullmatch(address)
    if found is None:  # a file, a memory, or an address that brings its own
        return address
    return f"{found['scheme']}{found['user'] or ''}:{quote(password, safe='')}@{found['place']}"
