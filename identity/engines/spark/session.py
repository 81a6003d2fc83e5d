"""A session of Spark, as this engine needs it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from identity.model.errors import ModelError

__all__ = ["session"]

_AT_ONCE = 50_000
"""Rows that a worker is given at a time: enough that what is prepared once per lot costs little."""


@contextmanager
def session(master: str, folder: Path, memory: str) -> Iterator[Any]:
    """Give a session at `master`; one that is open already is used, and left open. ModelError E607 without Spark.

    What does not fit into memory is spilled into `folder`. Every worker needs this program installed, in the version
    of the driver.
    """
    builder = _builder(master)
    from pyspark.sql import SparkSession

    opened = SparkSession.getActiveSession()
    builder = builder.config("spark.local.dir", str(folder)).config("spark.driver.memory", _spelled(memory))
    spark = opened or builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        if opened is None:
            spark.stop()


def _builder(master: str) -> Any:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise ModelError(
            "E607", "Spark needs Java 17 or newer, and there is none.", "Install a Java runtime."
        )
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ModelError(
            "E607", "Spark is not installed.", "Run `make spark`: it installs pyspark beside what is there."
        ) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("customer-identity")
    for name, value in {**_CONFIGURED, **(_HERE if master.startswith("local") else {})}.items():
        builder = builder.config(name, value)
    return builder


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
