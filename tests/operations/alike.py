"""What runs, as the two files tell it that say so: docker-compose.yml and Procfile."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = ["IMAGE", "ROOT", "compose", "environment_of", "procfile", "services"]

ROOT = Path(__file__).parents[2]
IMAGE = re.compile(r"customer-identity:\S+")
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def compose() -> dict[str, Any]:
    """Return the compose file with its anchors carried out."""
    told: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return told


def services(*, ours: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every service, or those that run our image."""
    found: Mapping[str, dict[str, Any]] = compose()["services"]
    return ((name, told) for name, told in found.items() if not ours or IMAGE.fullmatch(told["image"]))


def procfile() -> dict[str, list[str]]:
    """Return the command of each process, in words."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    told = (line.partition(": ") for line in lines if line)
    return {name: shlex.split(command) for name, _, command in told}


def environment_of(service: Mapping[str, Any], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a container is told where whoever starts it says only what is `given`."""
    known = given or {}

    def put(found: re.Match[str]) -> str:
        return known.get(found[1]) or found[2] or ""

    told = service.get("environment", {})
    return {name: _VARIABLE.sub(put, str(value)) for name, value in told.items()}
