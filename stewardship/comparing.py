"""Records side by side: a row per attribute, what differs marked, what is shared or strange flagged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity.model.record import CANONICAL_ATTRIBUTES
from identity.steps.disclose import mask
from stewardship.differences import Piece, differing
from stewardship.scene import Side
from stewardship.suspicions import suspicion

__all__ = ["Cell", "Row", "table"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in pieces; `stands` says how it compares to the one it is held against."""

    pieces: Sequence[Piece]
    stands: str
    flag: str


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute in every record that is shown. `verdict`: agrees, differs, or alone."""

    attribute: str
    cells: Sequence[Cell | None]
    verdict: str


def table(sides: Sequence[Side], *, clear: bool) -> list[Row]:
    """Return the rows of records side by side, personal values masked unless they are to be seen in `clear`.

    Each record is held against the first, and the first against the second.
    """
    known = {name for side in sides for name in side.values}
    order = [*CANONICAL_ATTRIBUTES, *sorted(known - set(CANONICAL_ATTRIBUTES))]
    return [_row(name, sides, clear=clear) for name in order if name in known]


def _row(attribute: str, sides: Sequence[Side], *, clear: bool) -> Row:
    values = [side.values.get(attribute, "") for side in sides]
    cells = [
        _cell(attribute, value, _against(values, place), sides[place], clear=clear) if value else None
        for place, value in enumerate(values)
    ]
    told = [_folded(value) for value in values[:2] if value]
    verdict = "alone" if len(told) < 2 else "agrees" if len(set(told)) == 1 else "differs"
    return Row(attribute, cells, verdict)


def _against(values: Sequence[str], place: int) -> str:
    others = values[1:2] if place == 0 else values[:1]
    return others[0] if others else ""


def _cell(attribute: str, value: str, other: str, side: Side, *, clear: bool) -> Cell:
    stands = "alone" if not other else "agrees" if _folded(value) == _folded(other) else "differs"
    if clear:
        pieces = differing(value, other) if stands == "differs" else [(value, False)]
    else:
        pieces = [(mask(attribute, value), stands == "differs")]
    flag = "shared by many" if attribute in side.generic else suspicion(attribute, value)
    return Cell(pieces, stands, flag)


def _folded(value: str) -> str:
    """Return what a value says, however it is punctuated: 216-463 is 216463, and St. is St."""
    return "".join(letter for letter in value.casefold() if letter.isalnum()) or value
