"""evaluate: clusters against known persons → precision and recall over all true pairs, and B-cubed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Accuracy", "evaluate"]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Pairwise figures count every pair of records of one person, blocked or not; B-cubed counts records."""

    precision: float
    recall: float
    f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    true_pairs: int
    found_pairs: int
    largest_cluster: int
    largest_person: int


def evaluate(clusters: NDArray[np.int64], persons: NDArray[np.int64]) -> Accuracy:
    """Return the accuracy of `clusters` against `persons`, a label per record each (Bagga and Baldwin 1998)."""
    together, sizes = np.unique(np.stack((clusters, persons)), axis=1, return_counts=True)
    cluster_sizes, person_sizes = np.bincount(clusters), np.bincount(persons)
    true, found = _pairs(person_sizes), _pairs(cluster_sizes)
    right = _pairs(sizes)
    records = float(sizes.sum())
    b_precision = float((sizes**2 / cluster_sizes[together[0]]).sum()) / records
    b_recall = float((sizes**2 / person_sizes[together[1]]).sum()) / records
    precision, recall = _share(right, found), _share(right, true)
    return Accuracy(
        precision,
        recall,
        _harmonic(precision, recall),
        b_precision,
        b_recall,
        _harmonic(b_precision, b_recall),
        true,
        found,
        int(cluster_sizes.max()),
        int(person_sizes.max()),
    )


def _pairs(sizes: NDArray[np.int64]) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
