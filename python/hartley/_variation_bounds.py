"""Bounds between total variation and Kullback-Leibler divergence, and what they say about tests."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_result
from ._ranges import DIVERGENCE, POSITIVE_PROBABILITY, PROBABILITY, as_numbers
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]


def pinsker(kl: Any, *, base: Base = None) -> float | F64:
    """Pinsker's upper bound of total variation by a Kullback-Leibler divergence.

    Parameters
    ----------
    kl : float or array of float
        D(p‖q), at least 0, infinity included, in units of ``base``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of ``kl``; nats by default.

    Returns
    -------
    float or ndarray of float64, shape of kl
        min(1, √(D / 2)), D in nats: at least ½ Σ |p - q|.

    Raises
    ------
    ValueError
        A negative or NaN divergence.
    TypeError
        ``kl`` does not hold real numbers.

    Notes
    -----
    The ratio of both sides goes to 1 for near distributions on two equal halves. Says nothing from D = 2 nats on;
    :func:`bretagnolle_huber` is the lower of the two from 1.594 nats on. The other direction is
    :func:`kl_lower_bound`. O(1) an entry.

    References
    ----------
    Csiszár, I. (1967). Information-type measures of difference of probability distributions and indirect observation.
    Studia Scientiarum Mathematicarum Hungarica 2, theorem 4.1.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.pinsker([0.02, 8.0])
    array([0.1, 1. ])
    """
    nats = as_numbers(kl, "kl", DIVERGENCE) * nats_per_unit(base)
    return as_result(np.minimum(1.0, np.sqrt(0.5 * nats)))


def bretagnolle_huber(kl: Any, *, base: Base = None) -> float | F64:
    """Upper bound of total variation by a Kullback-Leibler divergence, below 1 for every finite one.

    Parameters
    ----------
    kl : float or array of float
        D(p‖q), at least 0, infinity included, in units of ``base``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of ``kl``; nats by default.

    Returns
    -------
    float or ndarray of float64, shape of kl
        √(1 - e^(-D)), D in nats: at least ½ Σ |p - q|; from 0 to 1.

    Raises
    ------
    ValueError
        A negative or NaN divergence.
    TypeError
        ``kl`` does not hold real numbers.

    Notes
    -----
    √2 times :func:`pinsker` for near distributions, the lower of the two from D = 1.594 nats on. O(1) an entry.

    References
    ----------
    Bretagnolle, J. & Huber, C. (1979). Estimation des densités: risque minimax. Zeitschrift für
    Wahrscheinlichkeitstheorie 47, lemma 2.1.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.bretagnolle_huber([0.0, float("inf")])
    array([0., 1.])
    """
    nats = as_numbers(kl, "kl", DIVERGENCE) * nats_per_unit(base)
    return as_result(np.sqrt(-np.expm1(-nats)))


def kl_lower_bound(total_variation: Any, *, base: Base = None) -> float | F64:
    """Lower bound of a Kullback-Leibler divergence by total variation: both bounds above, turned around.

    Parameters
    ----------
    total_variation : float or array of float
        ½ Σ |p - q|, from 0 to 1.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float or ndarray of float64, shape of total_variation
        The larger of 2 V² (Pinsker) and -log(1 - V²) (Bretagnolle-Huber), in units of ``base``; infinite at 1.

    Raises
    ------
    ValueError
        A total variation outside 0 to 1.
    TypeError
        ``total_variation`` does not hold real numbers.

    Notes
    -----
    Pinsker's is the larger up to V = 0.893. O(1) an entry.

    References
    ----------
    As :func:`pinsker` and :func:`bretagnolle_huber`.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.kl_lower_bound([0.5, 1.0])
    array([0.5, inf])
    """
    v = as_numbers(total_variation, "total_variation", PROBABILITY)
    with np.errstate(divide="ignore"):  # log 0 at 1
        nats = np.maximum(2.0 * v * v, -np.log1p(-v) - np.log1p(v))
    return as_result(nats / nats_per_unit(base))


def reverse_pinsker(total_variation: Any, least_probability: Any, *, base: Base = None) -> float | F64:
    """Upper bound of D(p‖q) by total variation where q has no small probabilities.

    Parameters
    ----------
    total_variation : float or array of float
        ½ Σ |p - q|, from 0 to 1.
    least_probability : float or array of float
        The least probability of q, greater than 0 and at most 1; broadcasts with ``total_variation``.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float or ndarray of float64
        log(1 + 2 V² / q_min), in units of ``base``.

    Raises
    ------
    ValueError
        A total variation outside 0 to 1, a probability that is not greater than 0; shapes that do not broadcast.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    D ≤ log(1 + χ²) and χ² ≤ max |p - q| Σ |p - q| / q_min ≤ 2 V² / q_min. No such bound exists without q_min. Attained
    for two outcomes where q is uniform and p is certain. O(1) an entry.

    References
    ----------
    Sason, I. & Verdú, S. (2016). f-divergence inequalities. IEEE Transactions on Information Theory 62, 5973-6006.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.reverse_pinsker(0.5, 0.5, base="bits")
    1.0
    """
    v = as_numbers(total_variation, "total_variation", PROBABILITY)
    least = as_numbers(least_probability, "least_probability", POSITIVE_PROBABILITY)
    try:
        np.broadcast_shapes(v.shape, least.shape)
    except ValueError:
        raise ValueError(
            f"total_variation and least_probability must broadcast, got shapes {v.shape} and {least.shape}"
        ) from None
    return as_result(np.log1p(2.0 * v * v / least) / nats_per_unit(base))


def le_cam_bound(total_variation: Any) -> float | F64:
    """Le Cam's lower bound of the error of every test between two equally probable distributions.

    Parameters
    ----------
    total_variation : float or array of float
        ½ Σ |p - q|, from 0 to 1.

    Returns
    -------
    float or ndarray of float64, shape of total_variation
        (1 - V) / 2: a probability from 0 to ½.

    Raises
    ------
    ValueError
        A total variation outside 0 to 1.
    TypeError
        ``total_variation`` does not hold real numbers.

    Notes
    -----
    Attained by the test that picks the distribution under which the observation is more probable. With a separation of
    2 δ between the two parameters, δ (1 - V) / 2 bounds the minimax risk (Le Cam's two points). For n samples take the
    total variation of the n-fold products, for instance by ``pinsker(n * kl)``. O(1) an entry.

    References
    ----------
    Le Cam, L. (1973). Convergence of estimates under dimensionality restrictions. Annals of Statistics 1, 38-53.
    Tsybakov, A. B. (2009). Introduction to Nonparametric Estimation, theorem 2.2. Springer.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.le_cam_bound([0.0, 0.5, 1.0])
    array([0.5 , 0.25, 0.  ])
    """
    v = as_numbers(total_variation, "total_variation", PROBABILITY)
    return as_result(0.5 * (1.0 - v))
