"""f-divergences Σ q f(p / q): the general one, and the direct forms of those with a name of their own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_number, as_pair
from ._distributions import both_divided_by_sum, finish, sums_of_two
from ._divergences import js_divergence
from ._units import Base, nats_per_unit

Generator: TypeAlias = str | tuple[str, float] | Callable[[NDArray[np.float64]], Any]

_KERNELS = {
    "total_variation": "pmf_total_variation",
    "chi2": "pmf_chi2_divergence",
    "hellinger2": "pmf_squared_hellinger",
    "jeffreys": "pmf_jeffreys_divergence",
    "le_cam": "pmf_le_cam_divergence",
    "kl": "pmf_kl_divergence",
}
_NAMES = ("kl", "reverse_kl", "total_variation", "chi2", "jensen_shannon", "hellinger2", "jeffreys", "le_cam", "gan")
_CHUNK = 1 << 18  # entries that a callable sees at once: 2 MiB


def _both_normalized(p: Any, q: Any, axis: int, normalize: bool) -> tuple[Any, Any]:
    if not normalize:
        return p, q
    return both_divided_by_sum(p, q, axis)


def _direct(kernel: str, p: Any, q: Any, axis: int, keepdims: bool, normalize: bool) -> Any:
    p, q = _both_normalized(p, q, axis, normalize)
    sums, shape, axis = sums_of_two(kernel, p, q, axis, False)
    return finish(sums[0], 1.0, shape, axis, keepdims)


def _alpha_divergence(p: Any, q: Any, a: float, axis: int, keepdims: bool) -> Any:
    """Σ q ((p/q)^a - 1) / (a (a - 1)): Σ p ((p/q)^(a-1) - 1) over the same, and D_a(p‖q) = D_(1-a)(q‖p)."""
    names = ("p", "q")
    if a < 0.5:
        p, q, a, names = q, p, 1.0 - a, ("q", "p")
    if a == 1.0:
        sums, shape, axis = sums_of_two("pmf_kl_divergence", p, q, axis, False, names=names)
        return finish(sums[0], 1.0, shape, axis, keepdims)
    # beyond 1e30 every ratio but 1 has reached its limit, also in float32
    sums, shape, axis = sums_of_two("pmf_power_ratio", p, q, axis, False, min(a - 1.0, 1e30), names=names)
    return finish(sums[0] / a / (a - 1.0), 1.0, shape, axis, keepdims)


def _limit(value: float | None, name: str, meaning: str, f: Callable[..., Any], at: float | None) -> float:
    """The limit that the caller gave, or f's own value at 0."""
    if value is not None:
        limit = as_number(value, name)
        if math.isnan(limit):
            raise ValueError(f"{name} must not be NaN")
        return limit
    if at is not None:
        with np.errstate(all="ignore"):
            own = float(np.asarray(f(np.array([at])), dtype=np.float64).reshape(-1)[0])
        if math.isfinite(own):
            return own
    raise ValueError(f"{name} must be given: there are entries with {meaning}, where f needs its limit")


def _values(f: Callable[..., Any], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.asarray(f(ratio))
    if values.dtype.kind not in "biuf":
        raise TypeError(f"f must return real numbers, got dtype {values.dtype}")
    values = values.astype(np.float64, copy=False)
    if values.shape != ratio.shape:
        raise ValueError(f"f must be vectorised: for {ratio.shape} ratios it returned shape {values.shape}")
    if np.isnan(values).any():
        raise ValueError(f"f returned NaN, first for the ratio {ratio[np.isnan(values)][0]!s}")
    return values


def _as_rows(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    """x broadcast to the shape, one distribution a row."""
    full = np.broadcast_to(x.reshape((1,) * (len(shape) - x.ndim) + x.shape), shape)
    return np.moveaxis(full, axis, -1).reshape(-1, shape[axis])


def _of_callable(
    p: Any, q: Any, f: Callable[..., Any], f0: float | None, slope: float | None, axis: int
) -> tuple[NDArray[np.float64], tuple[int, ...], int]:
    _, shape, axis = sums_of_two("pmf_total_variation", p, q, axis, False)  # are they distributions?
    x, y = as_pair(p, q, "p", "q")
    x, y = _as_rows(x, shape, axis), _as_rows(y, shape, axis)
    totals = np.zeros(len(x))
    rows_at_once = max(1, _CHUNK // shape[axis])
    for row in range(0, len(x), rows_at_once):
        for column in range(0, shape[axis], _CHUNK):
            part = (slice(row, row + rows_at_once), slice(column, column + _CHUNK))
            a, b = x[part].astype(np.float64), y[part].astype(np.float64)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                ratio = a / b
            both, only_p, only_q = (a > 0) & (ratio < np.inf), ratio == np.inf, (a == 0) & (b > 0)
            terms = np.zeros_like(a)
            terms[both] = b[both] * _values(f, ratio[both])
            if only_p.any():
                terms[only_p] = a[only_p] * _limit(slope, "f_inf_slope", "q = 0 < p", f, None)
            if only_q.any():
                terms[only_q] = b[only_q] * _limit(f0, "f0", "p = 0 < q", f, 0.0)
            totals[part[0]] += terms.sum(axis=1)
    return totals, shape, axis


def f_divergence(
    p: Any,
    q: Any,
    f: Generator,
    *,
    f0: float | None = None,
    f_inf_slope: float | None = None,
    base: Base = None,
    axis: int = -1,
    keepdims: bool = False,
    normalize: bool = False,
) -> float | NDArray[np.float64]:
    """f-divergence Σ q f(p / q) of a convex f with f(1) = 0.

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    f : str, ("alpha", a) or callable
        ``"kl"`` (t log t), ``"reverse_kl"`` (-log t), ``"total_variation"`` (½|t - 1|), ``"chi2"`` ((t - 1)²),
        ``"jensen_shannon"``, ``"hellinger2"`` (½(√t - 1)²), ``"jeffreys"`` ((t - 1) log t), ``"le_cam"``
        (½(t - 1)²/(t + 1)), ``"gan"`` (t log t - (t + 1) log((t + 1)/2), twice Jensen-Shannon), ``("alpha", a)`` (the
        Cressie-Read family (t^a - 1)/(a(a - 1)); its limits at 1 and 0 are KL and reverse KL), or a vectorised function
        of an array of ratios t > 0.
    f0, f_inf_slope : float, optional
        Limits of a callable: f(0), needed where p = 0 < q (tried as f(0) if not given), and f(t)/t for t → ∞, needed
        where q = 0 < p. ``inf`` is allowed.
    base : float or {"nats", "bits", "hartleys"}, optional
        Divides the result by this unit; meant for the divergences that are information. Nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        At least 0; ``inf`` where a zero makes it so.

    Raises
    ------
    ValueError
        An unknown name; a limit of a callable that is needed and was not given; a callable that gives NaN or another
        shape; else as :func:`kl_divergence`.
    TypeError
        ``f`` is none of these; else as :func:`kl_divergence`.

    Notes
    -----
    Named ones run in one pass without temporaries; a callable sees at most 2^18 ratios at once. O(n).

    References
    ----------
    Csiszár, I. (1967). Information-type measures of difference of probability distributions. Studia Sci. Math. Hung. 2.
    Cressie, N. & Read, T. R. C. (1984). Multinomial goodness-of-fit tests. J. Royal Statistical Society B 46.
    Nowozin, S., Cseke, B. & Tomioka, R. (2016). f-GAN. NeurIPS, table 1.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.f_divergence([0.5, 0.5], [0.25, 0.75], "total_variation")
    0.25
    >>> round(ht.f_divergence([0.5, 0.5], [0.25, 0.75], lambda t: (t - 1) ** 2), 12) == round(1 / 3, 12)
    True
    """
    unit = nats_per_unit(base)
    p, q = _both_normalized(p, q, axis, normalize)
    if callable(f):
        totals, shape, axis = _of_callable(p, q, f, f0, f_inf_slope, axis)
        return finish(totals, unit, shape, axis, keepdims)
    if isinstance(f, str) and f == "reverse_kl":
        f = ("alpha", 0.0)
    if isinstance(f, tuple):
        if len(f) != 2 or f[0] != "alpha" or not math.isfinite(a := as_number(f[1], 'a of ("alpha", a)')):
            raise ValueError(f'f must be ("alpha", a finite number), a name or a function, got {f!r}')
        nats: float | NDArray[np.float64] = _alpha_divergence(p, q, a, axis, keepdims)
        return nats / unit
    if not isinstance(f, str):
        raise TypeError(f'f must be a name, ("alpha", a) or a function, got {f!r}')
    if f == "gan":
        return 2.0 * js_divergence(p, q, base=base, axis=axis, keepdims=keepdims)
    if f == "jensen_shannon":
        return js_divergence(p, q, base=base, axis=axis, keepdims=keepdims)
    if f not in _KERNELS:
        raise ValueError(f'f must be one of {", ".join(_NAMES)}, ("alpha", a) or a function, got {f!r}')
    nats = _direct(_KERNELS[f], p, q, axis, keepdims, False)
    return nats / unit


def total_variation(
    p: Any, q: Any, *, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Total variation distance ½ Σ |p - q|.

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        From 0 to 1 (disjoint): the largest difference of the probabilities of one event. No unit.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    O(n), no temporary.

    References
    ----------
    Levin, D. A., Peres, Y. & Wilmer, E. L. (2009). Markov Chains and Mixing Times, eq. 4.2.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.total_variation([0.5, 0.5], [0.25, 0.75])
    0.25
    """
    distance = _direct("pmf_total_variation", p, q, axis, keepdims, normalize)
    return np.minimum(distance, 1.0) if isinstance(distance, np.ndarray) else min(distance, 1.0)


def chi2_divergence(
    p: Any, q: Any, *, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Pearson's χ² divergence Σ (p - q)² / q.

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        At least 0; ``inf`` where q = 0 < p somewhere. No unit.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    log(1 + χ²) is the Rényi divergence of order 2 and bounds the Kullback-Leibler divergence. O(n), no temporary.

    References
    ----------
    Pearson, K. (1900). On the criterion that a given system of deviations from the probable ... Philos. Magazine 50.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.chi2_divergence([0.5, 0.5], [0.25, 0.75]), 12)
    0.333333333333
    """
    divergence: float | NDArray[np.float64] = _direct("pmf_chi2_divergence", p, q, axis, keepdims, normalize)
    return divergence


def hellinger_distance(
    p: Any, q: Any, *, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Hellinger distance √(½ Σ (√p - √q)²).

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        From 0 to 1 (disjoint), a metric. No unit.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    With the factor ½, so that 1 is the largest value; √(1 - Σ√(p q)) without its cancellation. O(n), no temporary.

    References
    ----------
    Hellinger, E. (1909). Neue Begründung der Theorie quadratischer Formen ... J. reine und angewandte Mathematik 136.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.hellinger_distance([1.0, 0.0], [0.0, 1.0])
    1.0
    """
    square = _direct("pmf_squared_hellinger", p, q, axis, keepdims, normalize)
    return np.sqrt(np.minimum(square, 1.0)) if isinstance(square, np.ndarray) else math.sqrt(min(square, 1.0))
