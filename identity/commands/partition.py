"""What `identity partition` does: tables that have grown too large for one piece are laid out in several."""

from __future__ import annotations

from typing import Any

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.settings import Settings

__all__ = ["partition_report"]


def partition_report(settings: Settings, into: int, stages: Stages) -> dict[str, Any]:
    """Lay the tables out in so many partitions; return the rows that were moved, by table.

    StoreError E403, E404, E405 or E434.
    """
    service = Service(settings)
    try:
        service.store.check_current()
        with stages.stage("partition"):
            moved = service.store.partition(into)
        return {"partitions": into, "moved": moved}
    finally:
        service.store.close()
