"""What a profile is read for, and what may be seen then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PurposePolicy"]


@dataclass(frozen=True, slots=True)
class PurposePolicy:
    """`shows` are attributes; one in `needs` is masked unless one of its consents is granted. With `refuses`, a person
    none of whose consents of that kind (what stands before the dot) is granted is not shown at all."""

    name: str
    shows: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refuses: str = ""
