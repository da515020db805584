"""Entropies of known distributions: Shannon's, and the families of Rényi and Tsallis around it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _dispatch
from ._arrays import as_number, as_real, count_and_first
from ._distributions import divide_by_sum, finish, log_power_sums, sums_of_one
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

_AS_GOOD_AS_INFINITE = 1e16  # orders whose difference to the limit is below rounding
NEAR_ONE = 0.1  # |order - 1| up to which power sums are taken by their distance from 1, beyond by their logarithm


def as_order(order: Any, name: str) -> float:
    """An order from 0 to infinity."""
    value = as_number(order, name)
    if not value >= 0:
        raise ValueError(f"{name} must be at least 0, got {order!r}")
    return math.inf if value > _AS_GOOD_AS_INFINITE else value


def entropy(
    p: Any, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Shannon entropy -Σ p log p of probability mass functions.

    Parameters
    ----------
    p : array of float, shape (..., n, ...)
        Probabilities, each distribution along ``axis``; non-negative, summing to 1 within 1e-6 (1e-3 for float32).
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    axis : int, default -1
        Axis of the distributions; every other axis is a batch axis.
    keepdims : bool, default False
        Keep ``axis`` with length 1.
    normalize : bool, default False
        Divide each distribution by its sum instead of asking for 1.

    Returns
    -------
    float or ndarray of float64
        Entropy in units of ``base``, from 0 to log n: a float for one distribution, else the shape of ``p`` without
        ``axis``.

    Raises
    ------
    ValueError
        Negative, NaN or infinite entries; a distribution that does not sum to 1 (the worst row is named); no entries.
    TypeError
        ``p`` does not hold real numbers.

    Notes
    -----
    0 log 0 = 0. Each entry is read once: O(n), one logarithm an entry, no temporary. Terms are added pairwise in
    float64 (also for float32 input), relative error below 6e-14 and typically 1e-15 for any n.

    References
    ----------
    Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical Journal 27, section 6.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.entropy([0.5, 0.25, 0.25], base="bits")
    1.5
    >>> ht.entropy([[1.0, 0.0], [0.5, 0.5]], base=2)
    array([0., 1.])
    """
    unit = nats_per_unit(base)
    sums, shape, axis = sums_of_one("pmf_entropy", p, axis, normalize)
    nats = np.log(sums[1]) - sums[0] / sums[1] if normalize else -sums[0]
    return finish(nats, unit, shape, axis, keepdims)


def binary_entropy(p: Any, *, base: Base = None) -> float | NDArray[np.float64]:
    """Entropy H_b(p) = -p log p - (1 - p) log(1 - p) of a coin, element by element.

    Parameters
    ----------
    p : float or array of float, any shape
        Probabilities from 0 to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float or ndarray of float64, shape of p
        From 0 (p = 0 or 1) to log 2 (p = ½), in units of ``base``.

    Raises
    ------
    ValueError
        An entry that is NaN or outside 0 to 1.
    TypeError
        ``p`` does not hold real numbers.

    Notes
    -----
    Relative error at most 6 eps, also near 0 and 1, where the naive 1 - p would round: log(1 - p) is corrected for what
    the subtraction lost. O(n), two logarithms an entry.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.5.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.binary_entropy(0.5, base="bits")
    1.0
    >>> ht.binary_entropy([0.0, 0.25, 1.0], base="bits").round(4)
    array([0.    , 0.8113, 0.    ])
    """
    unit = nats_per_unit(base)
    x = as_real(p, "p")
    flat = x.reshape(-1).astype(np.float64, copy=False)
    nats, all_valid = _dispatch.kernels.pmf_binary_entropy(flat, get_num_threads())
    if not all_valid:
        n_bad, first = count_and_first(~((x >= 0) & (x <= 1)))
        raise ValueError(f"p must be from 0 to 1, got {n_bad} entries that are not, first p[{first}]")
    np.maximum(nats, 0.0, out=nats)
    return float(nats[0]) / unit if x.ndim == 0 else (nats / unit).reshape(x.shape)


def perplexity(
    p: Any, *, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Perplexity exp H(p): the number of equally likely outcomes that are as uncertain as p.

    Parameters
    ----------
    p : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1.
    axis, keepdims, normalize
        As in :func:`entropy`.

    Returns
    -------
    float or ndarray of float64
        From 1 to n, the same in every unit of entropy: 2 to the power of the bits.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy`.

    Notes
    -----
    O(n), one logarithm an entry.

    References
    ----------
    Jelinek, F., Mercer, R. L., Bahl, L. R. & Baker, J. K. (1977). Perplexity: a measure of the difficulty of speech
    recognition tasks. J. Acoustical Society of America 62.

    Examples
    --------
    >>> import hartley as ht
    >>> round(ht.perplexity([0.25, 0.25, 0.25, 0.25]), 12)
    4.0
    """
    values = np.exp(entropy(p, axis=axis, keepdims=keepdims, normalize=normalize))
    return values if isinstance(values, np.ndarray) else float(values)


def renyi_entropy(
    p: Any, alpha: float, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Rényi entropy log(Σ p^alpha) / (1 - alpha) of any order.

    Parameters
    ----------
    p : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1.
    alpha : float
        Order from 0 to ``inf``: 0 is Hartley's log of the number of possible outcomes, 1 Shannon's entropy, 2 the
        collision entropy, ``inf`` the min-entropy -log max p.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`.

    Returns
    -------
    float or ndarray of float64
        From 0 to log n in units of ``base``, falling in ``alpha``.

    Raises
    ------
    ValueError
        ``alpha`` below 0 or NaN; else as :func:`entropy`.
    TypeError
        As :func:`entropy`; ``alpha`` is no number.

    Notes
    -----
    Within 0.1 of order 1 the sum is taken as 1 + Σ p (p^(alpha - 1) - 1), whose second part has no cancellation, so
    that alpha = 1 ± 1e-9 is as accurate as 1; elsewhere as a logarithm of exponentials, so that no order underflows.
    O(n), a logarithm and an exponential an entry.

    References
    ----------
    Rényi, A. (1961). On measures of entropy and information. Proc. 4th Berkeley Symposium 1, eq. 1.21.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.renyi_entropy([0.5, 0.25, 0.25], float("inf"), base="bits")
    1.0
    >>> round(ht.renyi_entropy([0.5, 0.25, 0.25], 2, base="bits"), 4)
    1.415
    """
    unit = nats_per_unit(base)
    order = as_order(alpha, "alpha")
    if order == 1.0:
        return entropy(p, base=base, axis=axis, keepdims=keepdims, normalize=normalize)
    delta = order - 1.0
    if abs(delta) <= NEAR_ONE:
        sums, shape, axis = sums_of_one("pmf_power", p, axis, normalize, delta)
        nats = np.log1p(sums[0] / sums[1]) / -delta + np.log(sums[1])
    elif math.isinf(order):
        _, largest, shape, axis = log_power_sums(p, None, 1.0, 0.0, axis, normalize)
        nats = -largest
    else:
        log_sum, _, shape, axis = log_power_sums(p, None, order, 0.0, axis, normalize)
        nats = log_sum / -delta
    return finish(nats, unit, shape, axis, keepdims)


def tsallis_entropy(
    p: Any, q: float, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Tsallis entropy (1 - Σ p^q) / (q - 1) of any order.

    Parameters
    ----------
    p : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1.
    q : float
        Order from 0 to ``inf``: 0 gives the number of possible outcomes less 1, 1 Shannon's entropy, 2 the probability
        that two draws differ, ``inf`` 0.
    base : float or {"nats", "bits", "hartleys"}, optional
        Divides the result by this unit, so that order 1 is Shannon's entropy in it; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`.

    Returns
    -------
    float or ndarray of float64
        From 0 to (1 - n^(1-q)) / (q - 1).

    Raises
    ------
    ValueError
        ``q`` below 0 or NaN; else as :func:`entropy`.
    TypeError
        As :func:`entropy`; ``q`` is no number.

    Notes
    -----
    Taken as Σ p (p^(q-1) - 1) / (1 - q), without cancellation at any order. O(n), a logarithm and an exponential an
    entry.

    References
    ----------
    Tsallis, C. (1988). Possible generalization of Boltzmann-Gibbs statistics. J. Statistical Physics 52, eq. 1.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.tsallis_entropy([0.5, 0.5], 2)
    0.5
    """
    unit = nats_per_unit(base)
    order = as_order(q, "q")
    if order == 1.0:
        return entropy(p, base=base, axis=axis, keepdims=keepdims, normalize=normalize)
    delta = order - 1.0
    if normalize:
        p = divide_by_sum(p, "p", axis)
    if math.isinf(order):
        sums, shape, axis = sums_of_one("pmf_entropy", p, axis, False)
        return finish(np.zeros_like(sums[0]), unit, shape, axis, keepdims)
    if delta < -NEAR_ONE:  # p^q of tiny p is far from p: no cancellation, but p^(q - 1) may overflow
        log_sum, _, shape, axis = log_power_sums(p, None, order, 0.0, axis, False)
        return finish(np.expm1(log_sum) / -delta, unit, shape, axis, keepdims)
    sums, shape, axis = sums_of_one("pmf_power", p, axis, False, delta)
    return finish(sums[0] / -delta, unit, shape, axis, keepdims)
