"""Secrets may stand in files, and passwords apart from the addresses they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import api_settings_from
from identity.environment import SECRETS, revealed
from identity.model.errors import RulesError
from identity.settings import job_settings_from, settings_from
from stewardship.settings import screen_settings_from


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_from_the_file_that_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("whispered\n")
    assert revealed({f"{name}_FILE": str(tmp_path / "secret")})[name] == "whispered"


def test_a_file_that_is_not_there_is_refused_without_its_name(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="E119") as refused:
        settings_from({"IDENTITY_INDEX_SECRET_FILE": str(tmp_path / "nowhere")})
    assert "nowhere" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        (
            "postgresql+psycopg://identity@db:5432/identity",
            "postgresql+psycopg://identity:p%40ss@db:5432/identity",
        ),
        ("postgresql://identity:own@db/identity", "postgresql://identity:own@db/identity"),
        ("sqlite:////srv/identity.db", "sqlite:////srv/identity.db"),
        ("postgresql://identity@/identity?host=/run/db", "postgresql://identity@/identity?host=/run/db"),
    ],
)
def test_a_password_goes_into_an_address_that_brings_none(address: str, reached: str) -> None:
    told = {"IDENTITY_DATABASE_URL": address, "IDENTITY_DATABASE_PASSWORD": "p@ss"}
    assert settings_from(told).database_url == reached
    assert revealed(revealed(told)) == revealed(told)


def test_all_that_speak_to_redis_know_its_password(tmp_path: Path) -> None:
    (tmp_path / "redis").write_text("p@ss\n")
    told = {
        "HOME": str(tmp_path),
        "IDENTITY_REDIS_PASSWORD_FILE": str(tmp_path / "redis"),
        "IDENTITY_REDIS_URL": "redis://redis:6379/0",
        "IDENTITY_BROKER_URL": "rediss://redis:6379/1",
        "IDENTITY_LIMITS_URL": "redis://redis:6379/2",
    }
    assert settings_from(told).delivery.redis_url == "redis://:p%40ss@redis:6379/0"
    assert job_settings_from(told).broker_url == "rediss://:p%40ss@redis:6379/1"
    assert api_settings_from(told).limits_url == "redis://:p%40ss@redis:6379/2"
    assert screen_settings_from(told).limits_url == "redis://:p%40ss@redis:6379/2"
    assert settings_from({**told, "IDENTITY_REDIS_URL": ""}).delivery.redis_url == ""
    assert (
        settings_from({**told, "IDENTITY_REDIS_URL": "unix:///run/r"}).delivery.redis_url == "unix:///run/r"
    )
    assert api_settings_from({**told, "IDENTITY_LIMITS_URL": "memory://"}).limits_url == "memory://"


def test_production_starts_with_secrets_in_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("k" * 40)
    told = {
        "HOME": str(tmp_path),
        "IDENTITY_MODE": "production",
        "IDENTITY_ISSUER": "urn:test",
        "IDENTITY_SIGNING_KEY_FILE": str(tmp_path / "key.json"),
        "IDENTITY_DATABASE_URL": "sqlite:///identity.db",
        "IDENTITY_AUDIT_KEY_FILE": str(tmp_path / "secret"),
    }
    with pytest.raises(RulesError, match="IDENTITY_INDEX_SECRET"):
        api_settings_from(told)
    assert api_settings_from({**told, "IDENTITY_INDEX_SECRET_FILE": str(tmp_path / "secret")})
