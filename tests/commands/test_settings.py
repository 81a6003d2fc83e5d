"""What the environment decides, and what makes no sense in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from identity.bootstrap import Service, Settings
from identity.model.errors import RulesError, StoreError
from identity.settings import settings_from


def test_everything_has_a_default_and_can_be_set(tmp_path: Path) -> None:
    usual = settings_from({"HOME": str(tmp_path)})
    assert usual.spool == tmp_path / ".local" / "state" / "customer-identity" / "spool"
    assert (usual.connections, usual.patience, usual.inline_jobs) == (24, 30.0, True)
    told = {"IDENTITY_CONNECTIONS": "3", "IDENTITY_PATIENCE": "1.5", "IDENTITY_SPOOL": str(tmp_path)}
    chosen = settings_from({**told, "IDENTITY_INLINE_JOBS": "0"})
    assert (chosen.connections, chosen.patience, chosen.inline_jobs) == (3, 1.5, False)
    assert chosen.spool == tmp_path


@pytest.mark.parametrize("variable", ["CONNECTIONS", "PATIENCE", "INLINE_JOBS", "THREADS", "MEMORY"])
def test_what_makes_no_sense_is_refused(variable: str) -> None:
    with pytest.raises(RulesError, match="E119"):
        settings_from({f"IDENTITY_{variable}": "-1"})


def test_who_finds_no_free_connection_in_time_is_told_so(url: str) -> None:
    service = Service(replace(Settings(url), connections=1, patience=0.05))
    try:
        database = service.store._database
        with database.read(), pytest.raises(StoreError, match="E40"):
            service.store.views.counts()
        assert service.store.views.counts().records == 0, "and is free again"
    finally:
        service.store.close()
