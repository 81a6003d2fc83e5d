"""Where reports for people are printed: lines and tables on standard output."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["escape", "few", "say", "screen", "table"]

# A file or a pipe has no width of its own; below this, tables break inside their ids.
_LEAST_WIDTH = 128
_NUMBERS = frozenset(
    {
        "rows",
        "accepted",
        "quarantined",
        "rejected",
        "bits",
        "so far",
        "position",
        "version",
        "count",
        "oldest",
        "best link",
        "mean",
        "worth",
        "behind",
        "blocked",
        "dealt with",
        "acted",
        "held",
        "given up",
        "told",
        "number",
        "attempts",
    }
)

screen = Console(highlight=False, soft_wrap=True)
if not screen.is_terminal:
    screen.width = _LEAST_WIDTH


class _Told(Table):
    """A table whose cells are printed as they are: what customers and people write is no markup."""

    def row(self, *cells: str) -> None:
        self.add_row(*map(escape, cells))


def say(text: str) -> None:
    """Print a line, with markup; what customers and people write is escaped before."""
    screen.print(text)


def table(*columns: str) -> _Told:
    """Return an empty table with these columns, those of numbers aligned to the right."""
    made = _Told(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        # An operation is typed again to take it back: its id stays in one piece.
        made.add_column(
            column,
            justify="right" if column in _NUMBERS else "left",
            overflow="fold",
            no_wrap=column == "operation",
        )
    return made


def few(names: Sequence[str], most: int = 3) -> str:
    """Return names in a line, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
