"""Notebooks print what is committed of them, show small pictures, and give the figures of the benchmark.

Here 01 and 04 are carried out; `make notebooks`, which CI runs too, carries out all of them: about two minutes.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from bench.children import sample, splink
from bench.measure import SIZES
from identity import measure, resolve
from tests.notebooks.running import NOTEBOOKS, ROOT, carry_out, pictures, printed

CARRIED_OUT = ("01", "04")
LARGEST_PICTURE = 40_000
LARGEST_TEXT = 4_000
FIGURES = re.compile(
    r"^generated retail +(identity|Splink 5) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)", re.MULTILINE
)


def test_there_are_five_and_they_are_numbered() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.stem[:2] in CARRIED_OUT], ids=lambda path: path.stem
)
def test_a_notebook_prints_what_is_committed(path: Path) -> None:
    assert carry_out(path).differing == ()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_of_a_notebook_is_small_and_tells_nothing_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|work|tmp|Users|var)/|site-packages|0x[0-9a-f]{6}", text)
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), (
        "in order, every one"
    )
    for cell in cells:
        assert len(printed(cell)) < LARGEST_TEXT
        assert all(len(picture) < LARGEST_PICTURE for picture in pictures(cell))
        assert all(output["output_type"] != "error" for output in cell["outputs"])
        assert all(output.get("name") != "stderr" for output in cell["outputs"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_no_seconds(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert not {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)} & {
        "perf_counter",
        "monotonic",
        "process_time",
    }


def test_the_figures_are_those_of_the_benchmark(tmp_path: Path) -> None:
    """What notebook 03 prints of the generated set, and what `make bench` makes of its smallest one."""
    import pyarrow.parquet as pq

    (path,) = (path for path in NOTEBOOKS if path.stem.startswith("03"))
    text = "\n".join(printed(cell) for cell in nbformat.read(path, as_version=4).cells)
    told = {engine: figures for engine, *figures in FIGURES.findall(text)}
    sample(str(SIZES["5k"]), str(tmp_path))
    labelled = tmp_path / "labelled.parquet"
    theirs = splink(str(labelled))["accuracy"]
    truth = pq.read_table(labelled)
    ours = measure(resolve(truth.drop_columns(["person_id"])).crosswalk, truth)
    names = ("precision", "recall", "f1", "b_cubed_f1")
    assert told["Splink 5"] == [f"{theirs[name]:.4f}" for name in names]
    assert told["identity"] == [f"{getattr(ours, name):.4f}" for name in names]


def test_the_folder_holds_nothing_else() -> None:
    assert sorted(path.name for path in (ROOT / "notebooks").iterdir() if path.suffix != ".ipynb") == []
