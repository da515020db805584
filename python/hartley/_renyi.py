"""Rényi divergences of known distributions, Bhattacharyya's among them, and Jeffreys'."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._distributions import both_divided_by_sum, finish, log_power_sums, sums_of_two
from ._divergences import kl_divergence
from ._entropies import NEAR_ONE, as_order
from ._units import Base, nats_per_unit


def jeffreys_divergence(
    p: Any, q: Any, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Jeffreys divergence D(p‖q) + D(q‖p) = Σ (p - q) log(p / q).

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        At least 0, symmetric; ``inf`` where only one of the two is 0 somewhere.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    Every term is at least 0 and keeps its digits where p is near q. O(n), one logarithm an entry, no temporary.

    References
    ----------
    Jeffreys, H. (1946). An invariant form for the prior probability in estimation problems. Proc. Royal Society A 186.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.jeffreys_divergence([0.5, 0.5], [0.25, 0.75]), 12)
    0.274653072167
    """
    unit = nats_per_unit(base)
    if normalize:
        p, q = both_divided_by_sum(p, q, axis)
    sums, shape, axis = sums_of_two("pmf_jeffreys_divergence", p, q, axis, False)
    return finish(sums[0], unit, shape, axis, keepdims)


def renyi_divergence(
    p: Any, q: Any, alpha: float, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Rényi divergence log(Σ p^alpha q^(1 - alpha)) / (alpha - 1) of any order.

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    alpha : float
        Order from 0 to ``inf``: 0 gives -log q(p > 0), ½ twice the Bhattacharyya distance, 1 the Kullback-Leibler
        divergence, ``inf`` log max p / q.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        At least 0, rising in ``alpha``; ``inf`` where q = 0 < p somewhere (for alpha below 1: everywhere).

    Raises
    ------
    ValueError
        ``alpha`` below 0 or NaN; else as :func:`kl_divergence`.
    TypeError
        As :func:`kl_divergence`; ``alpha`` is no number.

    Notes
    -----
    Near order 1 and elsewhere as in :func:`renyi_entropy`: no cancellation, no overflow. O(n).

    References
    ----------
    van Erven, T. & Harremoës, P. (2014). Rényi divergence and Kullback-Leibler divergence. IEEE Trans. Inf. Theory 60.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.renyi_divergence([0.5, 0.5], [0.25, 0.75], 2), 12)
    0.287682072452
    """
    unit = nats_per_unit(base)
    order = as_order(alpha, "alpha")
    if order == 1.0:
        return kl_divergence(p, q, base=base, axis=axis, keepdims=keepdims, normalize=normalize)
    if math.isinf(order):
        _, nats, shape, axis = log_power_sums(p, q, 1.0, -1.0, axis, normalize)
        return finish(nats, unit, shape, axis, keepdims)
    delta = order - 1.0
    if abs(delta) <= NEAR_ONE:
        if normalize:
            p, q = both_divided_by_sum(p, q, axis)
        sums, shape, index = sums_of_two("pmf_power_ratio", p, q, axis, False, delta)
        if sums.size == 0 or sums[0].min() > -0.5:  # less than half of p is where q has next to nothing
            nats = np.log1p(sums[0] / sums[1]) / delta - np.log(sums[1]) + np.log(sums[2])
            return finish(nats, unit, shape, index, keepdims)
        normalize = False
    log_sum, _, shape, axis = log_power_sums(p, q, order, -delta, axis, normalize)
    return finish(log_sum / delta, unit, shape, axis, keepdims)


def bhattacharyya_distance(
    p: Any, q: Any, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Bhattacharyya distance -log Σ √(p q).

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        At least 0, symmetric; ``inf`` for distributions without a common outcome. No metric in spite of its name.

    Raises
    ------
    ValueError, TypeError
        As :func:`kl_divergence`.

    Notes
    -----
    -log(1 - h²) with the squared Hellinger distance h² where that is small, so that close distributions keep their
    digits; the logarithm of a sum of exponentials elsewhere. O(n).

    References
    ----------
    Bhattacharyya, A. (1943). On a measure of divergence between two statistical populations. Bulletin of the Calcutta
    Mathematical Society 35.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.bhattacharyya_distance([0.5, 0.5], [0.25, 0.75]), 12)
    0.034668232098
    """
    unit = nats_per_unit(base)
    if normalize:
        p, q = both_divided_by_sum(p, q, axis)
    sums, shape, index = sums_of_two("pmf_squared_hellinger", p, q, axis, False)
    far = sums[0] > 0.5
    nats = -np.log1p(-np.where(far, 0.5, sums[0]))
    if far.any():
        nats = np.where(far, -log_power_sums(p, q, 0.5, 0.5, axis, False)[0], nats)
    return finish(nats, unit, shape, index, keepdims)
