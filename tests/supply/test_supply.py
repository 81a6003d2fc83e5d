"""What the service rests on is pinned by hash, the code is looked at for known mistakes, and holds no secrets."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supply.code import ROOT, Finding, Waiver, findings, problems, waivers
from tests.supply.packages import LOCKS, bill, locked, read_answer

SECRETS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}",
    "a key of a cloud": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of a forge": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|github_pat_\w{22})",
    "a token of a chat": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "a token of a registry": r"\b(?:pypi-AgEI[\w-]{20}|npm_[A-Za-z0-9]{36})",
    "a signed token": r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}",
    "a key of a payment": r"\b[rs]k_live_[0-9A-Za-z]{20}",
    "a private JSON key": r'"d"\s*:\s*"[\w-]{40,}"',
    "a password in an address": r"\b[a-z]+://[A-Za-z0-9._-]+:(?![*{$<%.]|pass|secret|own|postgres%2F|p%40ss|x\b|b\b)[^\s@/'\"`{}<>]{8,}@(?!\[?(?:127\.|localhost|::1))",
}  # fmt: skip
INDEXES = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host|^-[if] ", re.MULTILINE)


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text that is kept with the code, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".lock", ".parquet"):
            yield name, path.read_text(encoding="utf-8", errors="ignore")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hash_and_none_by_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert INDEXES.search(text) is None
    blocks = re.split(r"\n(?=\S)", text.strip())
    pinned = [block for block in blocks if not block.startswith("#")]
    assert len(pinned) == len(locked(lock)) > 0
    assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block] == []
    assert [
        block.split()[0] for block in pinned if re.search(r"--hash=(?!sha256:[0-9a-f]{64}\b)", block)
    ] == []


def test_everything_that_is_asked_for_is_pinned() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=;~! ]", each)[0].lower().replace("_", "-") for each in asked}
    assert names - dict(locked("requirements.lock")).keys() == set()


def test_every_finding_in_the_code_is_waived_with_a_reason() -> None:
    assert all(len(waiver.why) > 30 for waiver in waivers())
    assert problems(findings(), waivers()) == []


def test_a_mistake_is_found_and_a_waiver_that_nothing_needs_is_too(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.py").write_text("import subprocess\n\nsubprocess.run('ls', shell=True)\n")
    found = findings(["shop"], tmp_path)
    assert {each.test for each in found} >= {"B404", "B602"}
    assert len(problems(found, [Waiver("B404", "shop", "")])) == len(found) - 1
    assert problems([], [Waiver("B404", "shop", "")]) == [
        "waivers.yml: B404 is found nowhere in shop; strike it out"
    ]
    assert not Waiver("B404", "shop", "").covers(Finding("B404", "shopping/a.py", 1, ""))


def test_packages_that_nobody_asked_about_are_not_taken_for_sound() -> None:
    vulns = [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]
    told = [{"name": "a", "skip_reason": "not found"}, {"name": "b", "version": "1", "vulns": []}]
    answer = read_answer(
        json.dumps({"dependencies": [*told, {"name": "c", "version": "2", "vulns": vulns}]}), ""
    )
    assert (answer.checked, answer.unknown, answer.vulnerable) == (2, ("a",), ("c 2: PYSEC-1, PYSEC-2",))
    assert read_answer("", "one\nno route").failure == "no route"


def test_the_bill_of_materials_names_what_is_pinned_and_no_address(tmp_path: Path) -> None:
    assert bill(tmp_path / "sbom.json") == len(locked("requirements.lock"))
    document = json.loads((tmp_path / "sbom.json").read_text())
    assert document["bomFormat"] == "CycloneDX"
    told = [(each["name"], each["version"]) for each in document["components"]]
    assert sorted(told) == sorted(locked("requirements.lock"))
    assert "pypi.org" not in json.dumps(document)
    assert not any(each.get("externalReferences") for each in document["components"])


def test_no_secret_is_kept_with_the_code() -> None:
    found = [
        f"{name}: {kind}"
        for name, text in texts()
        for kind, pattern in SECRETS.items()
        if re.search(pattern, text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE " + "KEY-----\nMIIEvQIBADANBgkqhkiG",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a" * 36,
        "postgresql://identity:" + "hunter2hunter2" + "@db.shop.example/identity",
        "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + "." + "c" * 20,
    ],
)
def test_a_secret_would_be_noticed(text: str) -> None:
    assert any(re.search(pattern, text) for pattern in SECRETS.values())
