"""What `identity backup` and `identity restore` do: a copy of the database is taken beside whoever works, and put back
so that nobody is there again who was erased meanwhile."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from identity.bootstrap import Service
from identity.clock import SystemClock
from identity.commands.privacy import heal_journals
from identity.commands.verify import verify_report
from identity.connectors.backups import COPY, Manifest, read_backup, write_manifest, writing_backup
from identity.connectors.results import writing
from identity.engines.stages import Stages
from identity.model.errors import StoreError
from identity.remembering import Memory
from identity.settings import Settings
from identity.store import Store

__all__ = ["backup_report", "restore_report"]


def backup_report(settings: Settings, folder: Path, stages: Stages) -> dict[str, Any]:
    """Copy one committed state into a folder, which must not be there yet; return what it is.

    What the journals lack is written there first: a backup is worth what they know.
    FileError E220; StoreError E403, E404, E430 or E433.
    """
    service = Service(settings)
    try:
        with stages.stage("journal"):
            heal_journals(service)
            service.remember()
        with stages.stage("copy"), writing_backup(folder) as making:
            told = _manifest(service.store)
            with writing(folder):
                service.store.dump(making / COPY)
            manifest = write_manifest(making, told)
        return {"folder": str(folder), "bytes": (folder / COPY).stat().st_size, **asdict(manifest)}
    finally:
        service.store.close()


def _manifest(store: Store) -> Manifest:
    store.check_current()
    counts, clock = store.views.counts(), SystemClock()
    return Manifest(
        revision=store.revision() or "",
        database_id=store.views.setting("database_id") or "",
        made_at=clock.now().isoformat(),
        records=counts.records,
        profiles=counts.live_profiles,
        log_end=store.deliveries(clock).log_end(),
        journaled=store.views.setting("consents_journaled") or "",
        requested=bool(store.privacy.requests(limit=1)),
    )


def restore_report(
    settings: Settings, folder: Path, stages: Stages, *, replace: bool = False, journal: bool = True
) -> dict[str, Any]:
    """Put a backup in the place of the database, erase again whom the journal names, put back what was asked of privacy
    and said of consents since, and check every promise.

    Nobody else may have the database open. Where a journal is not there, that has to be said: without `journal`.
    StoreError E404 for a backup of a later version; E430 to E433.
    """
    copy, manifest = read_backup(folder)
    if journal:
        _refuse_without_journals(settings, manifest)
    with stages.stage("put back"):
        _put_back(settings, copy, manifest, replace=replace)
    service = Service(settings)
    try:
        with stages.stage("remember"):
            remembered = service.remember()
        with stages.stage("decide again"):
            decided = service.redo()
            service.store.scrub()
        report = verify_report(settings, 20, stages)
    finally:
        service.store.close()
    again = {
        "erased_again": remembered.erasures,
        "carried_out_again": remembered.requests.carried_out,
        "listed_again": remembered.requests.listed,
        "told_again": remembered.facts,
        "decided_again": decided,
    }
    return {**asdict(manifest), **again, **report}


def _refuse_without_journals(settings: Settings, manifest: Manifest) -> None:
    if not settings.erasures.exists():
        raise StoreError(
            "E432",
            "There is no journal of erasures: who was erased since would come back.",
            "Let IDENTITY_ERASURES name it; or say --without-journal, if nobody ever was.",
        )
    memory = Memory.of(settings, manifest.database_id)
    if manifest.requested and not memory.requests.exists():
        raise StoreError(
            "E432",
            "There is no journal of privacy requests: who was restricted since would be used again.",
            "Let IDENTITY_CONSENT_JOURNAL name its folder; or say --without-journal, if it is lost.",
        )
    if manifest.journaled and not memory.consents.exists():
        raise StoreError(
            "E432",
            "There is no journal of consents: who said no since would be written to again.",
            "Let IDENTITY_CONSENT_JOURNAL name its folder; or say --without-journal, if it is lost.",
        )


def _put_back(settings: Settings, copy: Path, manifest: Manifest, *, replace: bool) -> None:
    store = Store(settings.database_url, settings.patience)
    try:
        store.restore(copy, manifest.revision, replace=replace)
    finally:
        store.close()
