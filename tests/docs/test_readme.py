"""From a clone to a resolved file of one's own in five commands: those of the README, as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
CUSTOMERS = """source_record_id,full_name,email,phone,city,country
1,Ines Alvarez,ines.alvarez@example.com,(212) 555-0142,New York,US
2,"ALVAREZ, Inés",Ines.Alvarez@example.com,,New York,US
3,Wei Zhang,wei.zhang@example.net,(617) 555-0188,Boston,US
"""


def five() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Your own file, in five commands\n")[2].partition("\n## ")[0]
    block = section.strip().split("\n\n")[0]
    return [line.strip() for line in block.splitlines()]


def test_there_are_five_and_they_begin_with_a_clone() -> None:
    assert [re.split(r"[ /]", line)[0] for line in five()] == ["git", "cd", "make", ".venv", ".venv"]


def test_they_resolve_a_file_of_ones_own(tmp_path: Path) -> None:
    """The clone is this repository, and what `make setup` makes is the environment that the tests run in."""
    clone, change, setup, *rest = five()
    assert setup == "make setup"
    (tmp_path / "repository").symlink_to(ROOT)
    home = tmp_path / change.removeprefix("cd ")
    assert clone.split()[-1] == home.name
    home.mkdir()
    (home / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (home / ".venv").mkdir()
    (home / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for command in rest:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        subprocess.run(["bash", "-ec", command], cwd=home, env=environment, check=True, capture_output=True)
    people = pq.read_table(home / "out" / "crosswalk.parquet")["golden_id"].to_pylist()
    assert people[0] == people[1] != people[2]


def test_setup_is_what_makes_the_command(tmp_path: Path) -> None:
    told = subprocess.run(
        ["make", "--dry-run", "setup", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "--require-hashes" in told
    assert "--editable ." in told
