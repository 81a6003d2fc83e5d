"""The ledger: lots of points with an expiry date, and the entries that add to them and draw on them.

Nothing is ever changed or deleted. Points that change hands are two entries of one operation, drawn on one lot and
added to another with the same expiry date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reference_loyalty.database import Work
from reference_loyalty.problems import Problem

__all__ = [
    "Lot",
    "Moved",
    "balance",
    "earn",
    "give_back",
    "lots_of",
    "move",
    "moved_by",
    "redeem",
    "shortfall",
]


@dataclass(frozen=True, slots=True)
class Lot:
    """Points a member has left of a lot; they can be spent up to and on `expires_on`."""

    lot: int
    points: int
    expires_on: str | None

    def lives(self, today: str) -> bool:
        """Say whether its points can be spent today."""
        return self.expires_on is None or self.expires_on >= today


@dataclass(frozen=True, slots=True)
class Moved:
    """Points that changed hands: lots, points, and the entry on either side."""

    from_lot: int
    to_lot: int
    points: int
    expires_on: str | None
    entries: tuple[int, int]


def lots_of(work: Work, number: str) -> list[Lot]:
    """Return a member's lots that can be spent today, the first to expire first."""
    found = work.rows(
        """select lot, sum(points) as points, expires_on from lots join entries using (lot)
           where member = ? group by lot having sum(points) > 0 order by expires_on is null, expires_on, lot""",
        number,
    )
    return [lot for lot in (Lot(*row) for row in found) if lot.lives(work.today)]


def balance(lots: Iterable[Lot]) -> int:
    """Return the points in lots."""
    return sum(lot.points for lot in lots)


def earn(work: Work, number: str, points: int, expires_on: str | None, operation: str) -> int:
    """Give a member points in a new lot. Return the entry."""
    lot = work.run("insert into lots (member, expires_on) values (?, ?)", number, expires_on)
    return _enter(work, lot, "earn", points, operation)


def redeem(work: Work, number: str, points: int, operation: str) -> list[int]:
    """Spend a member's points, the first to expire first. Return the entries. NOT_ENOUGH_POINTS."""
    parts = portions(lots_of(work, number), points)
    return [_enter(work, lot, "redeem", -part, operation) for lot, part in parts]


def portions(lots: Sequence[Lot], points: int) -> list[tuple[int, int]]:
    """Return the lots that make up so many points, in their order, and how many of each. NOT_ENOUGH_POINTS."""
    missing = points
    parts: list[tuple[int, int]] = []
    for lot in lots:
        if missing:
            parts.append((lot.lot, min(missing, lot.points)))
            missing -= parts[-1][1]
    if missing:
        raise Problem("NOT_ENOUGH_POINTS", f"{missing} points are missing.", shortfall=missing)
    return parts


def move(work: Work, lot: int, points: int, receiver: str, operation: str) -> Moved:
    """Hand points of a lot to another member. They keep their expiry date."""
    home = _home(work, lot, receiver)
    if home is None:
        home = work.run(
            "insert into lots (member, expires_on, moved_from) select ?, expires_on, lot from lots where lot = ?",
            receiver,
            lot,
        )
    return _carry(work, lot, home, points, operation)


def _home(work: Work, lot: int, receiver: str) -> int | None:
    """Return the lot of `receiver` that the points of a lot once came from: they go back to where they belong, so
    that a merge which brought them there can still be taken back."""
    found = work.row(
        """with recursive origins (lot) as (
             select moved_from from lots where lot = ?
             union all select lots.moved_from from lots join origins using (lot))
           select lot from origins join lots using (lot) where member = ?""",
        lot,
        receiver,
    )
    return found["lot"] if found else None


def _carry(work: Work, from_lot: int, to_lot: int, points: int, operation: str) -> Moved:
    drawn = _enter(work, from_lot, "transfer_out", -points, operation)
    added = _enter(work, to_lot, "transfer_in", points, operation, drawn)
    expires_on = work.value("select expires_on from lots where lot = ?", to_lot)
    return Moved(from_lot, to_lot, points, expires_on, (drawn, added))


def _enter(work: Work, lot: int, kind: str, points: int, operation: str, pair: int | None = None) -> int:
    return work.run(
        "insert into entries (lot, kind, points, operation, pair, made_at) values (?, ?, ?, ?, ?, ?)",
        lot,
        kind,
        points,
        operation,
        pair,
        work.at,
    )


def moved_by(work: Work, operation: str) -> list[Moved]:
    """Return what changed hands in an operation, in order."""
    found = work.rows(
        """select drawn.lot as from_lot, added.lot as to_lot, added.points, expires_on,
                  drawn.entry as drawn, added.entry as added
           from entries as added join entries as drawn on drawn.entry = added.pair
           join lots on lots.lot = added.lot where added.operation = ? order by added.entry""",
        operation,
    )
    return [
        Moved(row["from_lot"], row["to_lot"], row["points"], row["expires_on"], (row["drawn"], row["added"]))
        for row in found
    ]


def shortfall(work: Work, moved: Iterable[Moved]) -> int:
    """Return how many of the points that were moved are not where they were moved to any more."""
    wanted: dict[int, int] = {}
    for each in moved:
        wanted[each.to_lot] = wanted.get(each.to_lot, 0) + each.points
    return sum(max(0, points - _left(work, lot)) for lot, points in wanted.items())


def give_back(work: Work, moved: Iterable[Moved], operation: str) -> list[Moved]:
    """Return points to the lots they were taken from: as many as are left of them."""
    returned = []
    for each in moved:
        points = min(each.points, _left(work, each.to_lot))
        if points:
            returned.append(_carry(work, each.to_lot, each.from_lot, points, operation))
    return returned


def _left(work: Work, lot: int) -> int:
    left: int = work.value("select coalesce(sum(points), 0) from entries where lot = ?", lot)
    return left
