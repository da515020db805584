"""Exact optimal transport: a linear program with its certificate."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import RealArray, as_number, as_real, as_samples, count_and_first, require_finite
from ._clouds import _MASS_TOLERANCE, F64, as_weights, as_whole
from ._exact_result import ExactTransportResult
from ._threads import get_num_threads
from ._warnings import ConvergenceWarning

_GIBIBYTE = 2**30
_LARGEST_COST = 1e280  # potentials are sums of up to n + m costs
_LARGEST_POINT = 1e300  # differences of points must not overflow
_MOST_NODES = 2**31 - 1


def _as_costs(cost: Any) -> RealArray:
    array = as_real(cost, "cost")
    if array.ndim != 2:
        raise ValueError(f"cost must have shape (n, m), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"cost has no entries: shape {array.shape}")
    return array


def _as_masses(a: Any, b: Any, n: int, m: int, x_name: str, y_name: str) -> tuple[F64, F64, float]:
    """Both weights and the sum of a."""
    if n + m > _MOST_NODES:
        raise ValueError(f"the two sides must have fewer than 2^31 points together, got {n} and {m}")
    first, second = as_weights(a, n, "a", x_name), as_weights(b, m, "b", y_name)
    a_sum, b_sum = float(first.sum()), float(second.sum())
    if abs(a_sum - b_sum) > _MASS_TOLERANCE * max(a_sum, b_sum):
        raise ValueError(f"a and b must have equal sums (within 1e-6), got {a_sum:.9g} and {b_sum:.9g}")
    return np.ascontiguousarray(first), np.ascontiguousarray(second), a_sum


def _as_limit(memory_limit: Any) -> int:
    limit = as_whole(memory_limit, "memory_limit")
    if limit < 0:
        raise ValueError(f"memory_limit must be at least 0 bytes, got {memory_limit!r}")
    return limit


def _checked_range(cost: RealArray) -> tuple[float, float, bool]:
    """Least and largest finite cost, and whether there are infinite ones."""
    least, largest, has_nan, has_negative_infinity, has_infinity = _dispatch.kernels.transport_cost_range(
        cost, get_num_threads()
    )
    if has_nan:
        n_bad, first = count_and_first(np.isnan(cost))
        raise ValueError(f"cost must not be NaN, got {n_bad} NaN of {cost.size} entries, first cost[{first}]")
    if has_negative_infinity:
        _, first = count_and_first(cost == -math.inf)
        raise ValueError(f"cost must not be -inf, got cost[{first}] = -inf")
    if max(-least, largest) > _LARGEST_COST:
        worst = largest if largest > _LARGEST_COST else least
        raise ValueError(f"finite costs must stay below {_LARGEST_COST:g} in size, got {worst:.9g}")
    return least, largest, has_infinity


def _warn_if_open(solved: dict[str, Any]) -> None:
    """The gap is the proof; it has always closed, and where it does not nobody shall take the plan for optimal."""
    gap = abs(solved["cost"] - solved["dual_value"])
    if not gap <= solved["rounding"]:
        warnings.warn(
            f"the plan's cost and the dual value differ by {gap / solved['total']:.3g} of the mass, more than the "
            f"{solved['rounding'] / solved['total']:.3g} of rounding: costs differ too much in size for float64",
            ConvergenceWarning,
            stacklevel=3,
        )


def plan_exists(a: F64, b: F64, cost: RealArray) -> bool:
    """Whether any plan avoids the pairs of cost inf. Masses are checked, C-contiguous and of equal sums; no NaN."""
    return _dispatch.kernels.transport_is_feasible(a, b, cost, get_num_threads())


def emd(a: Any, b: Any, cost: Any, *, memory_limit: int = _GIBIBYTE) -> ExactTransportResult:
    """Exact optimal transport between histograms ("earth mover's distance"): the least ⟨P, C⟩ of all plans P.

    Parameters
    ----------
    a, b : array of float, shape (n,) and (m,)
        Masses, non-negative, of equal positive sums (within 1e-6; each is divided by its own). None is equal masses
        with sum 1.
    cost : array of float, shape (n, m)
        Costs of either sign, float64 or float32; inf forbids a pair.
    memory_limit : int
        Bytes that the dense plan may take, on request. The solver takes 800 bytes for each row and column, and a copy
        of the other costs where some masses are 0.

    Returns
    -------
    ExactTransportResult
        Value, sparse plan and dual potentials, in units of cost times mass. ``float(result)`` is the value.

    Warns
    -----
    ConvergenceWarning
        Where the gap between plan and potentials is more than rounding explains: never seen.

    Raises
    ------
    ValueError, TypeError
        Masses that are negative, NaN, all 0 or of unequal sums; costs that are NaN, -inf, or finite and above 1e280 in
        size; pairs forbidden such that no plan is left.

    Notes
    -----
    The network simplex method on whole-number masses (weights are rounded to 2^-60 of their sum; whole numbers and
    equal weights are exact), begun at shortest augmenting paths on a short list of pairs near softened potentials, and
    ended by a pass over all pairs that finds none whose reduced cost C_ij - f_i - g_j is negative beyond rounding. Then
    g_j = min_i C_ij - f_i and f_i = min_j C_ij - g_j make the potentials feasible, and their value is compared with the
    plan's. Some 20 passes over the n m costs and, in practice, little more; the worst case is exponential.

    References
    ----------
    Ahuja, R. K., Magnanti, T. L. & Orlin, J. B. (1993). Network Flows, chapters 9 and 11.
    Cunningham, W. H. (1976). A network simplex method. Mathematical Programming 11.
    Gottschlich, C. & Schuhmacher, D. (2014). The shortlist method for fast computation of the earth mover's distance.
    PLoS ONE 9.

    Examples
    --------
    >>> import hartley as ht
    >>> result = ht.transport.emd([0.5, 0.5], [0.25, 0.75], [[0.0, 1.0], [1.0, 0.0]])
    >>> result.value, result.gap
    (0.25, 0.0)
    >>> result.plan
    array([[0.25, 0.25],
           [0.  , 0.5 ]])
    """
    costs = _as_costs(cost)
    n, m = costs.shape
    first, second, mass = _as_masses(a, b, n, m, "cost's rows", "cost's columns")
    limit = _as_limit(memory_limit)
    least, largest, has_infinity = _checked_range(costs)
    solved = _dispatch.kernels.transport_exact(first, second, costs, least, largest, has_infinity, get_num_threads())
    if solved is None:
        raise ValueError("no plan avoids the forbidden pairs: cost is inf on too many for the masses a and b")
    _warn_if_open(solved)
    return ExactTransportResult(solved, (n, m), mass, 1.0, limit)


def _scale_exponent(x: RealArray, y: RealArray) -> int:
    """k such that 2^k times any distance between the clouds is at most 1, as near to 1 as may be."""
    lowest = np.minimum(x.min(axis=0), y.min(axis=0)).astype(np.float64)
    highest = np.maximum(x.max(axis=0), y.max(axis=0)).astype(np.float64)
    extent = highest - lowest
    widest = float(extent.max())
    if widest == 0.0:
        return 0
    _, exponent = math.frexp(widest * float(np.linalg.norm(extent / widest)) * (1 + 1e-12))
    return min(-exponent, 1000)  # 2^1024 is inf


def _power_of_two(exponent: float) -> float:
    return math.inf if exponent >= 1024 else float(2.0**exponent)


def wasserstein(
    x: Any, y: Any, *, p: float = 1, a: Any = None, b: Any = None, memory_limit: int = _GIBIBYTE
) -> ExactTransportResult:
    """Wasserstein distance W_p between two weighted point clouds for the Euclidean distance, exact.

    Parameters
    ----------
    x, y : array of float, shape (n, n_features) and (m, n_features)
        Points; one axis means one feature. float64 or float32.
    p : float
        Order, at least 1 and finite.
    a, b : array of float, shape (n,) and (m,), optional
        Mass of each point, non-negative, of equal positive sums (within 1e-6); 1/n and 1/m by default.
    memory_limit : int
        Bytes that the dense plan may take, on request. The solver never takes memory of the order n m: 800 bytes for
        each point, and a copy of the points in float64.

    Returns
    -------
    ExactTransportResult
        ``value`` is the distance min_P (Σ P_ij |x_i - y_j|^p)^(1/p), in units of x; ``cost`` the sum without the root.
        ``float(result)`` is the distance.

    Warns
    -----
    ConvergenceWarning
        Where the gap between plan and potentials is more than rounding explains: never seen.

    Raises
    ------
    ValueError, TypeError
        NaN or infinite points, unequal numbers of features, weights that are negative, all 0 or of unequal sums,
        p < 1 or infinite.

    Notes
    -----
    As :func:`emd`, with costs that are made from the points whenever they are looked at: O(n m n_features) a pass. On
    the line the search begins with the plan that keeps the order, which is optimal; :func:`wasserstein_1d` gives its
    value in O(n log n). Distances are scaled before they are raised to the power p, so that nothing overflows; where
    distance^p itself does, ``cost`` and the potentials are inf and ``value`` is not.

    References
    ----------
    Villani, C. (2003). Topics in Optimal Transportation. American Mathematical Society.
    See :func:`emd` for the method.

    Examples
    --------
    >>> import hartley as ht
    >>> float(ht.transport.wasserstein([[0.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [1.0, 2.0]]))
    2.0
    >>> ht.transport.wasserstein([0.0, 1.0], [0.5], p=2).value
    0.5
    """
    first, second = as_samples(x, "x"), as_samples(y, "y")
    if first.dtype != second.dtype:
        first, second = first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x and y must have equally many features, got {first.shape[1]} and {second.shape[1]}")
    for points, name in ((first, "x"), (second, "y")):
        require_finite(points, name)
        if (largest := float(np.abs(points).max())) > _LARGEST_POINT:
            raise ValueError(f"{name} must stay below {_LARGEST_POINT:g} in size, got {largest:.9g}")
    order = as_number(p, "p")
    if not 1 <= order < math.inf:
        raise ValueError(f"p must be at least 1 and finite, got {p!r}")
    masses_a, masses_b, mass = _as_masses(a, b, len(first), len(second), "x", "y")
    limit = _as_limit(memory_limit)
    exponent = _scale_exponent(first, second)
    solved = _dispatch.kernels.transport_exact_clouds(
        first, second, masses_a, masses_b, _power_of_two(exponent), order, get_num_threads()
    )
    assert solved is not None  # no pair is forbidden
    _warn_if_open(solved)
    unit = _power_of_two(-exponent * order)
    result = ExactTransportResult(solved, (len(first), len(second)), mass, unit, limit)
    result.value = math.ldexp((mass * (solved["cost"] / solved["total"])) ** (1.0 / order), -exponent)
    return result
