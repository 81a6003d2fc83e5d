"""The batch engine of many machines: what `engines/duckdb.py` does, stage by stage over Parquet, with the same code in
each worker."""

from identity.engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
