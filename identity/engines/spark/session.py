"""A session of Spark, as this engine needs it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from identity.model.errors import ModelError

__all__ = ["session"]

_AT_ONCE = 50_000
"""Rows that a worker is given at a time: enough that what is prepared once per lot costs little."""


def session(master: str, folder: Path, memory: str) -> Any:
    """Return a session at `master`; `folder` takes what does not fit into memory. ModelError E607 without Spark.

    Every worker needs this program installed, in the version of the driver.
    """
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise ModelError("E607", "Spark needs Java 17 or newer, and there is none.", "Install a Java runtime.")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ModelError(
            "E607", "Spark is not installed.", "Run `make spark`: it installs pyspark beside what is there."
        ) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("customer-identity")
    for name, value in _CONFIGURED.items():
        builder = builder.config(name, value)
    builder = builder.config("spark.local.dir", str(folder)).config("spark.driver.memory", _spelled(memory))
    if master.startswith("local"):
        for name, value in _HERE.items():
            builder = builder.config(name, value)
    found = builder.getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    return found


_CONFIGURED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(_AT_ONCE),
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.log.level": "ERROR",
}
_HERE = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # A few processes share one machine: two hundred small tasks would only wait for each other.
    "spark.sql.shuffle.partitions": "4",
}


def _spelled(memory: str) -> str:
    return memory.replace("GB", "g").replace("MB", "m")
