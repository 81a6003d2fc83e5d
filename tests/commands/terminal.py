"""The command line, run in this process: what it prints, what it complains of, how it ends."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer.main

from identity.cli import main

__all__ = ["Ended", "identity"]

# A process runs one command, a test run thousands of the same: making them takes a tenth of a second.
_get_command = cache(typer.main.get_command)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        assert self.code == 0, self.err
        assert self.err == ""
        document: dict[str, Any] = orjson.loads(self.out)
        return document

    def complains(self, error: str, *told: str | Path) -> None:
        """One line on standard error begins with the numbered code and tells what it is about."""
        assert self.err.startswith(f"{error}: "), self.err
        assert "Traceback" not in self.err
        assert len(self.err.strip().splitlines()) == 1
        assert all(str(text) in self.err for text in told), self.err
        assert self.out == ""


def identity(*arguments: str | Path, database: Path | str = "", rules: Path | str = "") -> Ended:
    """Run `identity …`. An exception that the command line does not expect is not caught: it fails the test."""
    out, err = io.StringIO(), io.StringIO()
    address = f"sqlite:///{database}" if isinstance(database, Path) else database
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(typer.main, "get_command", _get_command)
        patch.setattr(sys, "argv", ["identity", *map(str, arguments)])
        patch.setenv("IDENTITY_DATABASE_URL", address or "sqlite:////nowhere/identity.db")
        if rules:
            patch.setenv("IDENTITY_RULES", str(rules))
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())
