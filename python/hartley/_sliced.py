"""Sliced Wasserstein distances: exact distances on the line between projections of point clouds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from . import _dispatch
from ._arrays import RealArray, as_number, as_real, as_samples, require_finite
from ._clouds import F64, as_whole
from ._progress import Progress, progress_callback
from ._threads import get_num_threads
from ._wasserstein_line import weights_or_none


@dataclass(frozen=True)
class SlicedProblem:
    """Two weighted clouds of one dtype and the order of the distance, checked."""

    x: RealArray
    y: RealArray
    x_weights: F64
    y_weights: F64
    order: float

    def distances(self, directions: F64, progress: Any = None) -> F64:
        return _dispatch.kernels.transport_sliced(
            self.x, self.y, directions, self.x_weights, self.y_weights, self.order, progress, get_num_threads()
        )

    def gradient(self, directions: F64, factors: F64) -> tuple[F64, F64]:
        return _dispatch.kernels.transport_sliced_gradient(
            self.x, self.y, directions, self.x_weights, self.y_weights, self.order, factors, get_num_threads()
        )

    def slopes(self, directions: F64) -> tuple[F64, F64]:
        return _dispatch.kernels.transport_sliced_slopes(
            self.x, self.y, directions, self.x_weights, self.y_weights, self.order, get_num_threads()
        )


def as_problem(x: Any, y: Any, p: float, x_weights: Any, y_weights: Any) -> SlicedProblem:
    first, second = as_samples(x, "x"), as_samples(y, "y")
    if first.dtype != second.dtype:
        first, second = first.astype(np.float64, copy=False), second.astype(np.float64, copy=False)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"x and y must have equally many features, got {first.shape[1]} and {second.shape[1]}")
    require_finite(first, "x")
    require_finite(second, "y")
    order = as_number(p, "p")
    if not 1 <= order < math.inf:
        raise ValueError(f"p must be at least 1 and finite, got {p!r}")
    return SlicedProblem(
        first,
        second,
        weights_or_none(x_weights, len(first), "x_weights", "x"),
        weights_or_none(y_weights, len(second), "y_weights", "y"),
        order,
    )


def require_projections_fit(problem: SlicedProblem, directions: F64) -> None:
    """Neither a projection nor a difference of two may overflow, in the points' dtype."""
    largest = max(float(max(points.max(), -points.min())) for points in (problem.x, problem.y))
    longest = float(np.abs(directions).sum(axis=1).max())
    limit = float(np.finfo(problem.x.dtype).max) / 4
    if largest > 0 and longest > limit / largest:
        raise ValueError(
            f"x and y must have projections below {limit:.3g} in size ({problem.x.dtype}), got entries up to "
            f"{largest:.9g} and directions with a sum of |entries| up to {longest:.9g}"
        )


def as_count(n: Any, name: str) -> int:
    number = as_whole(n, name)
    if number < 1:
        raise ValueError(f"{name} must be at least 1, got {n!r}")
    return number


def random_directions(n: int, d: int, seed: Any) -> F64:
    """Directions spread evenly over the unit sphere: normals over their norm."""
    directions = np.random.default_rng(seed).standard_normal((n, d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions


def _given_directions(projections: Any, d: int) -> F64:
    directions = np.ascontiguousarray(as_real(projections, "projections"), dtype=np.float64)
    if directions.ndim != 2 or directions.shape[0] == 0 or directions.shape[1] != d:
        raise ValueError(f"projections must have shape (n_projections, n_features = {d}), got {directions.shape}")
    require_finite(directions, "projections")
    zero = ~np.any(directions, axis=1)
    if np.any(zero):
        raise ValueError(f"projections must be directions other than 0, but projections[{int(np.argmax(zero))}] is 0")
    return directions


class SlicedGradient(NamedTuple):
    """Derivatives of a sliced distance by the points, shapes (n, n_features) and (m, n_features), float64."""

    x: F64
    y: F64


class SlicedDistance(float):
    """A sliced Wasserstein distance: a float that knows its directions; see :func:`sliced_wasserstein`.

    Attributes
    ----------
    standard_error : float
        Standard error of the value as an estimate of the mean over all directions, by the delta method: NaN for one
        projection, and of no meaning where the directions are not random.
    distances : ndarray of float64, shape (n_projections,)
        W_p of the clouds projected onto each direction.
    projections : ndarray of float64, shape (n_projections, n_features)
        The directions.
    """

    standard_error: float
    distances: F64
    projections: F64
    _problem: SlicedProblem

    def gradient(self) -> SlicedGradient:
        """Derivatives of the value by the coordinates of the points.

        Returns
        -------
        SlicedGradient
            Named tuple ``x``, ``y`` of float64 arrays in the shapes of the clouds ((n, 1) for clouds of one axis).

        Notes
        -----
        With every direction's points matched in sorted order, ∂W_p^p / ∂x_i = p Σ mass |Δ|^(p - 1) sign(Δ) θ over the
        points of y that x_i is matched with. One more pass like that of the value; the clouds must not
        have been changed since. Where two projected points tie, or for p = 1 matched points coincide, the value has a
        kink: this is then one of its subgradients, and all 0 where the value is 0.

        Examples
        --------
        >>> import hartley as ht
        >>> distance = ht.transport.sliced_wasserstein([0.0, 2.0], [1.0, 3.0], seed=0)
        >>> distance.gradient().x.ravel()
        array([-0.5, -0.5])
        """
        value = float(self)
        factors = np.zeros_like(self.distances)
        if value > 0:
            factors = (self.distances / value) ** (self._problem.order - 1) / len(factors)
        return SlicedGradient(*self._problem.gradient(self.projections, factors))


def _power_mean(distances: F64, order: float) -> tuple[float, float]:
    """(mean of W^p)^(1/p) and its standard error by the delta method, of ratios to the largest: no overflow."""
    largest = float(distances.max())
    if largest == 0:
        return 0.0, 0.0 if len(distances) > 1 else math.nan
    powers = (distances / largest) ** order
    mean = float(powers.mean())
    root = mean ** (1 / order)
    if len(powers) == 1:
        return largest * root, math.nan
    error_of_mean = float(powers.std(ddof=1)) / math.sqrt(len(powers))
    return largest * root, largest * root / mean / order * error_of_mean


def sliced_wasserstein(
    x: Any,
    y: Any,
    *,
    p: float = 2,
    n_projections: int = 100,
    seed: Any = None,
    x_weights: Any = None,
    y_weights: Any = None,
    projections: Any = None,
    progress: Progress = False,
) -> SlicedDistance:
    """Sliced Wasserstein distance: (mean over directions θ of W_p(⟨θ, x⟩, ⟨θ, y⟩)^p)^(1/p), each exact.

    Parameters
    ----------
    x, y : array of float, shape (n, n_features) and (m, n_features)
        Points; one axis means one feature. float64 or float32.
    p : float
        Order, 1 <= p < inf.
    n_projections : int
        How many directions are drawn, at least 1.
    seed : int or numpy.random.Generator, optional
        Of the directions: the same seed gives the same directions.
    x_weights, y_weights : array of float, shape (n,) and (m,), optional
        Weights, non-negative with a positive sum, by which each is divided; equal by default.
    projections : array of float, shape (n_projections, n_features), optional
        Directions to take instead of random ones, finite and none of them 0. They are taken as given: a direction of
        length 2 counts twice its distance. ``n_projections`` and ``seed`` are then not used.
    progress : bool or callable
        ``True`` writes the progress to standard error; a function is called with the fraction done.

    Returns
    -------
    SlicedDistance
        A float in units of x, with ``.standard_error``, ``.distances``, ``.projections`` and ``.gradient()``. The root
        is taken, as in POT's function ``sliced_wasserstein_distance``.

    Raises
    ------
    ValueError, TypeError
        NaN or infinite points, unequal numbers of features, p that is not in [1, inf), weights that are negative, all 0
        or not as many as points, projections of another shape, infinite or 0, projected points that would overflow.

    Notes
    -----
    The error of the value by the choice of directions falls as 1 / √n_projections. Along unit directions it is at most
    W_p of the clouds; for a translation by v, p = 2, it tends to |v| / √n_features. Several directions are projected in
    one pass over the points, each is sorted and folded at once: O(n_projections (n + m) (n_features + log(n + m)))
    time, and at most the larger of 64 MiB and half the points' memory (never less than one direction) besides the
    sort's own. Projected coordinates are exact to n_features eps Σ |θ_k x_k|, in the points' dtype: float32 clouds are
    projected and sorted in float32, with sums in float64 (centre such clouds where they lie far from 0). The same bits
    for every number of threads.

    References
    ----------
    Rabin, J., Peyré, G., Delon, J. & Bernot, M. (2012). Wasserstein barycenter and its application to texture mixing.
    SSVM 2011, eq. 5.
    Bonneel, N., Rabin, J., Peyré, G. & Pfister, H. (2015). Sliced and Radon Wasserstein barycenters of measures. J.
    Math. Imaging Vis. 51.

    Examples
    --------
    >>> import numpy as np
    >>> import hartley as ht
    >>> x = np.random.default_rng(0).normal(size=(1000, 3))
    >>> distance = ht.transport.sliced_wasserstein(x, x + [1.0, 0.0, 0.0], n_projections=10_000, seed=1)
    >>> round(float(distance), 2), round(3**-0.5, 2)  # the mean of θ_1² is 1/3
    (0.58, 0.58)
    >>> round(distance.standard_error, 4)
    0.0026
    """
    problem = as_problem(x, y, p, x_weights, y_weights)
    d = problem.x.shape[1]
    if projections is None:
        directions = random_directions(as_count(n_projections, "n_projections"), d, seed)
    else:
        directions = _given_directions(projections, d)
    require_projections_fit(problem, directions)
    show = progress_callback(progress, "sliced_wasserstein")
    distances = problem.distances(directions, show)
    if show is not None:
        show(1.0)
    value, error = _power_mean(distances, problem.order)
    result = SlicedDistance(value)
    result.standard_error, result.distances, result.projections = error, distances, directions
    result._problem = problem
    return result
