"""Who belongs together, under which golden id."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import NewType

from identity.model.record import RecordKey

__all__ = ["Cluster", "GoldenId", "Redirect", "mint_golden_id"]

GoldenId = NewType("GoldenId", str)

_CROCKFORD = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUV", "0123456789abcdefghjkmnpqrstvwxyz")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The records of one person, in key order, and the golden id they live under."""

    golden_id: GoldenId
    members: tuple[RecordKey, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """A golden id that lives on under another one, always in a single hop."""

    retired: GoldenId
    survivor: GoldenId


def mint_golden_id(key: RecordKey, issue: int = 0) -> GoldenId:
    """Return the golden id of a new profile whose smallest record is `key`: 'g' and 16 Crockford base-32 digits.

    The id is a digest, so it is repeatable and says nothing about the person. `issue` counts the ids already
    issued for this record: an id is never given out twice, also when a profile comes apart and forms anew.
    """
    seed = f"{key.source}\x1f{key.source_record_id}\x1f{issue}".encode()
    digest = hashlib.blake2b(seed, digest_size=10).digest()
    return GoldenId("g" + base64.b32hexencode(digest).decode().translate(_CROCKFORD))
