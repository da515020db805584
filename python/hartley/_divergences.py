"""Cross-entropy, Kullback-Leibler and Jensen-Shannon divergences of known distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_pair, as_real
from ._distributions import (
    axis_index,
    both_divided_by_sum,
    divide_by_sum,
    finish,
    sums_of_one,
    sums_of_two,
)
from ._entropies import entropy
from ._units import Base, nats_per_unit


def cross_entropy(
    p: Any, q: Any, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Cross-entropy -Σ p log q of q relative to p.

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
        Cross-entropy in units of ``base``, at least H(p); ``inf`` where q = 0 < p somewhere.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy`, for either argument; lengths that differ along ``axis``.

    Notes
    -----
    H(p, q) = H(p) + D(p‖q) holds to rounding. O(n), one logarithm an entry, no temporary.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., section 2.3 and theorem 5.4.3.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.cross_entropy([0.5, 0.5], [0.25, 0.75], base="bits")
    1.207518749639422
    """
    unit = nats_per_unit(base)
    sums, shape, axis = sums_of_two("pmf_cross_entropy", p, q, axis, normalize)
    nats = np.log(sums[2]) - sums[0] / sums[1] if normalize else -sums[0]
    return finish(nats, unit, shape, axis, keepdims)


def kl_divergence(
    p: Any, q: Any, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Kullback-Leibler divergence D(p‖q) = Σ p log(p / q).

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
        Divergence in units of ``base``, at least 0; ``inf`` (without a warning) where q = 0 < p somewhere.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy`, for either argument; lengths that differ along ``axis``.

    Notes
    -----
    A rounding error below 0 is returned as 0. O(n), one logarithm and one division an entry, no temporary.

    References
    ----------
    Kullback, S. & Leibler, R. A. (1951). On information and sufficiency. Annals of Mathematical Statistics 22, eq. 2.4.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.kl_divergence([0.5, 0.5], [0.25, 0.75])
    0.14384103622589042
    >>> ht.kl_divergence([0.5, 0.5], [1.0, 0.0])
    inf
    """
    unit = nats_per_unit(base)
    sums, shape, axis = sums_of_two("pmf_kl_divergence", p, q, axis, normalize)
    nats = sums[0] / sums[1] - np.log(sums[1]) + np.log(sums[2]) if normalize else sums[0]
    return finish(nats, unit, shape, axis, keepdims)


def _checked_weights(weights: Any, m: int) -> NDArray[np.float64]:
    if weights is None:
        return np.full(m, 1.0 / m)
    w = as_real(weights, "weights").astype(np.float64, copy=False)
    if w.shape != (m,):
        raise ValueError(f"weights must have shape ({m},), one for each distribution, got {w.shape}")
    if not (w >= 0).all() or abs(float(w.sum()) - 1.0) > 1e-6:
        raise ValueError(f"weights must be non-negative and sum to 1, got {w.tolist()}")
    normalized: NDArray[np.float64] = w / w.sum()
    return normalized


def _mixture_divergence(
    stack: NDArray[Any], weights: NDArray[np.float64], axis: int, keepdims: bool
) -> float | NDArray[np.float64]:
    """Σ w_i D(p_i‖m) with m = Σ w_i p_i over the first axis, in nats."""
    members = stack[weights > 0].astype(np.float64)  # what has no weight may lie where the mixture does not
    mixture = np.tensordot(weights[weights > 0], members, axes=1)
    divergences = np.asarray(kl_divergence(members, mixture[np.newaxis], axis=axis, keepdims=keepdims))
    bounded = np.minimum(np.tensordot(weights[weights > 0], divergences, axes=1), entropy(weights))
    return float(bounded) if bounded.ndim == 0 else bounded


def js_divergence(
    p: Any,
    q: Any = None,
    *,
    weights: Any = None,
    base: Base = None,
    axis: int = -1,
    keepdims: bool = False,
    normalize: bool = False,
) -> float | NDArray[np.float64]:
    """Jensen-Shannon divergence: ½ D(p‖m) + ½ D(q‖m) with m = (p + q) / 2, or of many weighted distributions.

    Parameters
    ----------
    p : array of float, shape (..., n, ...)
        Probabilities along ``axis``; without ``q`` a stack of m distributions (or batches), one an index of axis 0.
    q : array of float, shape (..., n, ...), optional
        The second distribution; batch axes broadcast.
    weights : array of float, shape (2,) or (m,), optional
        Weight of each distribution, non-negative, summing to 1; equal by default.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides all by their sums.

    Returns
    -------
    float or ndarray of float64
        Σ w_i D(p_i‖m) with m = Σ w_i p_i in units of ``base``: from 0 to H(weights) (1 bit for two equal ones); its
        square root is a metric where the weights are equal.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy`, for either argument; lengths that differ along ``axis``; weights that are no distribution;
        a stack with ``axis`` 0 or less than two axes.

    Notes
    -----
    The divergence, not its square root (which SciPy's ``jensenshannon`` returns). Equal to H(m) - Σ w_i H(p_i) without
    its cancellation: equal distributions give 0 in float32, too. O(n), two logarithms an entry, no temporary for two
    distributions with equal weights; else one mixture.

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37, eqs. 4.1 and 5.1.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.js_divergence([1.0, 0.0], [0.0, 1.0], base="bits")
    1.0
    >>> import numpy as np
    >>> ht.js_divergence(np.eye(4), base="bits")  # four disjoint distributions
    2.0
    """
    unit = nats_per_unit(base)
    if q is None:
        stack = as_real(p, "p")
        index = axis_index(axis, stack.ndim, "p")
        if index == 0:
            raise ValueError(
                "without q, p must be a stack of distributions along axis 0 with their entries along another axis, "
                f"got shape {stack.shape} and axis {axis!r}"
            )
        if len(stack) == 0:
            raise ValueError(f"p has no distributions along axis 0: shape {stack.shape}")
        sums_of_one("pmf_entropy", stack, index, normalize)  # are they distributions?
        members = divide_by_sum(stack, "p", index) if normalize else stack
        return _mixture_divergence(members, _checked_weights(weights, len(stack)), index, keepdims) / unit
    if normalize:
        p, q = both_divided_by_sum(p, q, axis)
    if weights is not None:
        _, shape, index = sums_of_two("pmf_total_variation", p, q, axis, False)  # are they distributions?
        pair = np.stack([np.broadcast_to(v, shape) for v in as_pair(p, q, "p", "q")])
        return _mixture_divergence(pair, _checked_weights(weights, 2), index + 1, keepdims) / unit
    sums, shape, axis = sums_of_two("pmf_js_divergence", p, q, axis, False)
    return finish(np.minimum(sums[0], math.log(2.0)), unit, shape, axis, keepdims)


def js_distance(
    p: Any, q: Any, *, base: Base = None, axis: int = -1, keepdims: bool = False, normalize: bool = False
) -> float | NDArray[np.float64]:
    """Jensen-Shannon distance: the square root of the divergence, a metric.

    Parameters
    ----------
    p, q : array of float, shape (..., n, ...)
        Probabilities along ``axis``, non-negative, summing to 1; the batch axes broadcast.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the divergence under the root; nats by default.
    axis, keepdims, normalize
        As in :func:`entropy`; ``normalize`` divides both by their sums.

    Returns
    -------
    float or ndarray of float64
        From 0 to sqrt(log 2) (1 with base 2).

    Raises
    ------
    ValueError, TypeError
        As :func:`js_divergence`.

    Notes
    -----
    What SciPy's ``jensenshannon`` returns. O(n).

    References
    ----------
    Endres, D. M. & Schindelin, J. E. (2003). A new metric for probability distributions. IEEE Trans. Inf. Theory 49.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.js_distance([1.0, 0.0], [0.0, 1.0], base="bits")
    1.0
    """
    if nats_per_unit(base) < 0:
        raise ValueError(f"base must be above 1 for a distance, got {base!r}")
    divergence = js_divergence(p, q, base=base, axis=axis, keepdims=keepdims, normalize=normalize)
    return divergence**0.5
