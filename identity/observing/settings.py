"""What the environment decides about watching: how much is logged, where traces go, where counts are fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from identity.model.errors import RulesError

__all__ = ["VARIABLES", "ObservingSettings", "observing_settings_from"]


@dataclass(frozen=True, slots=True)
class ObservingSettings:
    """`log_level` "": servers tell everything from `info` on, commands from `warning` on. `otlp_endpoint` "": there are
    no traces; otherwise of `trace_share` of what comes in there is one. `metrics_port` 0: counts are not served by this
    process (the API serves its own at /metrics in any case)."""

    log_level: str = ""
    log_format: str = "json"
    otlp_endpoint: str = ""
    trace_share: float = 1.0
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0


VARIABLES = {name: f"IDENTITY_{name.upper()}" for name in ObservingSettings.__dataclass_fields__}
_PATTERNS = {
    "log_level": "(debug|info|warning|error)?",
    "log_format": "json|console",
    "otlp_endpoint": r"(https?://[^\s@]+)?",
    "trace_share": r"0|1|0?\.[0-9]{1,9}|1\.0+",
    "metrics_host": "[A-Za-z0-9.:_-]+",
    "metrics_port": "[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]",
}
_KINDS = {"trace_share": float, "metrics_port": int}


def observing_settings_from(environment: Mapping[str, str]) -> ObservingSettings:
    """Return the settings that the environment gives: IDENTITY_LOG_LEVEL, _LOG_FORMAT, _OTLP_ENDPOINT, _TRACE_SHARE,
    _METRICS_HOST, _METRICS_PORT.

    RulesError E119 for one that makes no sense. It is not repeated: an address may hold a password.
    """
    told: dict[str, object] = {}
    for name, variable in VARIABLES.items():
        if (value := environment.get(variable)) is None:
            continue
        if not re.fullmatch(_PATTERNS[name], value):
            raise RulesError("E119", f"{variable} makes no sense.", f"Write it as {_PATTERNS[name]}.")
        told[name] = _KINDS.get(name, str)(value)
    return ObservingSettings(**told)  # type: ignore[arg-type]
