"""Where reports for people are printed: lines and tables on standard output."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

__all__ = ["few", "say", "screen", "table"]

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
    }
)

screen = Console(highlight=False, soft_wrap=True)
if not screen.is_terminal:
    screen.width = _LEAST_WIDTH


def say(text: str) -> None:
    """Print a line."""
    screen.print(text)


def table(*columns: str) -> Table:
    """Return an empty table with these columns, those of numbers aligned to the right."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold")
    return made


def few(names: Sequence[str], most: int = 3) -> str:
    """Return names in a line, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
