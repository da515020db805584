"""Max-sliced Wasserstein distance: the direction along which two point clouds lie farthest apart."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import RealArray, as_number
from ._clouds import F64, as_whole
from ._sliced import SlicedProblem, as_count, as_problem, random_directions, require_projections_fit
from ._warnings import ConvergenceWarning

_N_STARTS = 8  # ascents of max_sliced_wasserstein, in lockstep: from the best of the directions tried
_FIRST_ANGLE = 0.5  # radians: the first step of an ascent
_SUFFICIENT = 0.1  # share of the slope's promise that a step must keep (Armijo)
_LARGEST_ANGLE = math.pi / 2


class MaxSlicedDistance(float):
    """The largest distance found over directions: a float that knows where; see :func:`max_sliced_wasserstein`.

    Attributes
    ----------
    projection : ndarray of float64, shape (n_features,)
        The unit direction with this distance.
    n_iter : int
        Steps of the ascent.
    converged : bool
        Whether the ascent to this direction came to its end within ``max_iter`` steps.
    """

    projection: F64
    n_iter: int
    converged: bool


def _max_sliced(value: float, projection: F64, n_iter: int, converged: bool) -> MaxSlicedDistance:
    result = MaxSlicedDistance(value)
    result.projection, result.n_iter, result.converged = projection, n_iter, converged
    return result


def _mean(points: RealArray, weights: F64) -> F64:
    if len(weights) == 0:
        return np.asarray(points.mean(axis=0, dtype=np.float64))
    return np.asarray((weights / weights.sum()) @ points)


def _starts(problem: SlicedProblem, n_projections: int, seed: Any) -> F64:
    """The best of random directions and the direction between the means, at most _N_STARTS."""
    candidates = random_directions(n_projections, problem.x.shape[1], seed)
    require_projections_fit(problem, candidates)
    between = _mean(problem.x, problem.x_weights) - _mean(problem.y, problem.y_weights)
    largest = float(np.abs(between).max())
    if largest > 0:
        between = between / largest  # squares of what is at most 1 do not overflow
        candidates = np.vstack([candidates, between / np.linalg.norm(between)])
    best = np.argsort(-problem.distances(candidates), kind="stable")[:_N_STARTS]
    return candidates[best]


class _Ascents:
    """Gradient ascents along great circles, each with its own step, evaluated together."""

    def __init__(self, problem: SlicedProblem, directions: F64) -> None:
        self.problem = problem
        self.directions = directions
        self.values, self.gradients = problem.slopes(directions)
        self.angles = np.full(len(directions), _FIRST_ANGLE)
        self.done: NDArray[np.bool_] = np.zeros(len(directions), dtype=bool)

    def run(self, max_iter: int, tol: float) -> int:
        """Steps until all are done; how many."""
        for n_iter in range(max_iter + 1):
            # relative to W, whatever its size; W is homogeneous in the direction: ⟨θ, ∂W⟩ = W, the rest lies along the
            # sphere
            gradients = self.gradients / np.where(self.values > 0, self.values, 1.0)[:, None]
            tangents = gradients - np.sum(gradients * self.directions, axis=1)[:, None] * self.directions
            slopes = np.linalg.norm(tangents, axis=1)
            self.done |= (slopes <= tol) | (self.angles <= tol)
            active = np.flatnonzero(~self.done)
            if len(active) == 0 or n_iter == max_iter:
                break
            self._step(active, tangents[active] / slopes[active, None], slopes[active])
        return n_iter

    def _step(self, active: NDArray[np.int64], along: F64, slopes: F64) -> None:
        """A trial step of some ascents, taken where it keeps enough of the slope's promise."""
        angles = self.angles[active]
        trials = np.cos(angles)[:, None] * self.directions[active] + np.sin(angles)[:, None] * along
        trials /= np.linalg.norm(trials, axis=1, keepdims=True)
        values, gradients = self.problem.slopes(trials)
        taken = values >= self.values[active] * (1 + _SUFFICIENT * slopes * angles)
        moved = active[taken]
        self.directions[moved], self.values[moved], self.gradients[moved] = (
            trials[taken],
            values[taken],
            gradients[taken],
        )
        self.angles[moved] = np.minimum(2 * angles[taken], _LARGEST_ANGLE)
        self.angles[active[~taken]] /= 4


def max_sliced_wasserstein(
    x: Any,
    y: Any,
    *,
    p: float = 2,
    n_projections: int = 100,
    seed: Any = None,
    max_iter: int = 200,
    tol: float = 1e-7,
    x_weights: Any = None,
    y_weights: Any = None,
) -> MaxSlicedDistance:
    """Max-sliced Wasserstein distance: the largest W_p(⟨θ, x⟩, ⟨θ, y⟩) over unit directions θ that ascent finds.

    Parameters
    ----------
    x, y : array of float, shape (n, n_features) and (m, n_features)
        Points; one axis means one feature, for which the result is exact. float64 or float32.
    p : float
        Order, 1 <= p < inf.
    n_projections : int
        Random directions to begin with, at least 1; the best of them, with the direction between the means, start the
        ascents.
    seed : int or numpy.random.Generator, optional
        Of the random directions.
    max_iter : int
        Steps of the ascent at most (each a pass over the points), at least 0: 0 leaves the best start.
    tol : float
        An ascent ends where the distance grows by less than ``tol`` of itself a radian, or its step is below ``tol``
        radians.
    x_weights, y_weights : array of float, shape (n,) and (m,), optional
        Weights, non-negative with a positive sum, by which each is divided; equal by default.

    Returns
    -------
    MaxSlicedDistance
        A float in units of x, with ``.projection``, ``.n_iter`` and ``.converged``. It is the exact W_p along
        ``.projection``, hence a lower bound of the maximum over all directions, and of W_p of the clouds.

    Warns
    -----
    ConvergenceWarning
        Where the best ascent had not come to its end after ``max_iter`` steps.

    Raises
    ------
    ValueError, TypeError
        As :func:`sliced_wasserstein`; limits that are not numbers in their range.

    Notes
    -----
    Up to 8 ascents along great circles with backtracking. W_p as a function of θ has several local maxima, and a crease
    wherever projected points change places, at which an ascent may end: more ``n_projections`` find more. Each step
    costs O((n + m) (n_features + log(n + m))) for every ascent that goes on.

    References
    ----------
    Deshpande, I. et al. (2019). Max-sliced Wasserstein distance and its use for GANs. CVPR, eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> import hartley as ht
    >>> x = np.random.default_rng(0).normal(size=(500, 3))
    >>> distance = ht.transport.max_sliced_wasserstein(x, x + [0.0, 2.0, 0.0], seed=1)
    >>> round(float(distance), 6), np.abs(distance.projection).round(3)
    (2.0, array([0., 1., 0.]))
    """
    problem = as_problem(x, y, p, x_weights, y_weights)
    count = as_count(n_projections, "n_projections")
    limit, tolerance = as_whole(max_iter, "max_iter"), as_number(tol, "tol")
    if limit < 0:
        raise ValueError(f"max_iter must be at least 0, got {max_iter!r}")
    if not 0 < tolerance < math.inf:
        raise ValueError(f"tol must be a finite number > 0, got {tol!r}")
    if problem.x.shape[1] == 1:
        only = np.ones((1, 1))
        require_projections_fit(problem, only)
        return _max_sliced(float(problem.distances(only)[0]), only[0], 0, True)
    ascents = _Ascents(problem, _starts(problem, count, seed))
    n_iter = ascents.run(limit, tolerance)
    best = int(np.argmax(ascents.values))
    converged = bool(ascents.done[best])
    if not converged:
        warnings.warn(
            f"max_sliced_wasserstein stopped after {n_iter} steps, before its ascent had ended: raise max_iter or tol",
            ConvergenceWarning,
            stacklevel=2,
        )
    return _max_sliced(float(ascents.values[best]), ascents.directions[best].copy(), n_iter, converged)
