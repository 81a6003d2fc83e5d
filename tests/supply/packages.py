"""What is known against the packages of a lock, and a bill of what they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.supply.code import ROOT

__all__ = ["LOCKS", "Asked", "asked", "bill", "locked", "read_answer"]

LOCKS = ("requirements.lock", "requirements.spark.lock")
_PACKAGE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==(\S+)")
_PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service of vulnerabilities answered about a lock. Packages it does not know were not checked."""

    checked: int
    vulnerable: tuple[str, ...]
    unknown: tuple[str, ...]
    failure: str = ""


def asked(lock: str) -> Asked:
    """Ask the service of vulnerabilities about every package of a lock."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip", "--require-hashes",
               "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return Asked(0, (), (), f"no answer within {_PATIENCE} seconds")
    return read_answer(done.stdout, done.stderr)


def read_answer(out: str, complaints: str) -> Asked:
    """Return what pip-audit told. It ends well too where the service knew none of the packages."""
    try:
        told = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        return Asked(0, (), (), (complaints.strip().splitlines() or ["no answer"])[-1][:200])
    known = [each for each in told if "skip_reason" not in each]
    vulnerable = tuple(
        f"{each['name']} {each['version']}: {', '.join(vulnerability['id'] for vulnerability in each['vulns'])}"
        for each in known
        if each["vulns"]
    )
    return Asked(len(known), vulnerable, tuple(each["name"] for each in told if "skip_reason" in each))


def locked(lock: str) -> list[tuple[str, str]]:
    """Return the packages of a lock with their versions: one may be there twice, for different interpreters."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [(found[1], found[2]) for line in lines if (found := _PACKAGE.match(line))]


def bill(out: Path) -> int:
    """Write the bill of materials (CycloneDX) of requirements.lock; return how many components it has.

    It tells no address that packages were fetched from: hashes in the lock say what they are, wherever they come from.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "sbom.json"
        command = [sys.executable, "-m", "cyclonedx_py", "requirements", LOCKS[0], "--pyproject", "pyproject.toml",
                   "--output-reproducible", "--output-format", "JSON", "--output-file", str(raw)]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        document: dict[str, Any] = json.loads(raw.read_bytes())
    document["components"] = [_told(component) for component in document["components"]]
    document["metadata"].pop("tools", None)
    out.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return len(document["components"])


def _told(component: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in component.items() if name not in ("externalReferences", "description")
    }
