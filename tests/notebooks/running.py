"""Notebooks carried out in a copy, and whether they print what is committed of them."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

__all__ = ["NOTEBOOKS", "Ran", "carry_out", "pictures", "printed", "write_down"]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = tuple(sorted((ROOT / "notebooks").glob("*.ipynb")))
_PATIENCE = 120
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True, slots=True)
class Ran:
    """A notebook as it came out, and every difference from what is committed, in a sentence each; or why it failed."""

    notebook: Any
    differing: tuple[str, ...]
    failed: bool = False


def carry_out(path: Path) -> Ran:
    """Carry out a notebook in a folder of its own; what it leaves there is gone afterwards."""
    committed = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        shutil.copy(path, copy)
        fresh = nbformat.read(copy, as_version=4)
        client = NotebookClient(
            fresh,
            timeout=_PATIENCE,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute(env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": f"{folder}/.ipython"})
        except CellExecutionError as problem:
            return Ran(fresh, (f"{path.name}: {problem}",), failed=True)
    return Ran(fresh, tuple(_differing(path.name, committed, fresh)))


def printed(cell: Any) -> str:
    """Return what a cell prints, as text."""
    return "".join(_text(output) for output in cell.get("outputs", ())).rstrip()


def pictures(cell: Any) -> list[bytes]:
    """Return the pictures that a cell shows."""
    shown = (output.get("data", {}).get("image/png") for output in cell.get("outputs", ()))
    return [base64.b64decode(picture) for picture in shown if picture]


def write_down(path: Path, notebook: Any) -> None:
    """Keep a notebook with its outputs, without what differs from one machine or run to the next."""
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _text(output: Any) -> str:
    if output["output_type"] == "stream":
        return str(output["text"])
    return str(output.get("data", {}).get("text/plain", "")) + "\n"


def _differing(name: str, committed: Any, fresh: Any) -> Iterator[str]:
    for number, (was, now) in enumerate(zip(committed.cells, fresh.cells, strict=True), 1):
        if printed(was) != printed(now):
            yield f"{name}, cell {number} printed\n{printed(now)}\nand not\n{printed(was)}"
        if len(pictures(was)) != len(pictures(now)):
            yield f"{name}, cell {number} showed {len(pictures(now))} pictures, not {len(pictures(was))}"
