"""Tryton's own environment and a database to copy, both made once and kept by what they were made of."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DATABASE", "USER", "ErpMissing", "Installation", "install", "installed"]

CACHE = "IDENTITY_ERP_CACHE"
"""The variable that names the folder for what is made once; without it `.erp` in the working folder."""

DATABASE = "erp"
USER = "admin"
MODULES = ("party", "account", "sale")
_COMPLETE = "complete"
_LOCK = Path(__file__).with_name("requirements.lock")
_REMEDY = (
    f"`python -m erp` makes it, once, from a package index, in the folder that {CACHE} names (else .erp); "
    "what it needs is pinned in erp/requirements.lock."
)


class ErpMissing(Exception):
    """There is no Tryton server to be had, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"There is no Tryton server: {reason.strip()}\n{_REMEDY}")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where Tryton is installed. `template` is a database with the modules in it and one user."""

    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "venv" / "bin"

    @property
    def template(self) -> Path:
        return self.folder / f"{DATABASE}.sqlite"

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text().strip()


def installed(environment: Mapping[str, str] = os.environ) -> Installation:
    """Return what is installed. ErpMissing where nothing is; nothing is made."""
    found = _place(environment)
    if not (found.folder / _COMPLETE).exists():
        raise ErpMissing("it is not installed.")
    return found


def install(environment: Mapping[str, str] = os.environ) -> Installation:
    """Return what is installed, made now if it is not there; others who want it at the same time wait.

    ErpMissing where it cannot be made. It takes half a minute the first time.
    """
    ready = _place(environment)
    complete = ready.folder / _COMPLETE
    try:
        ready.folder.mkdir(parents=True, exist_ok=True)
        with _alone(ready.folder.parent / "making.lock"):
            if not complete.exists():
                _make(ready)
                complete.touch()
    except OSError as problem:
        raise ErpMissing(str(problem)) from problem
    return ready


def _place(environment: Mapping[str, str]) -> Installation:
    cache = Path(environment.get(CACHE) or ".erp").absolute()
    made_of = hashlib.sha256(_LOCK.read_bytes() + repr((sys.version_info[:2], MODULES)).encode())
    return Installation(cache / made_of.hexdigest()[:16])


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(installed: Installation) -> None:
    # Whoever was killed half-way left something behind.
    shutil.rmtree(installed.folder)
    installed.folder.mkdir()
    venv.create(installed.folder / "venv", with_pip=True)
    pip: list[str | Path] = [installed.programs / "python", "-m", "pip", "install", "--quiet"]
    _run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", _LOCK])
    _fill(installed)


def _fill(installed: Installation) -> None:
    """Make the database to copy: Tryton wants the file to be there, and the password in another."""
    installed.template.touch()
    password = installed.folder / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(18) + "\n")
    configuration = installed.folder / "template.conf"
    configuration.write_text(f"[database]\nuri = sqlite://\npath = {installed.folder}\n")
    command: list[str | Path] = [
        installed.programs / "trytond-admin",
        "-c",
        configuration,
        "-d",
        DATABASE,
        "-u",
        *MODULES,
    ]
    _run(
        [*command, "--activate-dependencies", "--email", "erp@example.com"],
        TRYTONPASSFILE=str(password),
    )


def _run(command: list[str | Path], **variables: str) -> None:
    ran = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )
    if ran.returncode:
        said = "\n".join(ran.stdout.strip().splitlines()[-5:])
        raise ErpMissing(f"{Path(command[0]).name} ended with {ran.returncode}.\n{said}")
