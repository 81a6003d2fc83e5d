"""What contributors are asked for is there to be done."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_contributing_opens_with_one_command() -> None:
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line][1] == "    make check"


def test_hooks_run_from_the_environment_and_download_nothing() -> None:
    told = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in told["repos"]] == ["local"]
    for hook in told["repos"][0]["hooks"]:
        program, *arguments = hook["entry"].split()
        assert hook["language"] == "system"
        assert (Path(sys.executable).parent / program.removeprefix(".venv/bin/")).exists(), program
        assert [word for word in arguments if word.startswith("tests/") and not (ROOT / word).exists()] == []


def test_a_change_is_asked_whether_it_could_move_somebody() -> None:
    template = (ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
    assert "## Matching behaviour: before / after" in template
    assert "### Matching behaviour" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_templates_of_issues_say_what_they_are_for() -> None:
    found = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"))
    assert len(found) >= 3
    for path in found:
        head = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
        assert {"name", "about"} <= set(head), path.name
