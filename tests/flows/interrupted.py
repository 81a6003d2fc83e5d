"""A load in a process of its own that can be killed: it tells each stage as it begins."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.engines import changes
from identity.engines.stages import Stages

__all__ = ["CHUNK", "load_telling_its_stages"]

CHUNK = 30
"""Records a transaction: a small load has many moments between two of them."""


def load_telling_its_stages(database: Path, files: list[str], told: Connection) -> None:
    assert hasattr(changes, "_CHUNK_RECORDS")
    changes._CHUNK_RECORDS = CHUNK
    load_files(Service(Settings(f"sqlite:///{database}")), files, None, Stages(told.send))
    told.send("done")
