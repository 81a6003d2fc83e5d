"""What `identity verify` does: every promise about what is stored, checked beside whoever reads and writes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from identity.connectors.erasure_journal import ErasureJournal
from identity.engines.stages import Stages
from identity.settings import Settings
from identity.store import Store

__all__ = ["verify_report"]


def verify_report(settings: Settings, most: int, stages: Stages) -> dict[str, Any]:
    """Return how the database stands to each promise, and whether all hold.

    It is opened as it is: nothing is migrated, made or written. StoreError E403 or E404 where it is of another version.
    """
    store = Store(settings.database_url, settings.patience)
    try:
        store.check_current()
        journal = ErasureJournal(settings.erasures, store.views.setting("database_id") or "")
        erased = {golden_id for erasure in journal.erasures() for golden_id in erasure.golden_ids}
        with stages.stage("verify"):
            found = store.verify(erased, most)
    finally:
        store.close()
    return {"holds": not any(each.broken for each in found), "invariants": [asdict(each) for each in found]}
