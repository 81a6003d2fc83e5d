"""How right clusters are: against the truth, or as far as labels tell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from identity.commands.measure import accuracy_of
from identity.face.tables import Records, arrow_table
from identity.steps.estimate import Estimate, Estimates, Stratum, estimate
from identity.steps.evaluate import Accuracy

__all__ = ["Accuracy", "Estimate", "Estimates", "Stratum", "estimate", "measure", "mistakes"]

_KEYS = ["source", "source_record_id"]
_MISTAKES = pa.schema(
    [(name, pa.string()) for name in ("mistake", "left_source", "left_id", "right_source", "right_id")]
)


def measure(
    found: Records, truth: Records, *, cluster: str = "golden_id", person: str = "person_id"
) -> Accuracy:
    """Return how right the column `cluster` of `found` is against the column `person` of `truth`, by record key.

    Pairwise figures are over all true pairs, blocked or not; B-cubed is over records. Records whose person is not told
    are left out. ValueError when no record is in both.
    """
    told = accuracy_of(arrow_table(found), cluster, arrow_table(truth), person)
    if told is None:
        raise ValueError("No record is in both tables.")
    return told


def mistakes(
    found: Records, truth: Records, *, cluster: str = "golden_id", person: str = "person_id"
) -> pa.Table:
    """Return every wrong pair in key order: mistake (`merged`: two people, one id; `missed`: one person, two ids),
    left_source, left_id, right_source, right_id."""
    wanted = arrow_table(truth)
    wanted = wanted.filter(pc.is_valid(wanted[person])).select([*_KEYS, person])
    both = arrow_table(found).select([*_KEYS, cluster]).join(wanted, _KEYS, join_type="inner")
    both = both.sort_by([(name, "ascending") for name in _KEYS])
    keys = both.select(_KEYS)
    merged = _unlike(both, cluster, person)
    missed = _unlike(both, person, cluster)
    return pa.concat_tables([_told("merged", keys, merged), _told("missed", keys, missed)])


def _unlike(both: pa.Table, alike: str, unlike: str) -> NDArray[np.int64]:
    """Return the pairs of rows, in order, that agree in one column and not in the other."""
    numbered = both.select([alike, unlike]).append_column("row", pa.array(np.arange(both.num_rows)))
    pairs = numbered.join(numbered, alike, right_suffix="_other", join_type="inner")
    left, right = pairs["row"].to_numpy(), pairs["row_other"].to_numpy()
    differs = pc.not_equal(pairs[unlike], pairs[f"{unlike}_other"]).to_numpy()
    wrong = np.stack((left, right), axis=1)[(left < right) & differs]
    return np.asarray(wrong[np.lexsort((wrong[:, 1], wrong[:, 0]))], np.int64)


def _told(mistake: str, keys: pa.Table, pairs: NDArray[np.int64]) -> pa.Table:
    left, right = (keys.take(pa.array(pairs[:, side])) for side in (0, 1))
    columns = [pa.array([mistake] * len(pairs), pa.string()), *left.columns, *right.columns]
    return pa.table(dict(zip(_MISTAKES.names, columns, strict=True)), _MISTAKES)
