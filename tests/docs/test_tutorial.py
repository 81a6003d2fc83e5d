"""The tutorial is carried out as it stands, against a server that runs as it says."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from tests.docs.blocks import agrees, blocks, shell

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial-api.md"


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_the_tutorial_prints_what_it_shows(tmp_path: Path) -> None:
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PORT": free_port(),
    }
    differing = []
    with shell(tmp_path, environment) as terminal:
        for block in blocks(TUTORIAL):
            printed = terminal.run(block.commands)
            if not agrees(block, printed):
                differing.append(f"line {block.line}: {printed}")
    assert differing == []
