"""What the documentation of consumers shows is carried out and prints what it says; every setting and word is there."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from identity.consumers.loyalty.joining import BLOCKING, MERGED_WITH_ANOTHER
from identity.consumers.loyalty.reconcile import DriftKind
from identity.consumers.schedule import ATTEMPTS, TRIPPED
from identity.model.following import PropagationStatus
from identity.settings import consumer_settings_from
from identity.steps.consolidate import BlockerKind
from tests.docs.blocks import agrees, blocks, shell
from tests.docs.test_tutorial import free_port

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "consumers.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "LOYALTY_PORT": free_port(),
    }
    differing = []
    with shell(tmp_path, environment) as terminal:
        for block in blocks(DOCUMENT):
            printed = "\n".join(line.rstrip() for line in terminal.run(block.commands).splitlines())
            if not agrees(block, printed):
                differing.append(f"line {block.line}: {printed}")
    assert differing == []


def test_every_setting_is_listed() -> None:
    settings = re.findall(r"\bIDENTITY_[A-Z_]+\b", consumer_settings_from.__doc__ or "")
    assert len(settings) == 3
    assert [name for name in (*settings, "IDENTITY_RECONCILE") if f"| `{name}` |" not in TEXT] == []


def test_every_word_is_explained() -> None:
    words = {*map(str, BlockerKind), *BLOCKING, MERGED_WITH_ANOTHER, *map(str, DriftKind)}
    words |= {f"`{status}`" for status in PropagationStatus}
    rows = " ".join(line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| "))
    assert [word for word in sorted(words) if word not in rows] == []


def test_numbers_are_told_as_they_are() -> None:
    assert f"given up after {ATTEMPTS} attempts" in TEXT
    assert TRIPPED == 5
    assert "fails for five different events in a row" in TEXT
