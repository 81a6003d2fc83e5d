"""What the environment decides: where things are, how much of the machine is used, when the night begins."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from identity.connectors.erp.settings import ErpSettings, erp_settings_from
from identity.delivery.addresses import Allowed
from identity.delivery.cloud_event import SOURCE
from identity.delivery.signing import VARIABLE, Secrets, secrets_from
from identity.environment import revealed
from identity.model.errors import RulesError
from identity.store import CONNECTIONS, DEFAULT_URL, SERVER_URL
from matching_rules.loader import rules_directory

__all__ = [
    "ConsumerSettings",
    "DeliverySettings",
    "JobSettings",
    "Settings",
    "consumer_settings_from",
    "delivery_settings_from",
    "job_settings_from",
    "settings_from",
    "state_folder",
]


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return where what outlives a command is kept: the same for every command of a person on a machine."""
    state = environment.get("XDG_STATE_HOME") or Path(environment.get("HOME", ".")) / ".local" / "state"
    return Path(state) / "customer-identity"


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How events leave. `redis_url` "": streams are not served here; `source` is who says so; `secrets` finds what
    webhooks are signed with. `private` hosts are the receivers of one's own, `patience` is how many seconds a webhook
    may take to answer, and `inline` says whether `identity serve` delivers as well."""

    redis_url: str = field(default="", repr=False)  # it may hold a password
    source: str = SOURCE
    secrets: Secrets = field(default_factory=partial(secrets_from, {}), repr=False)
    private: Allowed = field(default_factory=Allowed)
    patience: float = 10.0
    inline: bool = True


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Where the systems are that are kept in step, "": nowhere."""

    loyalty_url: str = ""
    loyalty_token: str = field(default="", repr=False)
    erp: ErpSettings = field(default_factory=ErpSettings)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are: the database, the rules, how much of the machine batch work may use, how events leave, and the
    systems that follow.

    Each process keeps up to so many `connections`, and waits `patience` seconds for one, or for another writer.

    In `spool` lie uploads that wait and exports to be fetched: everybody who serves or works has to reach it.
    `inline_jobs` says whether `identity serve` works jobs off as well. `erasures` is the journal of who was erased, and
    in the folder `consents` stands what was said and asked: beside the backups, which do not know. The audit trail is
    sealed with `audit_key`, and heads of it are kept in `anchors`, out of reach of who may write to the database.
    Values are encrypted with the first of `field_keys` (by their ids), and not at all without. Everybody is resolved
    by `engine`; Spark runs at `spark_master`, whose workers share `spark_folder` ("": a temporary one, here). The API
    looks up at `replica_url` ("": nowhere else), as long as that is at most `replica_lag` seconds behind.
    """

    database_url: str = DEFAULT_URL
    rules: Path = field(default_factory=rules_directory)
    threads: int = 2
    memory: str = "3GB"
    connections: int = CONNECTIONS
    patience: float = 30.0
    index_secret: str = ""
    spool: Path = field(default_factory=lambda: state_folder(os.environ) / "spool")
    inline_jobs: bool = True
    erasures: Path = field(default_factory=lambda: state_folder(os.environ) / "erasures.ndjson")
    consents: Path = field(default_factory=lambda: state_folder(os.environ) / "consents")
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    consumers: ConsumerSettings = field(default_factory=ConsumerSettings)
    audit_key: str = field(default="", repr=False)
    anchors: Path = field(default_factory=lambda: state_folder(os.environ) / "audit-anchors.ndjson")
    field_keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    engine: str = "duckdb"
    spark_master: str = "local[2]"
    spark_folder: str = ""
    replica_url: str = field(default="", repr=False)  # it may hold a password
    replica_lag: float = 5.0


def settings_from(environment: Mapping[str, str], rules: Path | None = None) -> Settings:
    """Return the settings that the environment gives: IDENTITY_DATABASE_URL, _RULES, _THREADS, _MEMORY, _CONNECTIONS,
    _PATIENCE, _INDEX_SECRET, _SPOOL, _INLINE_JOBS, _ERASURES, _CONSENT_JOURNAL, _AUDIT_KEY (or _AUDIT_KEY_FILE),
    _AUDIT_ANCHORS, _FIELD_KEYS (or _FIELD_KEYS_FILE), _ENGINE, _SPARK_MASTER, _SPARK_FOLDER, _REPLICA_URL,
    _REPLICA_LAG, and those of delivery and consumers.

    Secrets may stand in files, as `identity/environment.py` says. RulesError E119 for a setting that makes no sense.
    """
    shipped, environment = Settings(), revealed(environment)
    return Settings(
        environment.get("IDENTITY_DATABASE_URL", shipped.database_url),
        rules or Path(environment.get("IDENTITY_RULES", shipped.rules)),
        int(_setting(environment, "IDENTITY_THREADS", str(os.cpu_count() or shipped.threads), "[1-9][0-9]?")),
        _setting(environment, "IDENTITY_MEMORY", shipped.memory, "[1-9][0-9]{0,5}(MB|GB)"),
        int(_setting(environment, "IDENTITY_CONNECTIONS", str(shipped.connections), "[1-9][0-9]{0,2}")),
        float(
            _setting(environment, "IDENTITY_PATIENCE", str(shipped.patience), r"[1-9][0-9]{0,3}(\.[0-9]+)?")
        ),
        environment.get("IDENTITY_INDEX_SECRET", ""),
        Path(environment.get("IDENTITY_SPOOL") or state_folder(environment) / "spool"),
        _setting(environment, "IDENTITY_INLINE_JOBS", "1", "[01]") == "1",
        Path(environment.get("IDENTITY_ERASURES") or state_folder(environment) / "erasures.ndjson"),
        Path(environment.get("IDENTITY_CONSENT_JOURNAL") or state_folder(environment) / "consents"),
        delivery_settings_from(environment),
        consumer_settings_from(environment),
        _secret(environment, "IDENTITY_AUDIT_KEY"),
        Path(environment.get("IDENTITY_AUDIT_ANCHORS") or state_folder(environment) / "audit-anchors.ndjson"),
        _field_keys(_secret(environment, "IDENTITY_FIELD_KEYS")),
        _setting(environment, "IDENTITY_ENGINE", shipped.engine, "duckdb|spark"),
        _setting(environment, "IDENTITY_SPARK_MASTER", shipped.spark_master, r"\S{1,500}"),
        environment.get("IDENTITY_SPARK_FOLDER", shipped.spark_folder),
        _replica_url(environment),
        float(
            _setting(
                environment, "IDENTITY_REPLICA_LAG", str(shipped.replica_lag), r"[1-9][0-9]{0,3}(\.[0-9]+)?"
            )
        ),
    )


def _replica_url(environment: Mapping[str, str]) -> str:
    told = _unrepeated(environment, "IDENTITY_REPLICA_URL", "", f"({SERVER_URL})?")
    if told and not re.fullmatch(SERVER_URL, environment.get("IDENTITY_DATABASE_URL", "")):
        raise replica_of_a_file()
    return told


def replica_of_a_file() -> RulesError:
    return RulesError(
        "E119",
        "IDENTITY_REPLICA_URL goes with a database on a server only.",
        "Name the primary in IDENTITY_DATABASE_URL.",
    )


def _field_keys(told: str) -> dict[str, bytes]:
    """Return keys by their ids, in order: a line is an id and 32 bytes in base64."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(filter(None, map(str.strip, told.splitlines())), 1):
        name, _, spelled = line.partition(" ")
        try:
            key = b64decode(spelled.strip(), validate=True)
        except ValueError:
            key = b""
        if not re.fullmatch("[A-Za-z0-9_.-]{1,64}", name) or len(key) != 32 or name in keys:
            raise RulesError(
                "E119",
                f"Line {number} of IDENTITY_FIELD_KEYS makes no sense.",
                "Write an id of its own, a space, and 32 bytes in base64.",
            )
        keys[name] = key
    return keys


def delivery_settings_from(environment: Mapping[str, str]) -> DeliverySettings:
    """Return how events leave: IDENTITY_REDIS_URL, _EVENT_SOURCE, _WEBHOOK_SECRET_NAME (a secret by its name) or
    _WEBHOOK_SECRETS (a folder with a file for each), _WEBHOOK_PRIVATE_HOSTS (with commas), _WEBHOOK_PATIENCE (seconds),
    _INLINE_DELIVERY (0: `identity serve` delivers nothing).

    RulesError E119 for a setting that makes no sense. Neither it nor a secret is repeated.
    """
    shipped, told = DeliverySettings(), partial(_unrepeated, environment)
    folder = environment.get("IDENTITY_WEBHOOK_SECRETS", "")
    hosts = told("IDENTITY_WEBHOOK_PRIVATE_HOSTS", "", r"([A-Za-z0-9.:_-]+(,[A-Za-z0-9.:_-]+)*)?")
    variables = {name: value for name, value in environment.items() if name.startswith(VARIABLE)}
    return DeliverySettings(
        told("IDENTITY_REDIS_URL", shipped.redis_url, r"((redis|rediss)://\S+|unix:///\S+)?"),
        told("IDENTITY_EVENT_SOURCE", shipped.source, r"[!-~]{1,200}"),
        secrets_from(variables, Path(folder) if folder else None),
        Allowed(frozenset(host for host in hosts.lower().split(",") if host)),
        float(told("IDENTITY_WEBHOOK_PATIENCE", str(shipped.patience), r"[1-9][0-9]?(\.[0-9]+)?")),
        told("IDENTITY_INLINE_DELIVERY", "1", "[01]") == "1",
    )


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Where tasks travel ("" : they run where they are called), how long one may go unacknowledged, and when the
    nightly re-match and the comparison with other systems begin."""

    broker_url: str = ""
    patience_seconds: int = 4 * 3600
    nightly: tuple[int, int] = (2, 15)
    reconcile: tuple[int, int] = (5, 0)
    timezone: str = "UTC"


def job_settings_from(environment: Mapping[str, str]) -> JobSettings:
    """Return the settings of jobs: IDENTITY_BROKER_URL, _JOB_PATIENCE (seconds), _NIGHTLY and _RECONCILE (hh:mm),
    _TIMEZONE.

    RulesError E119 for a setting that makes no sense.
    """
    shipped, environment = JobSettings(), revealed(environment)
    patience = _setting(
        environment, "IDENTITY_JOB_PATIENCE", str(shipped.patience_seconds), "[1-9][0-9]{0,6}"
    )
    return JobSettings(
        environment.get("IDENTITY_BROKER_URL", shipped.broker_url),
        int(patience),
        _hour(environment, "IDENTITY_NIGHTLY", shipped.nightly),
        _hour(environment, "IDENTITY_RECONCILE", shipped.reconcile),
        _setting(environment, "IDENTITY_TIMEZONE", shipped.timezone, "[A-Za-z]+(/[A-Za-z_+0-9-]+)*"),
    )


def _hour(environment: Mapping[str, str], name: str, default: tuple[int, int]) -> tuple[int, int]:
    told = _setting(environment, name, "{:02}:{:02}".format(*default), "([01][0-9]|2[0-3]):[0-5][0-9]")
    hour, minute = told.split(":")
    return int(hour), int(minute)


def consumer_settings_from(environment: Mapping[str, str]) -> ConsumerSettings:
    """Return where the systems are that are kept in step: IDENTITY_LOYALTY_URL, IDENTITY_LOYALTY_TOKEN (itself) or
    IDENTITY_LOYALTY_TOKEN_FILE (where it stands), and what `erp_settings_from` reads of an ERP.

    RulesError E119 for a setting that makes no sense. Neither it nor a secret is repeated.
    """
    return ConsumerSettings(
        _unrepeated(environment, "IDENTITY_LOYALTY_URL", "", r"(https?://[^\s@]+)?"),
        _secret(environment, "IDENTITY_LOYALTY_TOKEN"),
        erp_settings_from(environment),
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


def _unrepeated(environment: Mapping[str, str], name: str, default: str, pattern: str) -> str:
    """Return a setting that may hold a password: what it says is not told when it makes no sense."""
    value = environment.get(name, default)
    if not re.fullmatch(pattern, value):
        raise RulesError("E119", f"{name} makes no sense.", f"Shipped: {default or 'nothing'}.")
    return value


def _setting(environment: Mapping[str, str], name: str, default: str, pattern: str) -> str:
    value = environment.get(name, default)
    if not re.fullmatch(pattern, value):
        raise RulesError("E119", f"{name} is {value!r}, which makes no sense.", f"Shipped: {default}.")
    return value
