"""A shop one of whose files has rows that cannot be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.ingest import ingest_files
from identity.engines.stages import Stages
from identity.model.quarantine import SetAside

HEAD = "CUSTOMER_NO;FIRST_NAME;LAST_NAME;BIRTHDAY;PHONE;EMAIL;STREET;ZIP;TOWN;CARD_NO;MARKETING;CAPTURED_AT"
DATED = "01.02.2026 10:00"


def till(number: int | str, birthday: str, first: str = "Anna", last: str = "Alder", at: str = DATED) -> str:
    """Return a row of a till's file."""
    return f"{number};{first};{last};{birthday};555123{number};anna{number}@mail.example;1 Elm;12345;Town;;J;{at}"


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    made = Service(Settings(url, index_secret="a secret of the tests"))
    yield made
    made.store.close()


@pytest.fixture
def came(service: Service, tmp_path: Path) -> Callable[..., list[SetAside]]:
    """Writes rows into a till's file and ingests it; returns what waits in quarantine then."""

    def write(*rows: str, name: str = "till.csv") -> list[SetAside]:
        file = tmp_path / name
        file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="cp1252")
        ingest_files(service, [f"pos={file}"], None, Stages())
        return list(service.store.quarantine(SystemClock()).waiting(None, None, limit=5_000))

    return write
