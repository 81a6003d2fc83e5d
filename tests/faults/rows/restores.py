"""An old backup is put back: nobody may be there again who was erased since, nor be reached who had said no."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from random import Random

from identity.bootstrap import Service
from identity.commands.backup import backup_report, restore_report
from identity.engines.stages import Stages
from identity.flows.lookup import ByGoldenId, ByRecord
from tests.databases import client_programs
from tests.faults.grounds import Databases, databases, promises, same
from tests.faults.matrix import Fault
from tests.operations.world import PEOPLE, lived, pos

__all__ = ["ROWS"]

_ERASED = 3
_KEPT = ("2", "8")
"""Who said no before the backup, and somebody else: neither is erased here."""


@contextmanager
def _programs() -> Iterator[None]:
    """Have pg_dump and pg_restore of the server's version come first."""
    before, os.environ["PATH"] = os.environ["PATH"], client_programs()
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _restored(ground: Databases, random: Random) -> Sequence[str]:
    kind = random.choice(("sqlite", "postgresql"))
    with (
        _programs(),
        ground.one(kind) as (url, folder),
        _empty(ground, kind) as empty,
        lived(url, folder) as world,
    ):
        backup_report(world.service.settings, folder / "copy", Stages())
        who = random.sample([name for name, *_ in PEOPLE if name not in (*_KEPT, "7")], _ERASED)
        erased = {name: world.erase(name) for name in who}
        settings = replace(world.service.settings, database_url=empty)
        report = restore_report(settings, folder / "copy", Stages())
        back = Service(settings)
        with closing(back.store):
            ids = back.lookup([ByGoldenId(each) for each in erased.values()])
            records = back.lookup([ByRecord(pos(name)) for name in erased])
            (kept,) = back.lookup([ByRecord(pos("2"))])
            held = back.store.views.profile(kept.golden_ids[0])
        assert held is not None
        return [
            *same("every promise holds, it says", report["holds"], True),
            *same("ids of the erased", {each.status for each in ids}, {"erased"}),
            *same("their records", {each.status for each in records}, {"unknown"}),
            *same("a no from before", held.profile.consents.get("marketing.email"), "withdrawn"),
            *promises(settings),
        ]


@contextmanager
def _empty(ground: Databases, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{ground.folder / f'empty-{os.urandom(4).hex()}.db'}"
        return
    with ground.server.database() as url:
        yield url


ROWS = (
    Fault(
        "backup-restored",
        "database",
        "a backup from before three erasures is put back, on SQLite or PostgreSQL",
        "they are erased again before anybody is served; every promise holds",
        6,
        databases,
        _restored,
    ),
)
