"""Binning, counting and the mutual information of joint counts, in nats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def uniform_edges(x: Array, bins: int) -> Array:
    """bins + 1 equally spaced edges from the least to the largest number."""
    return np.linspace(float(x.min()), float(x.max()), bins + 1)


def quantile_edges(x: Array, bins: int) -> Array:
    """The distinct ones of the bins + 1 quantiles: ties stay together, so that there may be fewer cells."""
    return np.unique(np.quantile(x.astype(np.float64), np.linspace(0.0, 1.0, bins + 1)))


def digitize(x: Array, edges: Array) -> Array:
    """Cell k holds edges[k] <= x < edges[k + 1]; the last one its last edge, too."""
    return np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)


def joint_counts(x_codes: Array, y_codes: Array, x_cells: int, y_cells: int) -> Array:
    """Rows in every cell of the joint table."""
    return np.bincount(x_codes * y_cells + y_codes, minlength=x_cells * y_cells).reshape(x_cells, y_cells)


def mutual_information(counts: Array) -> float:
    """H(X) + H(Y) - H(X, Y) of a joint table of counts."""

    def plug_in_entropy(c: Array) -> float:
        p = c[c > 0] / counts.sum()
        return float(-(p * np.log(p)).sum())

    return plug_in_entropy(counts.sum(1)) + plug_in_entropy(counts.sum(0)) - plug_in_entropy(counts.ravel())


def mutual_information_matrix(codes: Array, n_cells: Array) -> Array:
    """All pairs of coded columns (n_columns, n_rows); a pair leaves out rows with the code n_cells[c] (missing)."""
    d = len(codes)
    matrix = np.zeros((d, d))
    for i in range(d):
        for j in range(d):
            present = (codes[i] < n_cells[i]) & (codes[j] < n_cells[j])
            if present.any():
                x, y = codes[i][present].astype(np.int64), codes[j][present].astype(np.int64)
                matrix[i, j] = mutual_information(joint_counts(x, y, int(n_cells[i]), int(n_cells[j])))
    return matrix
