"""What the environment says of delivery; what makes no sense is refused, and no password repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.delivery.addresses import Allowed
from identity.model.errors import RulesError
from identity.settings import delivery_settings_from

from .world import SECRETS


def test_nothing_said_is_no_stream_and_public_addresses_only() -> None:
    settings = delivery_settings_from({})
    assert (settings.redis_url, settings.source, settings.inline) == ("", "/customer-identity", True)
    assert settings.private == Allowed()


def test_everything_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(SECRETS["IDENTITY_WEBHOOK_SECRET_OLD"])
    settings = delivery_settings_from(
        {
            "IDENTITY_REDIS_URL": "rediss://:word@redis.internal:6380/2",
            "IDENTITY_EVENT_SOURCE": "https://identity.shop.example",
            "IDENTITY_WEBHOOK_SECRET_NEW": SECRETS["IDENTITY_WEBHOOK_SECRET_NEW"],
            "IDENTITY_WEBHOOK_SECRETS": str(tmp_path),
            "IDENTITY_WEBHOOK_PRIVATE_HOSTS": "ERP.internal,10.0.0.7",
            "IDENTITY_WEBHOOK_PATIENCE": "2.5",
            "IDENTITY_INLINE_DELIVERY": "0",
        }
    )
    assert settings.private == Allowed(frozenset({"erp.internal", "10.0.0.7"}))
    assert (settings.patience, settings.inline) == (2.5, False)
    for name in ("new", "old"):
        assert settings.secrets(name) == SECRETS[f"IDENTITY_WEBHOOK_SECRET_{name.upper()}"]
    assert "word" not in repr(settings.secrets) + str(settings.private) + repr(settings)
    assert all(secret not in repr(settings) for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IDENTITY_REDIS_URL", "http://:word@redis.internal"),
        ("IDENTITY_REDIS_URL", "redis.internal"),
        ("IDENTITY_EVENT_SOURCE", ""),
        ("IDENTITY_EVENT_SOURCE", "two words"),
        ("IDENTITY_WEBHOOK_PRIVATE_HOSTS", "a,,b"),
        ("IDENTITY_WEBHOOK_PRIVATE_HOSTS", "*"),
        ("IDENTITY_WEBHOOK_PATIENCE", "0"),
        ("IDENTITY_WEBHOOK_PATIENCE", "forever"),
        ("IDENTITY_INLINE_DELIVERY", "yes"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(RulesError, match=f"E119.*{name}") as refused:
        delivery_settings_from({name: value})
    assert "word@" not in str(refused.value)
