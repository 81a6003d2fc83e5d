"""Whether a run met a real Spark."""

from __future__ import annotations

import importlib.util
import shutil

from tests.left_out import LeftOut

__all__ = ["SPARK"]


def _is_installed() -> bool:
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


SPARK = LeftOut(
    "IDENTITY_TEST_SPARK",
    lambda item: item.get_closest_marker("spark") is not None,
    _is_installed,
    "Spark was NOT exercised: it is not installed (`make test-spark` installs and runs it)",
)
