"""The same records resolved on one machine and on Spark, and whether both say the same."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from identity.bootstrap import Service, Settings
from identity.engines.spark import SparkEngine
from identity.engines.stages import Stages
from identity.model.record import CANONICAL_ATTRIBUTES
from identity.ports import Resolution

__all__ = ["SERVICE", "SPARK", "assert_same", "both", "canonical"]

SERVICE = Service(Settings(threads=2))
SPARK = SparkEngine(SERVICE.match_rules, SERVICE.nicknames, "local[2]", "1GB")


def canonical(table: pa.Table) -> pa.Table:
    """Leave out columns that are none of a record: the truth of a labelled set."""
    kept = {"source", "source_record_id", *CANONICAL_ATTRIBUTES}
    return table.select([name for name in table.column_names if name in kept])


def both(records: pa.Table, **told: Any) -> tuple[Resolution, Resolution]:
    """Return what one machine says and what Spark says, by one model."""
    one = SERVICE.batch_engine.resolve(records, Stages(), **told)
    model = told.pop("model", None) or one.model
    again = SERVICE.batch_engine.resolve(records, Stages(), model, **told)
    return again, SPARK.resolve(records, Stages(), model, **told)


def assert_same(one: Resolution, other: Resolution) -> None:
    assert other.clusters.equals(one.clusters)
    assert other.links.equals(one.links)
    assert other.candidate_pairs == one.candidate_pairs
    assert dict(other.generic) == dict(one.generic)
