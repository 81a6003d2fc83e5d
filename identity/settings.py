"""What the environment decides: where things are, how much of the machine is used, when the night begins."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from identity.model.errors import RulesError
from identity.store import DEFAULT_URL
from matching_rules.loader import rules_directory

__all__ = [
    "ConsumerSettings",
    "JobSettings",
    "Settings",
    "consumer_settings_from",
    "job_settings_from",
    "settings_from",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are: the database, the rules, and how much of the machine batch work may use."""

    database_url: str = DEFAULT_URL
    rules: Path = field(default_factory=rules_directory)
    threads: int = 2
    memory: str = "3GB"
    index_secret: str = ""


def settings_from(environment: Mapping[str, str], rules: Path | None = None) -> Settings:
    """Return the settings that the environment gives: IDENTITY_DATABASE_URL, _RULES, _THREADS, _MEMORY, _INDEX_SECRET.

    RulesError E119 for a setting that makes no sense.
    """
    shipped = Settings()
    return Settings(
        environment.get("IDENTITY_DATABASE_URL", shipped.database_url),
        rules or Path(environment.get("IDENTITY_RULES", shipped.rules)),
        int(_setting(environment, "IDENTITY_THREADS", str(os.cpu_count() or shipped.threads), "[1-9][0-9]?")),
        _setting(environment, "IDENTITY_MEMORY", shipped.memory, "[1-9][0-9]{0,5}(MB|GB)"),
        environment.get("IDENTITY_INDEX_SECRET", ""),
    )


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Where tasks travel ("" : they run where they are called), how long one may go unacknowledged, and when the
    nightly re-match begins."""

    broker_url: str = ""
    patience_seconds: int = 4 * 3600
    nightly: tuple[int, int] = (2, 15)
    timezone: str = "UTC"


def job_settings_from(environment: Mapping[str, str]) -> JobSettings:
    """Return the settings of jobs: IDENTITY_BROKER_URL, _JOB_PATIENCE (seconds), _NIGHTLY (hh:mm), _TIMEZONE.

    RulesError E119 for a setting that makes no sense.
    """
    shipped = JobSettings()
    patience = _setting(
        environment, "IDENTITY_JOB_PATIENCE", str(shipped.patience_seconds), "[1-9][0-9]{0,6}"
    )
    hour, minute = _setting(
        environment,
        "IDENTITY_NIGHTLY",
        "{:02}:{:02}".format(*shipped.nightly),
        "([01][0-9]|2[0-3]):[0-5][0-9]",
    ).split(":")
    return JobSettings(
        environment.get("IDENTITY_BROKER_URL", shipped.broker_url),
        int(patience),
        (int(hour), int(minute)),
        _setting(environment, "IDENTITY_TIMEZONE", shipped.timezone, "[A-Za-z]+(/[A-Za-z_+0-9-]+)*"),
    )


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Where the systems are that are kept in step ("": nowhere), and what carries events to those who do so."""

    loyalty_url: str = ""
    loyalty_token: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)


def consumer_settings_from(environment: Mapping[str, str]) -> ConsumerSettings:
    """Return the settings of consumers: IDENTITY_LOYALTY_URL, IDENTITY_LOYALTY_TOKEN or _TOKEN_FILE, IDENTITY_REDIS_URL.

    RulesError E119 for a setting that makes no sense.
    """
    return ConsumerSettings(
        _setting(environment, "IDENTITY_LOYALTY_URL", "", r"(https?://[^\s@]+)?"),
        _secret(environment, "IDENTITY_LOYALTY_TOKEN"),
        environment.get("IDENTITY_REDIS_URL", ""),
    )


def _secret(environment: Mapping[str, str], name: str) -> str:
    """Return a secret: itself, or what stands in the file that `…_FILE` names."""
    named = environment.get(f"{name}_FILE", "")
    if not named:
        return environment.get(name, "")
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        raise RulesError("E119", f"{name}_FILE names a file that cannot be read.") from None


def _setting(environment: Mapping[str, str], name: str, default: str, pattern: str) -> str:
    value = environment.get(name, default)
    if not re.fullmatch(pattern, value):
        raise RulesError("E119", f"{name} is {value!r}, which makes no sense.", f"Shipped: {default}.")
    return value
