"""What was said of consents, kept beside the database: a backup that is restored does not know, and a no has to hold.

Nobody reads from it whom a fact is for: keys of records, addresses and numbers are digests, and what somebody wrote,
evidence and notice, is left out.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from identity.connectors import journals
from identity.model.consent_fact import BlindFact, ConsentFact, FactOrigin
from identity.steps.suppress import blind_key, mark_of

__all__ = ["ConsentJournal"]

_AT_ONCE = 500
_LAST = 4096
"""Bytes before a position by which it is known again: more than a line."""
_PLAIN = (
    "fact_id", "purpose", "channel", "status", "source", "actor", "change_id", "jurisdiction", "basis",
)  # fmt: skip
_TIMES = ("captured_at", "received_at", "expires_at")
_reached = partial(journals.reached, "consents", "IDENTITY_CONSENT_JOURNAL")


@dataclass(frozen=True, slots=True)
class ConsentJournal:
    """A file with a line for each act that somebody told of the consents in a database. It only grows."""

    path: Path

    def append(self, facts: Sequence[BlindFact]) -> None:
        """Write facts down, on disk when this returns. StoreError E420 where that is not possible."""
        with _reached():
            journals.append(self.path, [_line(told) for told in facts])

    def exists(self) -> bool:
        """Say whether anything was ever written. StoreError E420 where nobody may look."""
        with _reached():
            return self.path.exists()

    def since(self, position: str) -> Iterator[tuple[list[BlindFact], str]]:
        """Return what was written after a position, some facts at a time, each time with the position reached by them.

        From the beginning where the position is of another file, or of none ("").
        """
        with _reached():
            if not self.path.exists():
                return
            with self.path.open("rb") as file:
                file.seek(_known(file, position))
                while lines := _lines(file):
                    yield [fact for line in lines if (fact := _fact(line)) is not None], _position(file)


def _lines(file: BinaryIO) -> list[bytes]:
    lines = list(islice(file, _AT_ONCE))
    if lines and not lines[-1].endswith(b"\n"):  # it broke off, or is being written
        file.seek(-len(lines.pop()), os.SEEK_CUR)
    return lines


def _position(file: BinaryIO) -> str:
    """Return where a file is read, and what stands before: another file is not taken for this one."""
    offset = file.tell()
    file.seek(max(0, offset - _LAST))
    return f"{offset}:{hashlib.blake2b(file.read(offset - file.tell()), digest_size=8).hexdigest()}"


def _known(file: BinaryIO, position: str) -> int:
    """Return the offset of a position that is one of this file, otherwise 0."""
    offset = int(position.partition(":")[0] or 0)
    file.seek(offset)
    return offset if _position(file) == position else 0


def _line(told: BlindFact) -> dict[str, Any]:
    fact = told.fact
    kind, value = fact.identifier or (None, None)
    times = {name: moment.isoformat() for name in _TIMES if (moment := getattr(fact, name))}
    marks = [mark_of(key) for key in fact.records]
    line = {name: getattr(fact, name) for name in _PLAIN} | times
    return line | {"marks": marks, "kind": kind, "blind": value, "held": told.held}


def _fact(line: bytes) -> BlindFact | None:
    """Return what a line tells; None for one that broke off."""
    try:
        told = orjson.loads(line)
        times = {name: datetime.fromisoformat(told[name]) if name in told else None for name in _TIMES}
        fact = ConsentFact(
            **{name: told[name] for name in _PLAIN} | times,
            origin=FactOrigin.TOLD,
            records=tuple(blind_key(mark) for mark in told["marks"]),
            identifier=(told["kind"], told["blind"]) if told["kind"] else None,
        )
        return BlindFact(fact, told["held"])
    except (ValueError, KeyError, TypeError):
        return None
