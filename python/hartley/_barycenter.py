"""Entropic barycenters on a fixed support."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_real
from ._clouds import F64, as_cost_matrix, as_weights, positive
from ._entropic import GIBIBYTE, Limits
from ._threads import get_num_threads
from ._warnings import ConvergenceWarning


@dataclass(frozen=True, eq=False)
class Barycenter:
    """A barycenter of histograms; NumPy takes it for its ``histogram``."""

    histogram: F64  # (m,), of sum 1
    marginal_error: float  # Σ_k w_k |P_k 1 - b_k|, L1
    n_iter: int
    converged: bool

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.histogram, dtype=dtype) if copy else np.asarray(self.histogram, dtype=dtype)


def _as_rows(histograms: Any) -> F64:
    rows = as_real(histograms, "histograms")
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"histograms must have shape (n_histograms, n) and not be empty, got {rows.shape}")
    checked = np.stack([as_weights(row, len(row), f"histograms[{k}]", "cost") for k, row in enumerate(rows)])
    result: F64 = checked / checked.sum(axis=1, keepdims=True)
    return result


def _require_reach(cost: Any, rows: F64) -> None:
    """Every bin of every histogram reaches the support, and every support point is reached."""
    allowed = np.isfinite(cost)
    for k, row in enumerate(rows):
        has_mass = row > 0
        for cut_off, what in (
            (has_mass & ~allowed.any(axis=1), "bin"),
            (~allowed[has_mass].any(axis=0), "point of the support"),
        ):
            if cut_off.any():
                raise ValueError(
                    f"cost forbids every pair of histograms[{k}] at {what} {int(np.argmax(cut_off))}: there is no plan"
                )


def barycenter(
    histograms: Any,
    cost: Any,
    *,
    reg: float,
    weights: Any = None,
    debiased: bool = False,
    tol: float = 1e-6,
    max_iter: int = 5000,
    memory_limit: int = GIBIBYTE,
) -> Barycenter:
    """Entropic Wasserstein barycenter of histograms on a fixed support.

    Parameters
    ----------
    histograms : array of float, shape (n_histograms, n)
        Non-negative, of positive sums; each is divided by its own.
    cost : array of float, shape (n, m)
        Cost from bin i to point j of the barycenter's support; ``inf`` forbids the pair.
    reg : float
        ε > 0 in units of the cost.
    weights : array of float, shape (n_histograms,), optional
        How much each counts, non-negative; equal by default.
    debiased : bool
        Take the blur of the entropy out again (n = m and a symmetric cost only).
    tol : float
        Error of the plans' other marginals, Σ_k w_k |P_k 1 - b_k| (and of the debiasing factor's own equation), at
        which to stop.
    max_iter, memory_limit
        As in :func:`sinkhorn`.

    Returns
    -------
    Barycenter
        ``histogram`` (m,) of sum 1, ``marginal_error``, ``n_iter`` and ``converged``.

    Warns
    -----
    ConvergenceWarning
        Where ``tol`` was not reached in ``max_iter`` iterations.

    Raises
    ------
    ValueError, TypeError
        Weights or histograms that are negative, NaN or all 0, a cost of another shape or that is NaN or -inf, a bin
        that reaches nothing, ``reg <= 0``, ``debiased`` with a cost that is not symmetric.

    Notes
    -----
    The minimiser of Σ_k w_k min_P ⟨P, C⟩ + reg Σ P (log P - 1): entropy relative to the counting measure, as is usual
    for barycenters and unlike :func:`sinkhorn`, whose KL is relative to a⊗b. It is blurred by about √reg (for squared
    distances), which ``debiased`` removes. Bregman projections, one pass over the kernel an iteration for all
    histograms, O(n m n_histograms); in logarithms where scalings would leave the range of float64. The number of
    iterations grows like 1 / reg.

    References
    ----------
    Benamou, J.-D., Carlier, G., Cuturi, M., Nenna, L. & Peyré, G. (2015). Iterative Bregman projections for regularized
    transportation problems. SIAM J. Sci. Comput. 37, proposition 2.
    Janati, H., Cuturi, M. & Gramfort, A. (2020). Debiased Sinkhorn barycenters. ICML 37, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> import hartley as ht
    >>> grid = np.linspace(0.0, 1.0, 5)
    >>> cost = (grid[:, None] - grid) ** 2
    >>> ht.transport.barycenter([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]], cost, reg=0.005).histogram.round(2)
    array([0., 0., 1., 0., 0.])
    """
    rows = _as_rows(histograms)
    matrix = as_real(cost, "cost")
    if matrix.ndim != 2 or len(matrix) != rows.shape[1] or matrix.size == 0:
        raise ValueError(f"cost must have shape (n, m) with n = {rows.shape[1]} bins, got {matrix.shape}")
    matrix = as_cost_matrix(matrix, *matrix.shape)
    shares = as_weights(weights, len(rows), "weights", "histograms")
    if debiased and not (matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, matrix.T)):
        raise ValueError(f"cost must be symmetric where debiased=True, got shape {matrix.shape} or entries that differ")
    limits = Limits.checked(tol, max_iter, memory_limit)
    used = shares > 0
    rows, shares = np.ascontiguousarray(rows[used]), shares[used] / shares.sum()
    _require_reach(matrix, rows)
    result = Barycenter(
        *_dispatch.kernels.transport_barycenter(
            (matrix,),
            rows,
            shares,
            positive(reg, "reg"),
            limits.tol,
            limits.max_iter,
            limits.memory_limit,
            bool(debiased),
            get_num_threads(),
        )
    )
    if not result.converged:
        warnings.warn(
            f"barycenter stopped after {result.n_iter} iterations with a marginal error of "
            f"{result.marginal_error:.3g} > tol = {limits.tol:.3g}: raise max_iter, tol or reg = {reg:.3g}",
            ConvergenceWarning,
            stacklevel=2,
        )
    return result
