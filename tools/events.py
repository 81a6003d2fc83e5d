"""docs/reference/events.md: what each event says, out of its schema.

python -m tools.events docs/reference/events.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["main", "reference"]

SCHEMAS = Path(__file__).resolve().parent.parent / "docs" / "events"
_HEAD = """# Events

What other systems are told, as CloudEvents 1.0, at least once and in the order of each profile. They carry opaque keys
and names of fields, never a person's values: whoever is told asks the API. Written by `make reference` from their
schemas, which a released event never breaks. How they leave: [delivery](../delivery.md).
"""


def reference() -> str:
    """Return the document."""
    files = sorted(SCHEMAS.glob("*.schema.json"))
    return "\n".join([_HEAD, *(_told(path) for path in files)])


def _told(path: Path) -> str:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    name = path.name.removesuffix(".schema.json")
    needed = schema.get("required", ())
    rows = [
        f"| `{field}` | {'yes' if field in needed else ''} | {_cell(told.get('description', ''))} |"
        for field, told in schema.get("properties", {}).items()
    ]
    table = "\n".join(["| field | always | |", "|---|---|---|", *rows]) if rows else ""
    link = f"[Schema](../events/{path.name})"
    return f"## {name}\n\n{schema['title']}. {schema.get('description', '')} {link}.\n\n{table}\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def main(file: str) -> None:
    """Write the document."""
    Path(file).write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
