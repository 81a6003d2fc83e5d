"""Where no `docker compose` is installed, whether it reads the file is not tried, and that is said."""

from __future__ import annotations

import shutil
import subprocess

from tests.left_out import LeftOut

__all__ = ["COMPOSE", "composers"]


def composers() -> list[list[str]]:
    """Return the commands that are installed, as lists of words."""
    return [
        command
        for command in (["docker", "compose"], ["docker-compose"])
        if shutil.which(command[0])
        and subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
    ]


COMPOSE = LeftOut(
    "IDENTITY_TEST_COMPOSE",
    lambda item: item.get_closest_marker("compose") is not None,
    lambda: bool(composers()),
    "docker compose was NOT exercised: it is not installed (`make compose` installs it)",
)
