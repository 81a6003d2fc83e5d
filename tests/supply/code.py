"""What bandit finds in the code, held against the waivers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

__all__ = ["Finding", "Waiver", "findings", "problems", "waivers"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("identity", "matching_rules", "api", "stewardship", "reference_loyalty", "erp")


@dataclass(frozen=True, slots=True)
class Finding:
    test: str
    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why findings of a test are right as they are in a file, or below a folder."""

    test: str
    where: str
    why: str

    def covers(self, finding: Finding) -> bool:
        return finding.test == self.test and f"{finding.path}/".startswith(f"{self.where}/")


def findings(packages: Sequence[str] = PACKAGES, root: Path = ROOT) -> list[Finding]:
    """Return everything that bandit finds, of whatever severity."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--format", "json", *packages]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if report["errors"]:
        raise ValueError(f"bandit could not read everything: {report['errors']}")
    return [
        Finding(each["test_id"], each["filename"].removeprefix("./"), each["line_number"], each["issue_text"])
        for each in report["results"]
    ]


def waivers() -> list[Waiver]:
    told = yaml.safe_load((Path(__file__).parent / "waivers.yml").read_text(encoding="utf-8"))
    return [Waiver(each["test"], where, each["why"]) for each in told for where in each["where"]]


def problems(found: Sequence[Finding], waived: Sequence[Waiver]) -> list[str]:
    """Return a line for every finding without a waiver, and for every waiver without a finding."""
    unwaived = [
        f"{each.path}:{each.line}: {each.test} {each.text}"
        for each in found
        if not any(waiver.covers(each) for waiver in waived)
    ]
    idle = [
        f"waivers.yml: {waiver.test} is found nowhere in {waiver.where}; strike it out"
        for waiver in waived
        if not any(waiver.covers(each) for each in found)
    ]
    return unwaived + idle
