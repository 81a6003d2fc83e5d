"""The reader of documents finds what is not printed as it is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docs.blocks import Block, agrees, blocks, shell

DOCUMENT = """
```sh
x=7
echo $x
```
```text
7
```
Some words.
```json
{"not": "printed"}
```
```sh
echo $((x + 1))
```
"""


def test_blocks_are_carried_out_in_one_shell(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(DOCUMENT)
    first, second = blocks(document)
    assert (first.line, first.printed, second.printed) == (2, "7\n", None)
    with shell(tmp_path, os.environ) as terminal:
        assert agrees(first, terminal.run(first.commands))
        assert terminal.run(second.commands).strip() == "8"


def test_a_command_that_fails_stops_it(tmp_path: Path) -> None:
    with shell(tmp_path, os.environ) as terminal, pytest.raises(RuntimeError, match="before"):
        terminal.run("echo before; false; echo after")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ('{"a": 1.23}', '{"a":1.2341}', True),
        ('{"a": 1.23}', '{"a":1.25}', False),
        ('{"a": "…"}', '{"a":[1,2]}', True),
        ('{"a": 1}', '{"a":1,"b":2}', False),
        ('{"a": 1, "…": "…"}', '{"a":1,"b":2}', True),
        ('{"a": 1, "…": "…"}', '{"b":2}', False),
        ("[1]", "[1,2]", False),
        ("true", "false", False),
    ],
)
def test_values_are_compared_as_the_document_means_them(shown: str, printed: str, same: bool) -> None:
    assert agrees(Block(1, "", shown, "json"), printed) is same


def test_text_is_compared_whole() -> None:
    assert agrees(Block(1, "", "at … o'clock\n"), "at 12 o'clock")
    assert not agrees(Block(1, "", "at 12"), "at 12 o'clock")
