"""kill -9 at a random moment of a load or of a re-match: no half state, and the same end.

Rows of the fault matrix; `make test` kills a few, at moments that stay the same.
"""

from __future__ import annotations

from pathlib import Path

from identity.sample import write_sample
from tests.flows.interrupted import killed, load_telling_its_stages
from tests.flows.world import FILES, contradictions, inside, links, load, partition, service_at

__all__ = ["LOADED", "NIGHT", "killed_load"]

LOADED = (
    ("register", 0.05),
    ("normalise", 0.1),
    ("train", 0.4),
    ("persist", 0.5),
    ("index", 0.15),
    ("review", 0.1),
)
"""Stages of a load, and how many seconds after one has begun it may be killed."""
NIGHT = (
    ("read", 0.1),
    ("block", 0.2),
    ("cluster", 0.05),
    ("persist", 0.4),
    ("review", 0.1),
    ("decide again", 0.2),
)


def killed_load(folder: Path, stage: str, seconds: float) -> None:
    """Kill a load, look at what is there, and load again; it has to end as one that nobody killed."""
    write_sample(80, 5, folder)
    files = [inside(folder, file) for file in FILES]
    whole, database = folder / "whole.db", folder / "identity.db"
    load(service_at(whole), *files)
    service_at(database).store.close()
    killed(load_telling_its_stages, (database, files), stage, seconds)
    assert contradictions(database) == {}
    load(service_at(database), *files)
    assert contradictions(database) == {}
    assert partition(database) == partition(whole)
    assert links(database) == links(whole)
