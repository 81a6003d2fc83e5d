"""Documents are carried out as they stand, against a server that runs as they say."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import agrees, blocks, shell

ROOT = Path(__file__).parents[2]
CARRIED_OUT = (
    "tutorial-api.md",
    "intake.md",
    "cutover.md",
    "tutorial.md",
    "how-to/add-a-source.md",
    "how-to/change-a-rule.md",
    "how-to/run-a-privacy-request.md",
)


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.mark.parametrize("name", CARRIED_OUT)
def test_a_document_prints_what_it_shows(tmp_path: Path, name: str) -> None:
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PORT": free_port(),
    }
    differing = []
    with shell(tmp_path, environment) as terminal:
        for block in blocks(ROOT / "docs" / name):
            printed = terminal.run(block.commands)
            if not agrees(block, printed):
                differing.append(f"line {block.line}: {printed}")
    assert differing == []
