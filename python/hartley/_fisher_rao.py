"""Geometry of the Fisher metric: distances and shortest paths between distributions of a family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_result
from ._f_divergences import hellinger_distance
from ._ranges import FINITE, NON_NEGATIVE, POSITIVE, PROBABILITY, as_numbers, require_all

F64: TypeAlias = NDArray[np.float64]
Curve: TypeAlias = Callable[[F64, F64, F64], F64]

_FARTHEST = 1400.0  # of the hyperbolic plane: half of it still has an exponential in float64


def fisher_rao_distance(p: Any, q: Any, *, family: str = "categorical") -> float | F64:
    """Fisher-Rao distance: the length of the shortest path between two distributions of a family.

    Parameters
    ----------
    p, q : float or array of float
        Parameters; the batch axes broadcast. ``"categorical"``: probabilities, shape (..., n), summing to 1.
        ``"normal"``: (mean, standard deviation), shape (..., 2). ``"exponential"``: the rates or both the means, any
        shape. ``"poisson"``: the rates, any shape.
    family : {"categorical", "normal", "exponential", "poisson"}, default "categorical"
        The family of distributions.

    Returns
    -------
    float or ndarray of float64
        At least 0, without unit (lengths are standard deviations of an efficient estimator from one sample); a float
        for one pair. At most π for categorical distributions, reached where no outcome has probability in both.

    Raises
    ------
    ValueError
        Parameters out of their range (the parameter and the range are named); shapes that do not match; an unknown
        ``family``.
    TypeError
        ``p`` or ``q`` does not hold real numbers.

    Notes
    -----
    The metric is ds² = Σ I_ij(θ) dθ_i dθ_j, so distances do not depend on how the family is parametrised, and
    KL(p‖q) → ½ distance² as q → p.

    - categorical: 2 arccos Σ √(p q), an arc of the sphere of radius 2, taken as 4 arcsin of half the chord
      √Σ (√p - √q)²;
    - normal: 2√2 arsinh √(((μ₁ - μ₂)² / 2 + (σ₁ - σ₂)²) / (4 σ₁ σ₂)), a hyperbolic plane of curvature -½;
    - exponential: |log(λ₁ / λ₂)|;
    - Poisson: 2 |√λ₁ - √λ₂|.

    All are accurate to a few ulp for near and for far distributions. O(n).

    References
    ----------
    Rao, C. R. (1945). Information and the accuracy attainable in the estimation of statistical parameters. Bulletin of
    the Calcutta Mathematical Society 37, 81-91.
    Atkinson, C. & Mitchell, A. F. S. (1981). Rao's distance measure. Sankhyā A 43, 345-365.

    Examples
    --------
    >>> from hartley import fisher
    >>> round(fisher.fisher_rao_distance([1.0, 0.0], [0.0, 1.0]), 12)
    3.14159265359
    >>> fisher.fisher_rao_distance(4.0, 9.0, family="poisson")
    2.0
    """
    _require_family(family)
    if family == "categorical":
        return as_result(4.0 * np.arcsin(np.asarray(hellinger_distance(p, q)) * np.sqrt(0.5)))
    first, second = _pair(p, q, family)
    if family == "normal":
        return as_result(np.sqrt(2.0) * _hyperbolic_distance(first, second))
    if family == "exponential":  # a vertical line of the hyperbolic plane
        return as_result(_arsinh_of_ratio(np.abs(0.5 * first - 0.5 * second), first, second))
    roots = np.sqrt(first) + np.sqrt(second)
    safe = np.where(roots > 0, roots, 1.0)
    return as_result(np.abs(first - second) / (0.5 * safe))


def fisher_rao_geodesic(p: Any, q: Any, t: Any, *, family: str = "categorical") -> float | F64:
    """The distribution at fraction t of the shortest path from p to q in the Fisher metric.

    Parameters
    ----------
    p, q : float or array of float
        Parameters of the ends, as in :func:`fisher_rao_distance`.
    t : float or array of float, shape (...)
        From 0 (p) to 1 (q): the fraction of the distance.
    family : {"categorical", "normal", "exponential", "poisson"}, default "categorical"
        The family of distributions.

    Returns
    -------
    float or ndarray of float64, shape of t, then that of p and q
        Parameters of the same kind; exactly p and q at the ends. A float for one rate and one t.

    Raises
    ------
    ValueError
        Parameters out of their range, ``t`` outside 0 to 1; shapes that do not match; an unknown ``family``.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    Travelled at constant speed: the distance from p is t times that of q. In coordinates where the family is a sphere,
    a plane or a line in a flat space, the point is the combination a P + b Q:

    - categorical: √p and √q with a = sin((1 - t) ω) / sin ω, b = sin(t ω) / sin ω, ω half the distance;
    - normal: the matrix [[1, u], [u, u² + σ²]] / σ with u = μ / √2 likewise, by sinh and ω = distance / √2;
    - exponential: log λ; Poisson: √λ; with a = 1 - t, b = t.

    O(n) a point.

    References
    ----------
    Atkinson, C. & Mitchell, A. F. S. (1981). Rao's distance measure. Sankhyā A 43, 345-365.

    Examples
    --------
    >>> from hartley import fisher
    >>> fisher.fisher_rao_geodesic(4.0, 16.0, 0.5, family="poisson")
    9.0
    >>> fisher.fisher_rao_geodesic([1.0, 0.0], [0.0, 1.0], 0.5).round(12)
    array([0.5, 0.5])
    """
    _require_family(family)
    times = as_numbers(t, "t", PROBABILITY)
    if family == "categorical":
        hellinger_distance(p, q)  # checks both
    first, second = np.broadcast_arrays(*_pair(p, q, family))
    times = times.reshape(times.shape + (1,) * first.ndim)
    points = _CURVES[family](first, second, times)
    return as_result(np.where(times == 0, first, np.where(times == 1, second, points)))


def _require_family(family: str) -> None:
    if family not in _CURVES:
        names = ", ".join(f'"{name}"' for name in _CURVES)
        raise ValueError(f"family must be one of {names}, got {family!r}")


def _pair(p: Any, q: Any, family: str) -> tuple[F64, F64]:
    """Both parameters in float64, in their range, of shapes that broadcast."""
    inside = {"exponential": POSITIVE, "poisson": NON_NEGATIVE}.get(family, FINITE)
    first, second = as_numbers(p, "p", inside), as_numbers(q, "q", inside)
    if family == "normal":
        for x, name in ((first, "p"), (second, "q")):
            if x.ndim == 0 or x.shape[-1] != 2:
                raise ValueError(f"{name} must hold (mean, standard deviation), shape (..., 2), got {x.shape}")
            deviations = x[..., 1]
            require_all(deviations > 0, deviations, f"standard deviation of {name}", "greater than 0")
    try:
        np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise ValueError(f"p and q must broadcast, got shapes {first.shape} and {second.shape}") from None
    return first, second


def _arsinh_of_ratio(half_chord: F64, a: F64, b: F64) -> F64:
    """2 arsinh(half_chord / √(a b)), by logarithms where the ratio overflows."""
    with np.errstate(over="ignore", divide="ignore"):
        ratio = half_chord / (np.sqrt(a) * np.sqrt(b))
        far = np.log(2.0) + np.log(half_chord) - 0.5 * (np.log(a) + np.log(b))
    result: F64 = 2.0 * np.where(np.isfinite(ratio), np.arcsinh(np.where(np.isfinite(ratio), ratio, 0.0)), far)
    return result


def _hyperbolic_distance(p: F64, q: F64) -> F64:
    """Of (mean / √2, deviation) in the upper half-plane of curvature -1."""
    halves = 0.5 * p - 0.5 * q
    return _arsinh_of_ratio(np.hypot(np.sqrt(0.5) * halves[..., 0], halves[..., 1]), p[..., 1], q[..., 1])


def _sine_share(t: F64, angle: F64) -> F64:
    """sin(t angle) / sin(angle), t at angle 0."""
    there = angle > 0
    safe = np.where(there, angle, 1.0)
    share: F64 = np.where(there, np.sin(t * safe) / np.sin(safe), t)
    return share


def _sinh_share(t: F64, angle: F64) -> F64:
    """sinh(t angle) / sinh(angle), t at angle 0; no overflow at any angle."""
    there = angle > 0
    safe = np.where(there, angle, 1.0)
    quotient = np.expm1(-2.0 * t * safe) / np.expm1(-2.0 * safe)
    share: F64 = np.where(there, np.exp((t - 1.0) * safe) * quotient, t)
    return share


def _on_sphere(p: F64, q: F64, t: F64) -> F64:
    roots = np.sqrt(p) + np.sqrt(q)
    differences = (p - q) / np.where(roots > 0, roots, 1.0)  # √p - √q without cancellation
    half_chord = 0.5 * np.sqrt((differences**2).sum(axis=-1, keepdims=True))
    angle = 2.0 * np.arcsin(np.minimum(half_chord, np.sqrt(0.5)))
    a, b = _sine_share(1.0 - t, angle), _sine_share(t, angle)
    point: F64 = a * a * p + b * b * q + 2.0 * a * b * np.sqrt(p) * np.sqrt(q)  # (a √p + b √q)²
    return point


def _on_hyperbolic_plane(p: F64, q: F64, t: F64) -> F64:
    angle = _hyperbolic_distance(p, q)
    if angle.size and angle.max() > _FARTHEST:
        raise ValueError(f"p and q are too far apart for a path in float64: {np.sqrt(2.0) * angle.max():.6g}")
    deviation = np.minimum(p[..., 1], q[..., 1])  # as unit: nothing overflows
    a = _sinh_share(1.0 - t[..., 0], angle) * (deviation / p[..., 1])
    b = _sinh_share(t[..., 0], angle) * (deviation / q[..., 1])
    mean = p[..., 0] * (a / (a + b)) + q[..., 0] * (b / (a + b))
    return np.stack([mean, deviation / (a + b)], axis=-1)


def _on_logarithms(p: F64, q: F64, t: F64) -> F64:
    point: F64 = p ** (1.0 - t) * q**t
    return point


def _on_roots(p: F64, q: F64, t: F64) -> F64:
    point: F64 = ((1.0 - t) * np.sqrt(p) + t * np.sqrt(q)) ** 2
    return point


_CURVES: dict[str, Curve] = {
    "categorical": _on_sphere,
    "normal": _on_hyperbolic_plane,
    "exponential": _on_logarithms,
    "poisson": _on_roots,
}
