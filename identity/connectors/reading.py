"""Files on their way in: read by the rules of their source, or in canonical columns, and made ready for the store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

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
        intake = self.read(file, source, canonical=source not in self.sources)
        return self._delivery(file, intake, self._mode(source or ""))

    def uploaded(self, file: Path, source: str | None, name: str) -> Delivery:
        """Return the rows of a file in canonical columns that came under `name`: where it lies is told to nobody."""
        intake = self.read(file, source, canonical=True)
        issues = tuple(
            replace(issue, file=name, message=issue.message.replace(str(file), name))
            for issue in intake.issues
        )
        delivery = self._delivery(file, replace(intake, file=name, issues=issues), SourceMode.LIVE)
        modes = [str(self._mode(each)) for each in delivery.records["source"].to_pylist()]
        at = delivery.records.schema.get_field_index("mode")
        records = delivery.records.set_column(at, "mode", pa.array(modes, delivery.records["mode"].type))
        return replace(delivery, records=records)

    def _mode(self, source: str) -> SourceMode:
        known = self.sources.get(source)
        return known.mode if known else SourceMode.LIVE

    def _delivery(self, file: Path, intake: Intake, mode: SourceMode) -> Delivery:
        at = self.clock.now()
        load = Load(new_id(), intake.file, _digest(file), intake.source, at)
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
