"""Pairs as whoever asked is told of them, and what an engine refuses before it begins."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from identity.model.errors import ModelError
from identity.model.judgement import Judgement
from identity.model.match import Factor

__all__ = ["links_told", "refuse_lacking"]


def links_told(
    keys: pa.Table, left: Any, right: Any, weights: Any, matched: NDArray[np.bool_], blocked: Any
) -> pa.Table:
    """Return the links of `Resolution` for pairs of places in `keys`."""
    one, other = keys.take(pa.array(left)), keys.take(pa.array(right))
    judged = np.where(matched, Judgement.MATCH, Judgement.POSSIBLE_MATCH).astype(str)
    return pa.table(
        {
            "left_source": one["source"],
            "left_id": one["source_record_id"],
            "right_source": other["source"],
            "right_id": other["source_record_id"],
            "match_weight": weights,
            "judgement": pa.array(judged, pa.string()),
            "blocked": blocked,
        }
    )


def refuse_lacking(factors: Iterable[Factor], known: Container[str], instead: str) -> None:
    """Raise ModelError E601 where records lack what is compared; `instead` is what to do then."""
    compared = [comparison.name for factor in factors for comparison in factor.comparisons]
    if lacking := [name for name in compared if name not in known]:
        raise ModelError(
            "E601", f"The model compares {', '.join(lacking)}, which these records do not have.", instead
        )
