"""The batch engines by their names."""

from __future__ import annotations

from identity.comparators import Nicknames
from identity.engines.duckdb import DuckDBEngine
from identity.model.errors import ModelError
from identity.model.match import MatchRules
from identity.ports import BatchEngine

__all__ = ["ENGINES", "engine_named"]

ENGINES = ("duckdb", "spark", "splink")


def engine_named(
    name: str,
    rules: MatchRules,
    nicknames: Nicknames,
    threads: int,
    memory: str,
    spark: tuple[str, str] = ("local[2]", ""),
) -> BatchEngine:
    """Return a batch engine; `spark` is where it runs, and the folder that its workers share.

    ModelError E603 for a name nobody knows.
    """
    # Splink and Spark take seconds to import: only who asks for them waits.
    if name == "splink":
        from identity.engines.splink import SplinkEngine

        return SplinkEngine(rules, nicknames, threads, memory)
    if name == "spark":
        from identity.engines.spark import SparkEngine

        return SparkEngine(rules, nicknames, spark[0], memory, spark[1])
    if name == "duckdb":
        return DuckDBEngine(rules, nicknames, threads, memory)
    raise ModelError("E603", f"There is no engine {name!r}.", f"Use one of: {', '.join(ENGINES)}.")
