"""How right clusters are, where the truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from identity.steps.evaluate import Accuracy, evaluate

__all__ = ["accuracy_of"]

_KEYS = ["source", "source_record_id"]


def accuracy_of(found: pa.Table, cluster: str, known: pa.Table, person: str) -> Accuracy | None:
    """Return the accuracy of the column `cluster` of `found` against the column `person` of `known`, by record key.

    Records whose person is not told are left out; None when no person is told at all.
    """
    told = known.select([*_KEYS, person]).filter(pc.is_valid(known[person]))
    both = found.select([*_KEYS, cluster]).join(told, _KEYS, join_type="inner")
    return evaluate(_labels(both[cluster]), _labels(both[person])) if both.num_rows else None


def _labels(column: pa.ChunkedArray) -> NDArray[np.int64]:
    codes: Any = pc.cast(column, pa.string()).combine_chunks().dictionary_encode().indices
    return np.asarray(codes.to_numpy(zero_copy_only=False), np.int64)
