"""Sinkhorn: entropic transport between clouds and between histograms."""

from __future__ import annotations

from typing import Any

from ._clouds import Cost, as_clouds, as_histograms, positive
from ._entropic import GIBIBYTE, Limits, solve
from ._progress import Progress
from ._transport_feasible import require_plans
from ._transport_result import Regularisation, TransportResult


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
    memory_limit: int = GIBIBYTE,
    progress: Progress = False,
) -> TransportResult | Any:
    """Entropic optimal transport: the plan P that minimises ⟨P, C⟩ + reg KL(P‖a⊗b) among those with marginals a and b.

    Parameters
    ----------
    x, y : array of float, shape (n, n_features) and (m, n_features)
        Points; one axis means one feature. float64 or float32. Three axes, (n_problems, n, n_features) and (n_problems,
        m, n_features), are a batch of independent problems.
    reg : float
        ε > 0 in units of the cost. Any size works; below 1e-14 of the mean cost it is taken for that.
    cost : {"sqeuclidean", "euclidean", "cosine"} or ("minkowski", p)
        Σ (x - y)²; its root; 1 - ⟨x, y⟩ / (|x| |y|); (Σ |x - y|^p)^(1/p) with p >= 1, ``math.inf`` too.
    a, b : array of float, shape (n,) and (m,), optional
        Mass of each point, non-negative, of equal positive sums; 1/n and 1/m by default. Points of mass 0 get none. In
        a batch (n_problems, n) and (n_problems, m), or one row for all problems.
    tol : float
        Marginal error (L1, over both marginals, relative to the mass) at which to stop.
    max_iter : int
        Iterations at most.
    potentials_init : (f, g), optional
        Where to begin, shapes (n,) and (m,) (in a batch, n_problems rows of them), in units of the cost.
    memory_limit : int
        Bytes that the kernel (and, on request, the plan) may take; where it does not fit, the kernel is recomputed tile
        by tile in every iteration and memory stays of the order n + m.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction done, in units of the
        logarithm of the marginal error.

    Returns
    -------
    TransportResult
        Values, potentials, plan and certificate; a :class:`TransportBatch` of them for a batch.

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
    problem = as_clouds(x, y, cost, a, b)
    regularisation = Regularisation(positive(reg, "reg"))
    return solve(
        problem, regularisation, Limits.checked(tol, max_iter, memory_limit), potentials_init, progress, "sinkhorn"
    )


def sinkhorn_from_cost(
    a: Any,
    b: Any,
    cost: Any,
    *,
    reg: float,
    tol: float = 1e-6,
    max_iter: int = 5000,
    potentials_init: tuple[Any, Any] | None = None,
    memory_limit: int = GIBIBYTE,
    progress: Progress = False,
) -> TransportResult | Any:
    """Entropic optimal transport between histograms for a matrix of costs; see :func:`sinkhorn`.

    Parameters
    ----------
    a, b : array of float, shape (n,) and (m,)
        Histograms, non-negative, of equal positive sums. (n_problems, n) and (n_problems, m) are a batch of problems
        on one cost; one of the two may be a single row for all.
    cost : array of float, shape (n, m)
        Cost of a unit of mass from i to j, of any sign; ``inf`` forbids the pair. float64 or float32.
    reg, tol, max_iter, potentials_init, memory_limit, progress
        As in :func:`sinkhorn`.

    Returns
    -------
    TransportResult
        A :class:`TransportBatch` of them for a batch.

    Warns
    -----
    ConvergenceWarning
        Where ``tol`` was not reached in ``max_iter`` iterations.

    Raises
    ------
    ValueError, TypeError
        As :func:`sinkhorn`; a cost that is NaN or -inf; forbidden pairs that leave no plan.

    Notes
    -----
    Problems of a batch are solved side by side, one a thread. Where every plan avoids pairs that are not forbidden, too
    (a triangular cost), the optimal potentials are infinite and the marginal error falls like 1 / n_iter only.

    References
    ----------
    Cuturi, M. (2013). Sinkhorn distances: lightspeed computation of optimal transport. NeurIPS 26.

    Examples
    --------
    >>> import hartley as ht
    >>> result = ht.transport.sinkhorn_from_cost([0.5, 0.5], [0.25, 0.75], [[0.0, 1.0], [1.0, 0.0]], reg=0.01)
    >>> round(result.value_linear, 6)
    0.25
    """
    problem = as_histograms(a, b, cost)
    regularisation = Regularisation(positive(reg, "reg"))
    limits = Limits.checked(tol, max_iter, memory_limit)
    require_plans(problem)
    return solve(problem, regularisation, limits, potentials_init, progress, "sinkhorn_from_cost")
