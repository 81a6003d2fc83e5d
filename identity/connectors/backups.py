"""A backup as it lies on disk: a folder with the copy of a database, and a page that says what it is.

It is written under another name first: a folder of its own name is whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from identity.connectors.results import writing
from identity.model.errors import FileError, StoreError

__all__ = ["COPY", "Manifest", "read_backup", "write_manifest", "writing_backup"]

COPY, PAGE = "database", "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of: the revision of its tables, the id of the database, when it was made, how much was in it,
    how far the journal of consents was, and whether there is one of privacy requests."""

    revision: str
    database_id: str
    made_at: str
    records: int
    profiles: int
    log_end: int
    journaled: str = ""
    requested: bool = False
    sha256: str = ""
    format: int = _FORMAT


@contextmanager
def writing_backup(folder: Path) -> Iterator[Path]:
    """Give a place for the copy; at the end of the block the folder is whole, or it is not there.

    FileError E220 where it cannot be written, or is there already.
    """
    making = folder.with_name(f".{folder.name}.part")
    with writing(folder):
        if folder.exists():
            raise FileError("E220", f"{folder} is there already.", "Name a folder that is not.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(making, ignore_errors=True)  # of somebody who was killed half-way
        making.mkdir(mode=0o700)
        try:
            yield making
            making.rename(folder)
            _settle(folder.parent)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Say what the copy in this folder is, with its digest; return that."""
    copy = folder / COPY
    copy.chmod(0o600)
    told = Manifest(**{**asdict(manifest), "sha256": _digest(copy)})
    page = folder / PAGE
    page.touch(mode=0o600)
    with page.open("wb") as file:
        file.write(orjson.dumps(asdict(told), option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    return told


def read_backup(folder: Path) -> tuple[Path, Manifest]:
    """Return the copy and what it is. StoreError E432 where it is not what was written."""
    copy, page = folder / COPY, folder / PAGE
    if not (copy.is_file() and page.is_file()):
        raise _useless(f"{folder} is no folder that `identity backup` wrote")
    try:
        told = Manifest(**orjson.loads(page.read_bytes()))
    except (ValueError, TypeError):
        raise _useless("its page cannot be read") from None
    if told.format != _FORMAT:
        raise _useless(f"it is of format {told.format}, which this version does not know")
    if _digest(copy) != told.sha256:
        raise _useless("the copy is not the one that was written")
    return copy, told


def _useless(reason: str) -> StoreError:
    return StoreError("E432", f"This backup is of no use: {reason}.", "Take another one.")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _settle(folder: Path) -> None:
    """Have the name itself on disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
