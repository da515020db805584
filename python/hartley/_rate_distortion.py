"""Rate-distortion functions of known sources: a point by slope, distortion or rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number
from ._progress import Progress
from ._rate_source import SolverLimits, Source, channel_of
from ._tangent_search import CurvePoint, SharedPoint, find_point
from ._units import Base, nats_per_unit

F64 = NDArray[np.float64]
GIBIBYTE = 2**30
_ROUNDING = 1e-12  # relative distance to an end of the curve that is rounding of the caller's


@dataclass(frozen=True, eq=False)
class RateDistortion:
    """A point of a rate-distortion function; see :func:`hartley.rate_distortion.rate_distortion`.

    Attributes
    ----------
    rate : float
        I(X; X̂) of ``channel`` in units of ``base``; of time-sharing where the channel is a mixture.
    distortion : float
        E d(X, X̂) of ``channel``.
    gap : float
        R(``distortion``) lies between ``rate - gap`` and ``rate``: certified, in units of ``base``.
    beta : float
        -dR/dD in nats a unit of distortion, whatever ``base`` is.
    output : ndarray of float64, shape (n_outputs,)
        Distribution of X̂.
    converged : bool
        Whether the gap is at most ``tol``.
    n_iter : int
        Passes over the matrix, of all slopes that were tried.
    """

    rate: float
    distortion: float
    gap: float
    beta: float
    output: F64
    converged: bool
    n_iter: int
    _distortions: F64 = field(repr=False)
    _parts: list[tuple[float, float, F64]] = field(repr=False)  # (share, beta, weights)
    _memory_limit: int = field(repr=False)
    _channel: list[F64] = field(default_factory=list, repr=False)

    @property
    def channel(self) -> F64:
        """p(x̂ | x), shape (n_inputs, n_outputs), made on first use.

        Raises
        ------
        MemoryError
            Where it takes more than ``memory_limit`` bytes; the message says how many.
        """
        if not self._channel:
            if self._distortions.nbytes > self._memory_limit:
                raise MemoryError(
                    f"the channel takes {self._distortions.nbytes} bytes, over memory_limit = {self._memory_limit}; "
                    "solve with a larger memory_limit"
                )
            channel: F64 = np.zeros_like(self._distortions)
            for share, beta, weights in self._parts:
                channel += share * channel_of(self._distortions, beta, weights)
            self._channel.append(channel)
        return self._channel[0]


def _result(
    source: Source, shared: SharedPoint, n_iter: int, limits: SolverLimits, memory_limit: int, unit: float
) -> RateDistortion:
    parts = [(shared.share, shared.low), (1.0 - shared.share, shared.high)]
    parts = [(share, point) for share, point in parts if share > 0]
    output: F64 = np.asarray(sum(share * point.weights[1] for share, point in parts))
    return RateDistortion(
        rate=shared.y / unit,
        distortion=source.least + shared.x,
        gap=shared.gap / unit,
        beta=shared.slope,
        output=output,
        converged=shared.gap <= limits.tol,
        n_iter=n_iter,
        _distortions=source.d,
        _parts=[(share, point.slope, point.weights[0]) for share, point in parts],
        _memory_limit=memory_limit,
    )


def _alone(point: CurvePoint) -> SharedPoint:
    return SharedPoint(point.x, point.y, point, point, 1.0, point.weights[2], point.slope)


def _search(source: Source, target: float, by_rate: bool, limits: SolverLimits) -> tuple[SharedPoint, int]:
    """The point at a distortion above the least one, or at a rate in nats; and all iterations."""
    n_iter = 0

    def tangent(beta: float, near: CurvePoint, tol: float) -> CurvePoint:
        nonlocal n_iter
        point = source.tangent(limits, beta, near.weights[0], tol)
        n_iter += point.n_iter
        return point

    low, high = source.tangent(limits, math.inf, None, 0.5 * limits.tol), source.last(limits)
    n_iter += low.n_iter + high.n_iter
    if by_rate:
        name, begin, end, origin = "target_rate", high.y, low.y, 0.0
    else:
        name, begin, end, origin = "target_distortion", 0.0, source.most - source.least, source.least
    slack = _ROUNDING * max(1.0, abs(origin), abs(end)) if math.isfinite(end) else _ROUNDING
    if not begin - slack <= target <= end + max(slack, limits.tol if by_rate else 0.0):
        unit = " nats" if by_rate else ""
        raise ValueError(
            f"{name} must be in [{'R_min, R_max' if by_rate else 'D_min, D_max'}] = [{origin + begin:.9g}, "
            f"{origin + end:.9g}]{unit}, got {origin + target:.9g}{unit}"
        )
    if not by_rate and target >= high.x:
        return _alone(high), n_iter
    return find_point(low, high, target, limits.tol, tangent, by_y=by_rate), n_iter


def rate_distortion(
    p: Any,
    distortion: Any,
    *,
    beta: float | None = None,
    target_distortion: float | None = None,
    target_rate: float | None = None,
    tol: float = 1e-9,
    max_iter: int = 10_000,
    accelerate: bool = True,
    normalize: bool = False,
    base: Base = None,
    memory_limit: int = GIBIBYTE,
    progress: Progress = False,
) -> RateDistortion:
    """A point of R(D) = min I(X; X̂) over channels with E d(X, X̂) <= D, with a certificate.

    Parameters
    ----------
    p : array of float, shape (n_inputs,)
        Distribution of the source.
    distortion : array of float, shape (n_inputs, n_outputs)
        d(x, x̂), of any sign; ``inf`` forbids the pair.
    beta, target_distortion, target_rate : float
        Exactly one: the slope -dR/dD >= 0 in nats a unit of distortion (``inf`` for the point at D_min); the
        distortion; the rate in units of ``base``.
    tol : float, default 1e-9
        Largest gap in nats.
    max_iter : int, default 10000
        Most passes over the matrix at one slope.
    accelerate : bool, default True
        False makes every iteration one of Blahut and Arimoto.
    normalize : bool, default False
        Divide ``p`` by its sum.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of rates; nats by default.
    memory_limit : int, default 2**30
        Most bytes of ``.channel``.
    progress : bool or callable, default False
        Show how far the gap has come at the slope in work, or call with the fraction.

    Returns
    -------
    RateDistortion
        ``.rate``, ``.distortion``, ``.gap``, ``.beta``, ``.channel``, ``.output``, ``.converged``, ``.n_iter``.

    Warns
    -----
    ConvergenceWarning
        The gap is above ``tol``; the message says what to change.

    Raises
    ------
    ValueError
        ``p`` is no distribution; a row without a finite distortion; a target outside of the curve (the message gives
        the interval); not exactly one of ``beta``, ``target_distortion`` and ``target_rate``.
    TypeError
        An argument that is no number, or no array of real numbers.

    Notes
    -----
    At a slope, F(q) = -Σ p(x) log Σ q(x̂) e^(-β d(x, x̂)) is minimised over distributions q of X̂. With c(x̂) = Σ p(x)
    e^(-β d) / Σ q e^(-β d), R + β D of the curve lies between F(q) - log max c and F(q): the certificate, known after
    each pass. Anderson acceleration and Newton steps over the outputs in use take the place of q ← q c, which needs
    10^3 to 10^6 passes where outputs die out. Exponents count from each row's least distortion: nothing that matters
    underflows, for any β. Targets are found through tangents; where R(D) is straight, or D between the points of two
    slopes, time is shared between their channels, which attains the distortion exactly. Cost O(n_inputs n_outputs) a
    pass.

    References
    ----------
    Blahut, R. (1972). Computation of channel capacity and rate-distortion functions. IEEE Trans. Inf. Theory 18.
    Csiszár, I. (1974). On the computation of rate-distortion functions. IEEE Trans. Inf. Theory 20.
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., chapter 10.

    Examples
    --------
    >>> from hartley.rate_distortion import rate_distortion
    >>> point = rate_distortion([0.5, 0.5], [[0, 1], [1, 0]], target_distortion=0.11, base="bits")
    >>> round(point.rate, 4), round(point.distortion, 4), point.gap < 1e-8
    (0.5001, 0.11, True)
    >>> point.channel.round(2)
    array([[0.89, 0.11],
           [0.11, 0.89]])
    """
    unit = nats_per_unit(base)
    given = {"beta": beta, "target_distortion": target_distortion, "target_rate": target_rate}
    chosen = {name: as_number(value, name) for name, value in given.items() if value is not None}
    if len(chosen) != 1:
        raise ValueError(
            f"give exactly one of beta, target_distortion and target_rate, got {', '.join(chosen) or 'none'}"
        )
    limits = SolverLimits.checked(tol, max_iter, accelerate, progress, "rate_distortion")
    source = Source(p, distortion, normalize)
    name, value = next(iter(chosen.items()))
    if math.isnan(value):
        raise ValueError(f"{name} must be a number, got nan")
    if name == "beta":
        if value < 0:
            raise ValueError(f"beta must be at least 0, got {beta!r}")
        at_the_end = value == 0 and math.isfinite(source.most)
        shared = _alone(source.last(limits) if at_the_end else source.tangent(limits, value, None))
        n_iter = shared.low.n_iter
    elif name == "target_distortion":
        shared, n_iter = _search(source, value - source.least, False, limits)
    else:
        shared, n_iter = _search(source, value * unit, True, limits)
    result = _result(source, shared, n_iter, limits, memory_limit, unit)
    limits.finish("rate_distortion", shared.gap, result.converged, n_iter, stacklevel=2)
    return result
