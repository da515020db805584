"""Entropic transport with relaxed marginals."""

from __future__ import annotations

from typing import Any

from ._clouds import Cost, as_clouds, as_histograms, positive
from ._entropic import GIBIBYTE, Limits, solve
from ._progress import Progress
from ._transport_feasible import require_plans
from ._transport_result import Regularisation, TransportResult


def _regularisation(reg: float, rho: Any) -> Regularisation:
    of_reg = positive(reg, "reg")
    if isinstance(rho, (tuple, list)):
        if len(rho) != 2:
            raise ValueError(f"rho must be a number or a pair of numbers, got {rho!r}")
        x, y = (positive(value, f"rho[{i}]", infinite=True) for i, value in enumerate(rho))
    else:
        x = y = positive(rho, "rho", infinite=True)
    return Regularisation(of_reg, x, y)


def unbalanced_sinkhorn(
    x: Any,
    y: Any,
    *,
    reg: float,
    rho: float | tuple[float, float],
    cost: Cost = "sqeuclidean",
    a: Any = None,
    b: Any = None,
    tol: float = 1e-6,
    max_iter: int = 5000,
    potentials_init: tuple[Any, Any] | None = None,
    memory_limit: int = GIBIBYTE,
    progress: Progress = False,
) -> TransportResult | Any:
    """Unbalanced entropic transport: marginals may miss a and b at a price of rho KL each.

    Parameters
    ----------
    x, y, cost, tol, max_iter, potentials_init, memory_limit, progress
        As in :func:`sinkhorn`, batches too.
    reg : float
        ε > 0 in units of the cost.
    rho : float or (float, float)
        ρ > 0 in units of the cost: the price of a unit of KL between the plan's marginal and a, and b. ``inf`` is an
        exact marginal. About the distance, in cost, beyond which mass is destroyed rather than moved.
    a, b : array of float, shape (n,) and (m,), optional
        Masses, non-negative, whose sums need not be equal; 1/n and 1/m by default.

    Returns
    -------
    TransportResult
        ``value`` = ⟨P, C⟩ + reg KL(P‖a⊗b) + rho KL(P 1‖a) + rho KL(Pᵀ 1‖b), with KL(p‖q) = Σ p log(p / q) - p + q.

    Warns
    -----
    ConvergenceWarning
        Where ``tol`` was not reached in ``max_iter`` iterations.

    Raises
    ------
    ValueError, TypeError
        As :func:`sinkhorn`, but for unequal sums; ``rho <= 0``.

    Notes
    -----
    The damped iteration of Chizat et al. with its slow mode, the total mass, solved in closed form at every step
    (Séjourné, Vialard & Peyré), under the same acceleration as :func:`sinkhorn`. Cost as there.

    References
    ----------
    Chizat, L., Peyré, G., Schmitzer, B. & Vialard, F.-X. (2018). Scaling algorithms for unbalanced optimal transport
    problems. Math. Comp. 87, eq. 3.10.
    Séjourné, T., Vialard, F.-X. & Peyré, G. (2022). Faster unbalanced optimal transport: translation invariant Sinkhorn
    and 1-D Frank-Wolfe. AISTATS 25.

    Examples
    --------
    >>> import hartley as ht
    >>> result = ht.transport.unbalanced_sinkhorn([0.0, 1.0], [0.0, 9.0], reg=0.01, rho=1.0)
    >>> result.plan.sum(axis=0).round(3)  # 9 is too far away
    array([0.584, 0.   ])
    """
    regularisation = _regularisation(reg, rho)
    problem = as_clouds(x, y, cost, a, b, relaxed=regularisation.is_relaxed)
    limits = Limits.checked(tol, max_iter, memory_limit)
    return solve(problem, regularisation, limits, potentials_init, progress, "unbalanced_sinkhorn")


def unbalanced_sinkhorn_from_cost(
    a: Any,
    b: Any,
    cost: Any,
    *,
    reg: float,
    rho: float | tuple[float, float],
    tol: float = 1e-6,
    max_iter: int = 5000,
    potentials_init: tuple[Any, Any] | None = None,
    memory_limit: int = GIBIBYTE,
    progress: Progress = False,
) -> TransportResult | Any:
    """Unbalanced entropic transport between histograms for a matrix of costs; see :func:`unbalanced_sinkhorn`.

    Parameters
    ----------
    a, b, cost
        As in :func:`sinkhorn_from_cost`, but sums need not be equal.
    reg, rho, tol, max_iter, potentials_init, memory_limit, progress
        As in :func:`unbalanced_sinkhorn`.

    Returns
    -------
    TransportResult
        A :class:`TransportBatch` of them for a batch. Units of the cost.

    Raises
    ------
    ValueError, TypeError
        As :func:`sinkhorn_from_cost`, but for unequal sums; ``rho <= 0``.

    Notes
    -----
    Forbidden pairs (``inf``) leave a plan as long as no rho is infinite: the empty one.

    References
    ----------
    Chizat, L., Peyré, G., Schmitzer, B. & Vialard, F.-X. (2018). Scaling algorithms for unbalanced optimal transport
    problems. Math. Comp. 87, eq. 3.10.

    Examples
    --------
    >>> import hartley as ht
    >>> result = ht.transport.unbalanced_sinkhorn_from_cost([1.0], [4.0], [[0.0]], reg=1e-6, rho=1.0)
    >>> round(float(result.plan[0, 0]), 3)  # the geometric mean
    2.0
    """
    regularisation = _regularisation(reg, rho)
    problem = as_histograms(a, b, cost, relaxed=regularisation.is_relaxed)
    limits = Limits.checked(tol, max_iter, memory_limit)
    if not regularisation.is_relaxed:
        require_plans(problem)
    return solve(problem, regularisation, limits, potentials_init, progress, "unbalanced_sinkhorn_from_cost")
