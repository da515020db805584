"""The rate-distortion function as a curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_real
from ._progress import Progress
from ._rate_source import SolverLimits, Source
from ._tangent_search import CurvePoint, chord_slope, uncertainty
from ._units import Base, nats_per_unit

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RateDistortionCurve:
    """Points of a rate-distortion function in order of distortion; see :func:`rate_distortion_curve`.

    Attributes
    ----------
    distortion, rate : ndarray of float64, shape (n_points,)
        Attained by channels, and by time-sharing everywhere between two points; ``rate`` in units of ``base``.
    gap : ndarray of float64, shape (n_points,)
        R(``distortion``) lies between ``rate - gap`` and ``rate``.
    beta : ndarray of float64, shape (n_points,)
        Slopes -dR/dD in nats a unit of distortion: ``inf`` at D_min, 0 at D_max.
    base : float, str or None
        Unit of ``rate`` and ``gap``.
    converged : bool
        Whether no gap is above ``tol``.
    n_iter : int
        Passes over the matrix in all.
    """

    distortion: F64
    rate: F64
    gap: F64
    beta: F64
    base: Base
    converged: bool
    n_iter: int


def _as_betas(betas: Any) -> list[float]:
    values = np.asarray(as_real(betas, "betas"), dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"betas must be one axis of slopes, got shape {values.shape}")
    wrong = ~(values > 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(f"betas must be greater than 0, got betas[{first}] = {values[first]:g}")
    return sorted(set(values[np.isfinite(values)].tolist()), reverse=True)


def _split_widest(points: list[CurvePoint], n_points: int, source: Source, limits: SolverLimits) -> list[CurvePoint]:
    """Points in order of x, each new one at the slope of the chord that may be furthest from the curve."""
    settled: set[tuple[float, float]] = set()
    while len(points) < n_points:
        gaps = [-1.0 if (low.x, high.x) in settled else uncertainty(low, high) for low, high in pairwise(points)]
        widest = int(np.argmax(gaps)) if gaps else 0
        if not gaps or gaps[widest] <= 4 * limits.tol:
            break  # the curve is its chords
        low, high = points[widest], points[widest + 1]
        point = source.tangent(limits, chord_slope(low, high), high.weights[0])
        if low.x < point.x < high.x:
            points.insert(widest + 1, point)
        else:
            settled.add((low.x, high.x))
    return points


def rate_distortion_curve(
    p: Any,
    distortion: Any,
    *,
    betas: Any = None,
    n_points: int = 50,
    tol: float = 1e-9,
    max_iter: int = 10_000,
    accelerate: bool = True,
    normalize: bool = False,
    base: Base = None,
    progress: Progress = False,
) -> RateDistortionCurve:
    """R(D) from D_min to D_max, where it is 0.

    Parameters
    ----------
    p : array of float, shape (n_inputs,)
        Distribution of the source.
    distortion : array of float, shape (n_inputs, n_outputs)
        d(x, x̂), of any sign; ``inf`` forbids the pair.
    betas : array of float, optional
        Slopes -dR/dD > 0 in nats a unit of distortion. By default they are chosen where the curve bends.
    n_points : int, default 50
        Most points, the two ends among them, where ``betas`` is not given; fewer where straight lines between fewer are
        the curve.
    tol : float, default 1e-9
        Largest gap of a point in nats.
    max_iter : int, default 10000
        Most passes over the matrix at one slope.
    accelerate : bool, default True
        False makes every iteration one of Blahut and Arimoto.
    normalize : bool, default False
        Divide ``p`` by its sum.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of rates; nats by default.
    progress : bool or callable, default False
        Show how far the gap has come at the slope in work, or call with the fraction.

    Returns
    -------
    RateDistortionCurve
        ``.distortion``, ``.rate``, ``.gap``, ``.beta``, in order of distortion, both ends included;
        :func:`hartley.plot.rate_distortion_plot` draws it.

    Warns
    -----
    ConvergenceWarning
        A gap is above ``tol``.

    Raises
    ------
    ValueError
        ``p`` is no distribution; a row without a finite distortion; slopes that are not positive; ``n_points`` below 2.
    TypeError
        An argument that is no number, or no array of real numbers.

    Notes
    -----
    Every slope starts from the solution of the one before. Where slopes are chosen, each is that of the chord which may
    be furthest above the curve, as the tangents at its ends say: linear interpolation between the points converges like
    1 / n_points². Cost O(n_inputs n_outputs) a pass, some 10 to 50 passes a point.

    References
    ----------
    Blahut, R. (1972). Computation of channel capacity and rate-distortion functions. IEEE Trans. Inf. Theory 18.

    Examples
    --------
    >>> from hartley.rate_distortion import rate_distortion_curve
    >>> curve = rate_distortion_curve([0.5, 0.5], [[0, 1], [1, 0]], n_points=5, base="bits")
    >>> curve.distortion[[0, -1]], curve.rate[[0, -1]]
    (array([0. , 0.5]), array([1., 0.]))
    """
    unit = nats_per_unit(base)
    slopes = None if betas is None else _as_betas(betas)
    number = as_number(n_points, "n_points")
    if not number.is_integer():
        raise TypeError(f"n_points must be a whole number, got {n_points!r}")
    if number < 2:
        raise ValueError(f"n_points must be at least 2, got {n_points!r}")
    limits = SolverLimits.checked(tol, max_iter, accelerate, progress, "rate_distortion_curve")
    source = Source(p, distortion, normalize)
    ends = [source.tangent(limits, math.inf, None), source.last(limits)]
    if slopes is None:
        points = _split_widest(ends, int(number), source, limits) if ends[0].x < ends[1].x else ends[:1]
    else:
        points, start = [], None
        for slope in slopes:
            points.append(source.tangent(limits, slope, start))
            start = points[-1].weights[0]
        points = sorted([*ends, *points], key=lambda point: point.x)
    gap = np.array([point.weights[2] for point in points])
    n_iter = sum(point.n_iter for point in points)
    curve = RateDistortionCurve(
        distortion=source.least + np.array([point.x for point in points]),
        rate=np.array([point.y for point in points]) / unit,
        gap=gap / unit,
        beta=np.array([point.slope for point in points]),
        base=base,
        converged=all(point.converged for point in points),
        n_iter=n_iter,
    )
    limits.finish("rate_distortion_curve", float(gap.max()), curve.converged, n_iter, stacklevel=2)
    return curve
