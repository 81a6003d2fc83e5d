"""What the documentation of delivery shows works as it is written, and every setting is listed there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from identity.delivery.schedule import WAITS
from identity.delivery.signing import secrets_from, signed
from identity.settings import delivery_settings_from

from .world import SECRETS

TEXT = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text(encoding="utf-8")
NEW, OLD = SECRETS["IDENTITY_WEBHOOK_SECRET_NEW"], SECRETS["IDENTITY_WEBHOOK_SECRET_OLD"]
BODY = '{"id":"g1.1","note":"Calderón"}'.encode()


@pytest.fixture
def verified() -> Any:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    return names["verified"]


@pytest.mark.parametrize("names", [["new"], ["new", "old"]])
def test_the_example_verifies_what_is_sent(verified: Any, names: list[str]) -> None:
    headers = signed(BODY, "g1.1", datetime.now(UTC), names, secrets_from(SECRETS))
    assert verified(BODY, headers, [NEW])
    assert verified(BODY, headers, [OLD]) is ("old" in names)
    assert not verified(BODY + b" ", headers, [NEW])
    assert not verified(BODY, {**headers, "webhook-id": "g1.2"}, [NEW])
    old = signed(BODY, "g1.1", datetime(2026, 1, 1, tzinfo=UTC), names, secrets_from(SECRETS))
    assert not verified(BODY, old, [NEW])


def test_every_setting_is_listed() -> None:
    told = delivery_settings_from.__doc__ or ""
    settings = re.findall(r"\b(?:IDENTITY)?(_[A-Z]+(?:_[A-Z]+)*)\b", told)
    assert len(settings) >= 7
    assert [name for name in settings if f"`IDENTITY{name}`" not in TEXT] == []


def test_attempts_are_told_as_they_are_made() -> None:
    assert "ten attempts in three days" in TEXT
    assert len(WAITS) == 9
    hours = [str(int(wait.total_seconds() // 3600)) for wait in WAITS if wait.total_seconds() >= 7_200]
    assert ", ".join(hours[:-1]) + f" and {hours[-1]} hours" in TEXT
