"""A load, or a re-match, in a process of its own that can be killed: it tells each stage as it begins."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from identity.bootstrap import Service, Settings
from identity.commands.load import load_files
from identity.engines import changes
from identity.engines.stages import Stages
from identity.flows.night import full
from identity.flows.night.full import By
from identity.flows.night.running import Options
from identity.model.run import RematchLimits

__all__ = ["CHUNK", "killed", "load_telling_its_stages", "rematch_telling_its_stages"]

CHUNK = 30
"""Records a transaction: a small load has many moments between two of them."""


def load_telling_its_stages(database: Path, files: list[str], told: Connection) -> None:
    assert hasattr(changes, "_CHUNK_RECORDS")
    changes._CHUNK_RECORDS = CHUNK
    load_files(Service(Settings(f"sqlite:///{database}")), files, None, Stages(told.send))
    told.send("done")


UNLIMITED = RematchLimits(profiles_changed=1, loyalty_accounts_moved=1, largest_profile=10**6, at_least=10**6)


def rematch_telling_its_stages(url: str, version: str, run_id: str, told: Connection) -> None:
    service = Service(Settings(url, index_secret="a secret of the tests"))
    by = By(model=service.stored_model(version))
    full(replace(service.night, limits=UNLIMITED), Stages(told.send), Options(run_id=run_id), by)
    told.send("done")


def killed(target: Callable[..., None], arguments: tuple[object, ...], stage: str, seconds: float) -> None:
    """Start something, and end it without notice so many seconds after a stage began, or when it is done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["identity.bootstrap", "identity.commands.load", "identity.flows.night"])
    heard, told = context.Pipe(duplex=False)
    child = context.Process(target=target, args=(*arguments, told))
    child.start()
    told.close()
    while heard.recv() not in (stage, "done"):
        pass
    time.sleep(seconds)
    child.kill()
    child.join()
    heard.close()
