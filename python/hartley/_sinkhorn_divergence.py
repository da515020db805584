"""The Sinkhorn divergence and its gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _dispatch
from ._clouds import F64, Cost, TransportProblem, as_clouds, positive
from ._entropic import GIBIBYTE, Limits, call_sinkhorn, warn_if_not_converged
from ._threads import get_num_threads
from ._transport_result import Regularisation, TransportGradient, point_gradients

Potentials = tuple[tuple[F64, F64], tuple[F64, F64]]  # (f, g) between the clouds, and one each of them to itself
_NOTHING_TO_DO = {"marginal_error": 0.0, "n_iter": 0, "converged": True}


class SinkhornDivergence(float):
    """A Sinkhorn divergence: a float that knows its gradient.

    Attributes
    ----------
    marginal_error : float
        Largest of those of the three problems.
    n_iter : int
        Iterations of the problem with that error.
    converged : bool
        Whether all three reached ``tol``.
    """

    marginal_error: float
    n_iter: int
    converged: bool

    def __new__(
        cls,
        value: float,
        problem: TransportProblem | None = None,
        reg: float = 0.0,
        potentials: Potentials | None = None,
        worst: dict[str, Any] | None = None,
    ) -> SinkhornDivergence:
        self = super().__new__(cls, value)
        self._problem, self._reg, self._potentials = problem, reg, potentials
        if problem is not None and worst is not None:
            self.marginal_error = float(problem.mass[0]) * worst["marginal_error"]
            self.n_iter, self.converged = worst["n_iter"], worst["converged"]
        return self

    _problem: TransportProblem | None
    _reg: float
    _potentials: Potentials | None  # None: the clouds are equal

    def gradient(self) -> TransportGradient:
        """Derivatives with respect to points and weights, by the envelope theorem.

        Returns
        -------
        TransportGradient
            ``x`` and ``y`` in the shapes of the points, in units of cost over those of x; ``a``, shape (n,), and ``b``,
            shape (m,), hold along changes of both weights that keep their sums equal. 0 between equal clouds.

        Notes
        -----
        Of OT(x, x) both arguments move, each with half the weight: its term is the gradient of one. The error is of the
        order of ``marginal_error``. Cost O((n² + n m + m²) n_features).

        References
        ----------
        Feydy, J. et al. (2019). Interpolating between optimal transport and MMD using Sinkhorn divergences. AISTATS 22.
        """
        problem = self._problem
        assert problem is not None
        if self._potentials is None:
            zeros = (np.zeros(shape) for shape in (*problem.shapes, problem.a.shape[1:], problem.b.shape[1:]))
            return TransportGradient(*zeros)
        mass = float(problem.mass[0])
        (f, g), (p, q) = self._potentials
        of_x, of_y = point_gradients(problem, self._reg, (f, g))
        of_xx, _ = point_gradients(to_itself(problem, 0), self._reg, (p, p))
        of_yy, _ = point_gradients(to_itself(problem, 1), self._reg, (q, q))
        return TransportGradient(mass * (of_x - of_xx), mass * (of_y - of_yy), f - p, g - q)


def to_itself(problem: TransportProblem, side: int) -> TransportProblem:
    """Transport of x (side 0) or y (1) to itself."""
    points, weights = problem.ground[side], (problem.a, problem.b)[side]
    shapes = (problem.shapes[side],) * 2
    ground = (points, points, *problem.ground[2:])
    return TransportProblem(ground, weights, weights, problem.mass, problem.is_batch, shapes)


def _symmetric(
    problem: TransportProblem, side: int, regularisation: Regularisation, limits: Limits
) -> tuple[list[dict[str, Any]], F64]:
    own = to_itself(problem, side)
    return _dispatch.kernels.transport_sinkhorn_symmetric(
        own.ground, own.a, limits.options(regularisation), get_num_threads()
    )


def _error(report: dict[str, Any]) -> float:
    error: float = report["marginal_error"]
    return error


def _is_the_same(problem: TransportProblem) -> bool:
    x, y = problem.ground[:2]
    return np.array_equal(x, y) and np.array_equal(problem.a, problem.b)


def _dual_value(problem: TransportProblem, reg: float, p: F64, q: F64, report: dict[str, Any]) -> float:
    """Of the symmetric problems' potentials between the clouds; -inf where the report's is sure to be better."""
    linear = float(problem.a[0] @ p + problem.b[0] @ q)
    if linear + reg < report["dual_value"]:  # the term left out is at most reg
        return -math.inf
    ones = np.ones((problem.b.shape[1], 1))
    rows = _dispatch.kernels.transport_apply(
        problem.ground, reg, problem.a, problem.b, p[None], q[None], ones, get_num_threads()
    )
    return linear - reg * (float(rows.sum()) - 1.0)


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
    memory_limit: int = GIBIBYTE,
) -> SinkhornDivergence | Any:
    """Debiased entropic transport OT(x, y) - ½ OT(x, x) - ½ OT(y, y): at least 0, and 0 where the clouds are equal.

    Parameters
    ----------
    x, y, reg, cost, a, b, tol, max_iter, memory_limit
        As in :func:`sinkhorn`, for each of the three problems.

    Returns
    -------
    SinkhornDivergence
        A float in units of the cost that also has ``gradient()``, ``marginal_error``, ``n_iter`` and ``converged``; an
        array of shape (n_problems,) for a batch. It lies between the transport cost (``reg`` → 0) and
        ⟨a⊗b, C⟩ - ½ ⟨a⊗a, C⟩ - ½ ⟨b⊗b, C⟩ (``reg`` → ∞), which for the squared Euclidean cost is the squared distance
        of the means.

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
    the averaged symmetric iteration. OT(x, y) is at least the dual value of the symmetric problems' potentials, which
    makes the divergence non-negative wherever exp(-C / reg) is positive definite (every cost here but Minkowski's of
    order p > 2), however early the iteration stops; a rounding error below 0 is returned as 0.

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
    problem = as_clouds(x, y, cost, a, b)
    regularisation = Regularisation(positive(reg, "reg"))
    limits = Limits.checked(tol, max_iter, memory_limit)
    if not problem.is_batch and _is_the_same(problem):
        return SinkhornDivergence(0.0, problem, regularisation.reg, None, _NOTHING_TO_DO)
    reports, f, g = call_sinkhorn(problem, regularisation, limits)
    of_x, p = _symmetric(problem, 0, regularisation, limits)
    of_y, q = _symmetric(problem, 1, regularisation, limits)
    worst = [max(three, key=_error) for three in zip(reports, of_x, of_y, strict=True)]
    warn_if_not_converged(worst, limits, regularisation.reg, stacklevel=2)
    values = []
    for i, report in enumerate(reports):
        one, reg_i = problem[i], regularisation.reg
        if _is_the_same(one):
            values.append(SinkhornDivergence(0.0, one, reg_i, None, worst[i]))
            continue
        both = max(report["dual_value"], _dual_value(one, reg_i, p[i], q[i], report))
        value = both - 0.5 * (of_x[i]["dual_value"] + of_y[i]["dual_value"])
        values.append(
            SinkhornDivergence(one.mass[0] * max(value, 0.0), one, reg_i, ((f[i], g[i]), (p[i], q[i])), worst[i])
        )
    return np.array(values, dtype=np.float64) if problem.is_batch else values[0]
