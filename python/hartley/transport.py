"""Optimal transport between samples: entropic (Sinkhorn) between point clouds, exact on the line and of projections.

``reg`` is ε in the units of the cost, with no factor ½ anywhere: for costs |x - y|² the ``blur`` of libraries that use
|x - y|² / 2 and ε = blur² corresponds to ``reg = 2 * blur**2`` and their values are half of these.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_number
from ._clouds import F64, Clouds, Cost, as_clouds, as_potentials, as_whole, positive
from ._kantorovich import LowerBound, kantorovich_rubinstein_bound
from ._max_sliced import MaxSlicedDistance, max_sliced_wasserstein
from ._progress import Progress, progress_callback
from ._sliced import SlicedDistance, SlicedGradient, sliced_wasserstein
from ._threads import get_num_threads
from ._transport_result import TransportResult
from ._warnings import ConvergenceWarning
from ._wasserstein_line import wasserstein_1d, wasserstein_1d_grid, wasserstein_circle

__all__ = [
    "LowerBound",
    "MaxSlicedDistance",
    "SlicedDistance",
    "SlicedGradient",
    "TransportResult",
    "kantorovich_rubinstein_bound",
    "max_sliced_wasserstein",
    "sinkhorn",
    "sinkhorn_divergence",
    "sliced_wasserstein",
    "wasserstein_1d",
    "wasserstein_1d_grid",
    "wasserstein_circle",
]

_GIBIBYTE = 2**30


def _checked_limits(tol: float, max_iter: int, memory_limit: int) -> tuple[float, int, int]:
    limits = as_number(tol, "tol"), as_whole(max_iter, "max_iter"), as_whole(memory_limit, "memory_limit")
    if not 0 <= limits[0] < math.inf:
        raise ValueError(f"tol must be at least 0 and finite, got {tol!r}")
    if limits[1] < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter!r}")
    if limits[2] < 0:
        raise ValueError(f"memory_limit must be at least 0 bytes, got {memory_limit!r}")
    return limits


def _warn(error: float, tol: float, n_iter: int, reg: float) -> None:
    warnings.warn(
        f"sinkhorn stopped after {n_iter} iterations with a marginal error of {error:.3g} > tol = {tol:.3g}: raise "
        f"max_iter, tol or reg = {reg:.3g}, or start from the potentials of a larger reg with potentials_init",
        ConvergenceWarning,
        stacklevel=3,
    )


def _solve(
    clouds: Clouds,
    reg: float,
    tol: float,
    max_iter: int,
    memory_limit: int,
    start: tuple[F64, F64] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, Any], F64, F64]:
    f, g = start if start is not None else (np.zeros(len(clouds.x)), np.zeros(len(clouds.y)))
    return _dispatch.kernels.transport_sinkhorn(
        clouds.x,
        clouds.y,
        clouds.cost,
        clouds.order,
        clouds.a,
        clouds.b,
        reg,
        tol,
        max_iter,
        memory_limit,
        f,
        g,
        start is not None,
        progress,
        get_num_threads(),
    )


def sinkhorn(
    x: Any,
    y: Any,
    *,
    reg: float,
    cost: Cost = "sqeuclidean",
    a: Any = None,
    b: Any = None,
    tol: float = 1e-6,
    max_iter: int = 5000,
    potentials_init: tuple[Any, Any] | None = None,
    memory_limit: int = _GIBIBYTE,
    progress: Progress = False,
) -> TransportResult:
    """Entropic optimal transport: the plan P that minimises ⟨P, C⟩ + reg KL(P‖a⊗b) among those with marginals a and b.

    Parameters
    ----------
    x, y : array of float, shape (n, n_features) and (m, n_features)
        Points; one axis means one feature. float64 or float32.
    reg : float
        ε > 0 in units of the cost. Any size works; below 1e-14 of the mean cost it is taken for that.
    cost : {"sqeuclidean", "euclidean", "cosine"} or ("minkowski", p)
        Σ (x - y)²; its root; 1 - ⟨x, y⟩ / (|x| |y|); (Σ |x - y|^p)^(1/p) with p >= 1, ``math.inf`` too.
    a, b : array of float, shape (n,) and (m,), optional
        Mass of each point, non-negative, of equal positive sums; 1/n and 1/m by default. Points of mass 0 get none.
    tol : float
        Marginal error (L1, over both marginals, relative to the mass) at which to stop.
    max_iter : int
        Iterations at most.
    potentials_init : (f, g), optional
        Where to begin, shapes (n,) and (m,), in units of the cost.
    memory_limit : int
        Bytes that the kernel (and, on request, the plan) may take; where it does not fit, the kernel is recomputed tile
        by tile in every iteration and memory stays of the order n + m.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction done, in units of the
        logarithm of the marginal error.

    Returns
    -------
    TransportResult
        Values, potentials, plan and certificate.

    Warns
    -----
    ConvergenceWarning
        Where ``tol`` was not reached in ``max_iter`` iterations.

    Raises
    ------
    ValueError, TypeError
        NaN or infinite points, unequal numbers of features, weights that are negative or of unequal sums, ``reg <= 0``,
        an order p < 1, a point 0 with the cosine, limits that are not whole numbers.

    Notes
    -----
    Sinkhorn's iteration on the potentials, begun at a larger reg that falls by factors of 4, accelerated by Anderson's
    combination of the last 20 iterates and guarded by the dual value. Entries of the kernel are in float32 with sums in
    float64 until the tolerance is near, then in float64; marginal error and gap are always those of float64. One
    iteration costs O(n m n_features) where the kernel is recomputed, O(n m) where it is stored.

    References
    ----------
    Cuturi, M. (2013). Sinkhorn distances: lightspeed computation of optimal transport. NeurIPS 26.
    Schmitzer, B. (2019). Stabilized sparse scaling algorithms for entropy regularized transport problems. SIAM J. Sci.
    Comput. 41.
    Altschuler, J., Weed, J. & Rigollet, P. (2017). Near-linear time approximation algorithms for optimal transport via
    Sinkhorn iteration. NeurIPS 30, algorithm 2 (the plan behind ``gap``).

    Examples
    --------
    >>> import hartley as ht
    >>> result = ht.transport.sinkhorn([0.0, 1.0], [1.0, 2.0], reg=0.1)
    >>> round(result.value, 4), result.converged
    (1.0693, True)
    >>> result.plan.round(3)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    clouds = as_clouds(x, y, cost, a, b)
    reg = positive(reg, "reg")
    tol, max_iter, memory_limit = _checked_limits(tol, max_iter, memory_limit)
    start = None
    if potentials_init is not None:
        f, g = as_potentials(potentials_init, clouds)
        shift = 0.5 * reg * np.log(clouds.mass)
        start = (f + shift, g + shift)
    show = progress_callback(progress, "sinkhorn")
    report, f, g = _solve(clouds, reg, tol, max_iter, memory_limit, start, show)
    if show is not None:
        show(1.0)
    if not report["converged"]:
        _warn(report["marginal_error"], tol, report["n_iter"], reg)
    return TransportResult(clouds, reg, memory_limit, report, (f, g))


def sinkhorn_divergence(
    x: Any,
    y: Any,
    *,
    reg: float,
    cost: Cost = "sqeuclidean",
    a: Any = None,
    b: Any = None,
    tol: float = 1e-6,
    max_iter: int = 5000,
    memory_limit: int = _GIBIBYTE,
) -> float:
    """Debiased entropic transport OT(x, y) - ½ OT(x, x) - ½ OT(y, y): at least 0, and 0 where the clouds are equal.

    Parameters
    ----------
    x, y, reg, cost, a, b, tol, max_iter, memory_limit
        As in :func:`sinkhorn`, for each of the three problems.

    Returns
    -------
    float
        In units of the cost: between the transport cost (``reg`` → 0) and ⟨a⊗b, C⟩ - ½ ⟨a⊗a, C⟩ - ½ ⟨b⊗b, C⟩
        (``reg`` → ∞), which for the squared Euclidean cost is the squared distance of the means.

    Warns
    -----
    ConvergenceWarning
        Where one of the problems did not reach ``tol``.

    Raises
    ------
    ValueError, TypeError
        As :func:`sinkhorn`.

    Notes
    -----
    OT is the dual value: its error is of second order in the marginal error. The two symmetric problems are solved by
    the averaged symmetric iteration. A rounding error below 0 is returned as 0.

    References
    ----------
    Feydy, J., Séjourné, T., Vialard, F.-X., Amari, S., Trouvé, A. & Peyré, G. (2019). Interpolating between optimal
    transport and MMD using Sinkhorn divergences. AISTATS 22.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.transport.sinkhorn_divergence([0.0, 1.0], [0.0, 1.0], reg=0.1)
    0.0
    >>> round(ht.transport.sinkhorn_divergence([0.0, 1.0], [2.0, 3.0], reg=0.1), 6)
    4.0
    """
    clouds = as_clouds(x, y, cost, a, b)
    reg = positive(reg, "reg")
    tol, max_iter, memory_limit = _checked_limits(tol, max_iter, memory_limit)
    if np.array_equal(clouds.x, clouds.y) and np.array_equal(clouds.a, clouds.b):
        return 0.0
    reports = [_solve(clouds, reg, tol, max_iter, memory_limit)[0]]
    for points, weights in ((clouds.x, clouds.a), (clouds.y, clouds.b)):
        reports.append(
            _dispatch.kernels.transport_sinkhorn_symmetric(
                points, clouds.cost, clouds.order, weights, reg, tol, max_iter, memory_limit, get_num_threads()
            )
        )
    worst = max(reports, key=lambda report: report["marginal_error"])
    if not worst["converged"]:
        _warn(worst["marginal_error"], tol, worst["n_iter"], reg)
    both, of_x, of_y = (report["dual_value"] for report in reports)
    return float(clouds.mass * max(both - 0.5 * (of_x + of_y), 0.0))
