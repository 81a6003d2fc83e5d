"""Files on their way in: read by the rules of their source, or in canonical columns, and made ready for the store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from identity.connectors.arrivals import arrivals, quarantined
from identity.connectors.files import read_canonical_file, read_source_file
from identity.connectors.intake import Intake
from identity.flows.load import Delivery
from identity.ids import new_id
from identity.model.errors import FileError
from identity.model.policy import SourceMode, SourcePolicy
from identity.ports import Clock, Load, LoadCounts

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read. `policy` returns a source's own rules; `sources` are all there are."""

    policy: Callable[[str], SourcePolicy]
    sources: Mapping[str, SourcePolicy]
    custom: Sequence[str]
    clock: Clock

    def read(
        self, file: Path, source: str | None, keep: Sequence[str] = (), *, canonical: bool = False
    ) -> Intake:
        """Return a file's rows: by the rules of `source`, or in canonical columns.

        Canonical when there is no source, when asked for, and when the file has canonical columns only.
        """
        if source and not canonical:
            try:
                return read_source_file(file, self.policy(source))
            except FileError as error:
                # The system's own record id column is not there: it may be a file in canonical columns.
                if error.code != "E206" or not _is_canonical(file, source):
                    raise
        return read_canonical_file(file, source=source, keep=keep, custom=self.custom)

    def delivery(self, file: Path, source: str | None) -> Delivery:
        """Return a file's rows ready for the store."""
        at = self.clock.now()
        intake = self.read(file, source, canonical=source not in self.sources)
        load = Load(new_id(), str(file), _digest(file), intake.source, at)
        known = self.sources.get(source or "")
        mode = known.mode if known else SourceMode.LIVE
        return Delivery(
            load,
            arrivals(intake, mode, load.load_id, at, self.custom),
            quarantined(intake.issues, load.load_id, at),
            LoadCounts(intake.rows, intake.accepted, intake.quarantined, intake.rejected),
        )


def _is_canonical(file: Path, source: str) -> bool:
    try:
        read_canonical_file(file, source=source)
    except FileError:
        return False
    return True


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
