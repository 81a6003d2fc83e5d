"""Where counts are fetched: the port of a process that has no API, and the folder that several processes share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from identity.model.errors import RulesError
from identity.observing.counts import counting

__all__ = ["SHARED", "serve_counts", "share_counts"]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client keeps what several processes count together; read when it is first imported."""


def serve_counts(host: str, port: int) -> None:
    """Serve what this process counts, to whoever reaches that address. RulesError E143 where the port is taken."""
    from prometheus_client import start_http_server

    try:
        start_http_server(port, host, registry=counting())
    except OSError as problem:
        raise RulesError(
            "E143",
            f"Port {port} of {host} cannot be listened on: {problem.strerror}.",
            "Choose another with --metrics-port.",
        ) from None


def share_counts(processes: int) -> None:
    """Have so many processes count together, from before any of them counts: whoever is asked tells of all."""
    if processes < 2 or SHARED in os.environ:
        return
    folder = tempfile.mkdtemp(prefix="identity-counts-")
    os.environ[SHARED] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
