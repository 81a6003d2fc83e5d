"""A golden value that a person has given in the place of what records say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from identity.model.record import RecordKey

__all__ = ["ORIGINS", "RULE", "Override"]

ORIGINS = ("steward", "request")
"""Who gave it: a steward who knew better, or the person themselves, by a request for rectification."""

RULE = "override"
"""The rule that such a golden value names."""


@dataclass(frozen=True, slots=True)
class Override:
    """The `value` of an attribute that was given in an operation (which tells who and why), by one of ORIGINS.

    `said` are the records that said what was put right, and how they spelled it (None: they said nothing). It holds for
    whatever profile one of them is in, as long as that one says the same: its source's next word on it ends that.
    """

    operation_id: str
    attribute: str
    value: str
    origin: str
    at: datetime
    said: Mapping[RecordKey, str | None] = field(default_factory=dict)
