"""How a process begins to be watched: one call, which reads the environment."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Mapping

from identity.observing.settings import ObservingSettings, observing_settings_from

__all__ = ["observe"]


_TOLD_BY_OTHERS = frozenset({"api", "worker", "beat"})
"""The API serves its counts at /metrics; what workers do stands in the database."""


def observe(process: str, environment: Mapping[str, str], *, server: bool = True) -> ObservingSettings:
    """Begin to log, to trace and to serve counts as the environment says, under the name of this process.

    A server logs on standard output, from `info` on; a command on standard error, because its answer stands on the
    other, and from `warning` on. RulesError E119 for a setting that makes no sense, E143 for a port that is taken.
    """
    from identity.observing.logs import log_to

    settings = observing_settings_from(environment)
    level = settings.log_level or ("info" if server else "warning")
    log_to(process, level, settings.log_format, sys.stdout if server else sys.stderr)
    if settings.otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        from identity.observing.traces import trace_to, untraced

        untraced()
        trace_to(OTLPSpanExporter(_traces_of(settings.otlp_endpoint)), process, settings.trace_share)
        atexit.register(untraced)
    if settings.metrics_port and process not in _TOLD_BY_OTHERS:
        from identity.observing.serving import serve_counts

        serve_counts(settings.metrics_host, settings.metrics_port)
    return settings


def _traces_of(endpoint: str) -> str:
    """Return where a collector takes traces, also where only its root is named."""
    return endpoint if endpoint.endswith("/v1/traces") else f"{endpoint.rstrip('/')}/v1/traces"
