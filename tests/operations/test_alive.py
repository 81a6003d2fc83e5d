"""Whether a process is alive is told by its pulse, or by what it answers."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from identity.commands.alive import VARIABLE, Pulse
from tests.commands.terminal import identity

from .running import free_port


def test_a_pulse_beats_once_a_second_at_most_and_wherever_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setenv(VARIABLE, str(tmp_path / "pulse"))
    pulse = Pulse(monotonic=lambda: now)
    pulse.beat()
    assert (tmp_path / "pulse").exists()
    (tmp_path / "pulse").unlink()
    now = 0.9
    pulse.beat()
    assert not (tmp_path / "pulse").exists()
    now = 1.0
    pulse.beat()
    assert (tmp_path / "pulse").exists()


def test_without_a_place_or_where_nothing_can_be_written_a_pulse_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    Pulse().beat()
    Pulse(tmp_path / "no folder" / "pulse").beat()
    assert list(tmp_path.iterdir()) == []


def test_an_old_pulse_and_none_are_no_sign_of_life(tmp_path: Path) -> None:
    pulse = tmp_path / "pulse"
    assert identity("alive", pulse).code == 1
    Pulse(pulse).beat()
    assert identity("alive", pulse, "--json").report == {"place": str(pulse), "alive": True}
    an_hour_ago = time.time() - 3600
    os.utime(pulse, (an_hour_ago, an_hour_ago))
    assert identity("alive", pulse, "--within", "60").code == 1
    assert "alive" in identity("alive", pulse, "--within", "7200").out


def test_where_nobody_answers_nobody_is_alive() -> None:
    assert identity("alive", f"http://127.0.0.1:{free_port()}/readyz").code == 1
