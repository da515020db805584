"""Orders of rows that show which belong together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cluster_order(similarity: NDArray[np.float64]) -> list[int]:
    """An order of rows that puts similar ones side by side: average-linkage clustering, leaves left to right.

    similarity : (k, k), symmetric. O(k³) by plain search, O(k²) memory.
    """
    k = len(similarity)
    closeness = similarity.astype(np.float64, copy=True)
    np.fill_diagonal(closeness, -np.inf)
    members = [[i] for i in range(k)]
    for _ in range(k - 1):
        a, b = sorted(int(i) for i in np.unravel_index(int(np.argmax(closeness)), closeness.shape))
        weight_a, weight_b = len(members[a]), len(members[b])
        merged = (weight_a * closeness[a] + weight_b * closeness[b]) / (weight_a + weight_b)
        members[a] = _joined(members[a], members[b], similarity)
        merged[[a, b]] = -np.inf
        closeness[a], closeness[:, a] = merged, merged
        closeness[b], closeness[:, b] = -np.inf, -np.inf
    return members[0] if k else []


def _joined(first: list[int], second: list[int], similarity: NDArray[np.float64]) -> list[int]:
    """Two branches side by side, turned so that their closest ends meet."""
    turns = [(a, b) for a in (first, first[::-1]) for b in (second, second[::-1])]
    a, b = max(turns, key=lambda ends: similarity[ends[0][-1], ends[1][0]])
    return a + b
