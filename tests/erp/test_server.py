"""The Tryton server that tests and the demonstration use: made once, run as often as wanted, never left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from erp import Erp, ErpMissing, install, installed, running
from erp import installation as making
from erp.__main__ import main
from tests.erp.shop import clerk

ROOT = Path(__file__).resolve().parents[2]


def gone(process: int) -> bool:
    """Wait until a process has ended, at most for a while."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_it_is_installed_once(erp: Erp) -> None:
    began = time.monotonic()
    assert install() == install()
    assert time.monotonic() - began < 2
    assert erp.password == install().password


@pytest.mark.erp
def test_each_begins_empty_and_ends_with_its_block() -> None:
    with running() as one, clerk(one) as someone:
        someone.open()
        process = one.process
    assert gone(process)
    with running() as another, clerk(another) as someone:
        assert someone.call("model.party.party.search_count", [], 0, None, {}) == 0


@pytest.mark.erp
def test_it_does_not_outlive_who_was_killed() -> None:
    code = "from erp import running\nwith running() as erp: print(erp.process, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as run:
        assert run.stdout is not None
        process = int(run.stdout.readline())
        run.kill()
    assert gone(process)


def test_its_password_is_not_printed_by_accident(erp: Erp) -> None:
    assert erp.password not in repr(erp)


def test_where_it_cannot_be_made_it_is_said_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "no folder"
    file.touch()
    with pytest.raises(ErpMissing, match=r"python -m erp"):
        install({making.CACHE: str(file)})

    def refuse(_: object) -> None:
        raise ErpMissing("no package index answers")

    monkeypatch.setattr(making, "_make", refuse)
    with pytest.raises(ErpMissing, match=r"no package index answers(.|\n)*requirements\.lock"):
        install({making.CACHE: str(tmp_path / "cache")})


@pytest.mark.erp
def test_the_command_knows_two_things(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rm"]) == 2
    assert main([]) == 0
    assert "ready" in capsys.readouterr().out


def test_what_is_not_installed_is_not_installed_by_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(making.CACHE, str(tmp_path / "cache"))
    with pytest.raises(ErpMissing, match="not installed"):
        installed()
    assert main(["serve", "--installed"]) == 1
    assert "not installed" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()
