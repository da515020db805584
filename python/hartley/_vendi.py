"""Vendi score: the effective number of distinct samples, from the spectrum of their similarities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import RealArray, as_number, as_samples, count_and_first
from ._clouds import as_weights
from ._entropies import renyi_entropy
from ._positive_definite import F64, as_symmetric
from ._row_blocks import row_blocks

_UNIT = {8: 1e-6, 4: 1e-3}  # how far similarities with oneself may be from 1, by bytes of the dtype


def _unit_rows(block: F64, begin: int, normalize: bool, tolerance: float) -> F64:
    """Rows divided by their norms, or found to have norm 1."""
    if not normalize:
        with np.errstate(over="ignore"):
            squares = (block**2).sum(axis=1)
        wrong = ~(np.abs(squares - 1.0) <= tolerance)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"x must have rows of norm 1, but row {begin + row} has {math.sqrt(squares[row]):.9g}; "
                "pass normalize=True to divide by the norms"
            )
        return block
    largest = np.abs(block).max(axis=1, keepdims=True)
    if (largest == 0).any():
        raise ValueError(
            f"x must have rows other than 0 for cosine similarity, but row {begin + int(np.argmin(largest))} is 0"
        )
    block /= largest
    block /= np.sqrt((block**2).sum(axis=1, keepdims=True))
    return block


def _of_rows(x: RealArray, normalize: bool, shares: F64) -> F64:
    """Σ w x xᵀ (d, d) or the similarities (n, n), whichever is smaller; both have the same eigenvalues but zeros."""
    n, d = x.shape
    tolerance = _UNIT[x.dtype.itemsize]
    if d < n:
        dual: F64 = np.zeros((d, d))
        for rows, block in row_blocks(x, "x"):
            unit = _unit_rows(block, rows.start, normalize, tolerance)
            unit *= np.sqrt(shares[rows, None])
            dual += unit.T @ unit
        return dual
    unit = np.empty((n, d))
    for rows, block in row_blocks(x, "x"):
        unit[rows] = _unit_rows(block, rows.start, normalize, tolerance)
    unit *= np.sqrt(shares)[:, None]
    gram: F64 = unit @ unit.T
    return gram


def _of_kernel(kernel: Any, weights: Any) -> F64:
    matrix = as_symmetric(kernel, "kernel")
    if matrix.ndim != 2:
        raise ValueError(f"kernel must be one matrix, shape (n_samples, n_samples), got {matrix.shape}")
    tolerance = _UNIT[4 if getattr(kernel, "dtype", None) == np.float32 else 8]
    wrong = np.abs(np.diagonal(matrix) - 1.0) > tolerance
    if wrong.any():
        n_bad, first = count_and_first(wrong)
        raise ValueError(
            f"kernel must have 1 on its diagonal, got {n_bad} other entries, "
            f"first kernel[{first}, {first}] = {matrix[int(first), int(first)]:.9g}"
        )
    roots = np.sqrt(_shares(weights, len(matrix), "kernel"))
    scaled: F64 = matrix * roots[:, None] * roots
    return scaled


def _shares(weights: Any, n: int, of: str) -> F64:
    shares = as_weights(weights, n, "weights", of)
    divided: F64 = shares / shares.sum()
    return divided


def vendi_score(
    x: Any = None, *, kernel: Any = None, q: float = 1.0, normalize: bool = True, weights: Any = None
) -> float:
    """Vendi score: exponential of the entropy of the eigenvalues of K / n, K the similarities of the samples.

    Parameters
    ----------
    x : array of float, shape (n_samples, n_features)
        Samples or their features, whose similarity is the cosine; one axis means one feature.
    kernel : array of float, shape (n_samples, n_samples)
        In place of x: similarities, symmetric positive semidefinite with 1 on the diagonal.
    q : float, default 1
        Order of the entropy, from 0 to inf. Small orders count rare samples, large ones the common.
    normalize : bool, default True
        Divide the rows of x by their norms; False asks for rows of norm 1 (within 1e-6; 1e-3 in squares of float32).
    weights : array of float, shape (n_samples,), optional
        How much each sample counts, non-negative; equally by default.

    Returns
    -------
    float
        Effective number of distinct samples: from 1 (all alike) to n_samples (all of similarity 0).

    Raises
    ------
    ValueError
        Neither or both of x and kernel, NaN or infinite entries, a kernel that is not symmetric, has a negative
        eigenvalue or another diagonal, rows of norm 0, q < 0.

    Notes
    -----
    exp of the Rényi entropy of order q: q = 0 is the rank, q = 2 is 1 over the mean squared similarity, q = inf 1 over
    the largest eigenvalue. Eigenvalues below n ε of the largest (ε of float64) are rounding and count as 0. For
    n_features < n_samples the eigenvalues are those of the (n_features, n_features) dual, O(n d² + d³) time, O(d²)
    memory beside a block of rows; else O(n² d + n³).

    References
    ----------
    Friedman, D. & Dieng, A. B. (2023). The Vendi score: a diversity evaluation metric for machine learning. TMLR,
    definition 3.1.
    Pasarkar, A. P. & Dieng, A. B. (2024). Cousins of the Vendi score. AISTATS, eq. 3.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import evaluation
    >>> round(evaluation.vendi_score([[1.0, 0.0], [0.0, 2.0], [0.0, 3.0]], q=2), 12)
    1.8
    >>> round(evaluation.vendi_score(kernel=np.eye(4)), 12)
    4.0
    """
    order = as_number(q, "q")
    if not order >= 0:
        raise ValueError(f"q must be at least 0, got {q!r}")
    if (x is None) == (kernel is None):
        raise ValueError(f"one of x and kernel must be given, got {'neither' if x is None else 'both'}")
    if kernel is not None:
        matrix, name, eps = _of_kernel(kernel, weights), "kernel", _epsilon(kernel)
        n = len(matrix)
    else:
        samples = as_samples(x, "x")
        n, name, eps = len(samples), "x", float(np.finfo(np.float64).eps)
        matrix = _of_rows(samples, normalize, _shares(weights, n, "x"))
    values = np.linalg.eigvalsh(matrix)
    noise = len(matrix) * eps * values[-1]
    if values[0] < -max(4.0 * noise, 1e-9 * values[-1]):
        raise ValueError(f"{name} must be positive semidefinite, but an eigenvalue of kernel / n is {values[0]:.6g}")
    values = values[values > noise]
    entropy = renyi_entropy(values, order, normalize=True)
    return min(max(1.0, math.exp(entropy)), float(n))


def _epsilon(kernel: Any) -> float:
    """Rounding of the entries of a kernel."""
    return float(np.finfo(np.float32 if getattr(kernel, "dtype", None) == np.float32 else np.float64).eps)
