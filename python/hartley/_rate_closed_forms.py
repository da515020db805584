"""Rate-distortion functions that have a closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import RealArray, as_number, as_real, count_and_first, require_finite
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GaussianRateDistortion:
    """A point of a Gaussian source's rate-distortion function; see :func:`gaussian_rate_distortion`.

    Attributes
    ----------
    rate : float
        In units of ``base``.
    distortion : float
        Sum of ``distortions``.
    distortions : ndarray of float64, shape (n,)
        min(``water_level``, variance) of each component.
    rates : ndarray of float64, shape (n,)
        ½ log(variance / distortion) of each component, in units of ``base``.
    water_level : float
    """

    rate: float
    distortion: float
    distortions: F64
    rates: F64
    water_level: float


def _level_of_distortion(variances: F64, target: float) -> float:
    """θ with Σ min(θ, σ²) = target."""
    ascending = np.sort(variances)
    n = len(ascending)
    below = np.concatenate([[0.0], np.cumsum(ascending)[:-1]])  # of the components smaller than the k-th
    levels = (target - below) / np.arange(n, 0, -1)
    full = levels <= ascending
    return float(levels[int(np.argmax(full))]) if full.any() else float(ascending[-1])


def _level_of_rate(variances: F64, target: float) -> float:
    """θ with ½ Σ max(0, log(σ² / θ)) = target, a rate in nats."""
    logs = np.log(np.sort(variances[variances > 0])[::-1])
    levels = (np.cumsum(logs) - 2.0 * target) / np.arange(1, len(logs) + 1)  # with the k largest active
    following = np.concatenate([logs[1:], [-math.inf]])
    return math.exp(float(levels[int(np.argmax(levels >= following))]))


def gaussian_rate_distortion(
    variances: Any,
    D: float | None = None,  # noqa: N803  the field's name
    *,
    rate: float | None = None,
    base: Base = None,
) -> GaussianRateDistortion:
    """Rate-distortion function of independent Gaussian components under squared error: reverse water-filling.

    Parameters
    ----------
    variances : float or array of float, shape (n,)
        Variances of the components, at least 0, one of them positive; for dependent ones the eigenvalues of their
        covariance matrix.
    D : float, optional
        Total distortion E Σ (x - x̂)², from 0 to the sum of the variances.
    rate : float, optional
        In place of ``D``: the rate in units of ``base``, at least 0.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of rates; nats by default.

    Returns
    -------
    GaussianRateDistortion
        ``.rate``, ``.distortion``, ``.distortions`` and ``.rates`` of the components, ``.water_level``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite variances, or none positive; ``D`` outside of [0, sum of the variances]; a negative
        rate; not exactly one of ``D`` and ``rate``.
    TypeError
        An argument that is no number.

    Notes
    -----
    R(D) = Σ max(0, ½ log(σ² / θ)) with Σ min(θ, σ²) = D: components below the water level θ get no rate. D = 0 gives
    inf. Exact, O(n log n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 10.3.3.

    Examples
    --------
    >>> from hartley.rate_distortion import gaussian_rate_distortion
    >>> gaussian_rate_distortion(1.0, 0.25, base="bits").rate
    1.0
    >>> gaussian_rate_distortion([4.0, 1.0, 0.1], D=1.1).distortions
    array([0.5, 0.5, 0.1])
    """
    unit = nats_per_unit(base)
    values = np.atleast_1d(np.asarray(as_real(variances, "variances"), dtype=np.float64))
    if values.ndim != 1:
        raise ValueError(f"variances must have one axis, got shape {values.shape}")
    require_finite(values, "variances")
    if np.any(values < 0):
        first = int(np.argmax(values < 0))
        raise ValueError(f"variances must be at least 0, got variances[{first}] = {values[first]:g}")
    if not np.any(values > 0):
        raise ValueError("variances must have a positive entry, got none")
    if (D is None) == (rate is None):
        raise ValueError("give exactly one of D and rate")
    if D is not None:
        target, total = as_number(D, "D"), math.fsum(values)
        if not 0 <= target <= total * (1 + 1e-12):
            raise ValueError(f"D must be in [0, sum of the variances] = [0, {total:.9g}], got {target:.9g}")
        level = _level_of_distortion(values, min(target, total))
    else:
        target = as_number(rate, "rate")
        if not target >= 0:
            raise ValueError(f"rate must be at least 0, got {rate!r}")
        level = _level_of_rate(values, target * unit)
    distortions = np.minimum(values, level)
    active = values > level
    rates = np.zeros(len(values))
    with np.errstate(divide="ignore"):
        rates[active] = 0.5 * (np.log(values[active]) - np.log(level)) / unit
    return GaussianRateDistortion(
        rate=float(rates.sum()) if D is not None else target,
        distortion=float(distortions.sum()) if D is None else target,
        distortions=distortions,
        rates=rates,
        water_level=level,
    )


def _require_probabilities(x: RealArray, name: str) -> None:
    wrong = ~((x >= 0) & (x <= 1))
    if np.any(wrong):
        n_bad, first = count_and_first(wrong)
        raise ValueError(f"{name} must be from 0 to 1, got {n_bad} entries that are not, first {name}[{first}]")


def bernoulli_rate_distortion(p: Any, D: Any, *, base: Base = None) -> float | F64:  # noqa: N803
    """Rate-distortion function of a coin under Hamming distortion: H_b(p) - H_b(D), 0 from D = min(p, 1 - p) on.

    Parameters
    ----------
    p : float or array of float
        Probability of one side, from 0 to 1.
    D : float or array of float
        Probability of error, from 0 to 1; broadcasts with ``p``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the rate; nats by default.

    Returns
    -------
    float or ndarray of float64
        In units of ``base``, at least 0.

    Raises
    ------
    ValueError
        An entry outside of 0 to 1, or NaN; shapes that do not broadcast.
    TypeError
        ``p`` or ``D`` does not hold real numbers.

    Notes
    -----
    Absolute error 4 eps log 2. O(n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 10.3.1.

    Examples
    --------
    >>> from hartley.rate_distortion import bernoulli_rate_distortion
    >>> bernoulli_rate_distortion(0.5, [0.0, 0.11, 0.5], base="bits").round(3)
    array([1. , 0.5, 0. ])
    """
    unit = nats_per_unit(base)
    arrays = [np.asarray(as_real(x, name), dtype=np.float64) for x, name in ((p, "p"), (D, "D"))]
    for values, name in zip(arrays, ("p", "D"), strict=True):
        _require_probabilities(values, name)
    try:
        source, error = np.broadcast_arrays(*arrays)
    except ValueError:
        raise ValueError(f"p and D must broadcast, got shapes {arrays[0].shape} and {arrays[1].shape}") from None
    entropies = [
        _dispatch.kernels.pmf_binary_entropy(np.ascontiguousarray(x).reshape(-1), get_num_threads())[0]
        for x in (source, error)
    ]
    nats = np.where(error < np.minimum(source, 1 - source), (entropies[0] - entropies[1]).reshape(source.shape), 0.0)
    rates: F64 = np.maximum(nats, 0.0) / unit
    return float(rates) if rates.ndim == 0 else rates
