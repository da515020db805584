"""Estimates from samples of symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import pmf
from ._arrays import as_real
from ._units import Base, nats_per_unit

_ESTIMATORS = ("mle", "miller_madow")


def _checked_counts(counts: Any) -> NDArray[np.float64]:
    """The positive counts, as float64 (whole numbers are exact up to 2**53)."""
    array = as_real(counts, "counts")
    if array.ndim != 1:
        raise ValueError(f"counts must have shape (n_symbols,), got {array.shape}")
    whole = np.isfinite(array) & (array >= 0) & (array == np.floor(array))
    if not whole.all():
        index = int(np.argmin(whole))
        raise ValueError(f"counts must be whole numbers of at least 0, got counts[{index}] = {array[index]!s}")
    positive = array[array > 0].astype(np.float64, copy=False)
    if positive.size == 0:
        raise ValueError(f"counts has no positive entry (of {array.size}): there is no sample")
    return positive


def entropy_from_counts(counts: Any, *, estimator: str = "mle", base: Base = None) -> float:
    """Entropy of a source of symbols, estimated from how often each symbol was seen.

    Parameters
    ----------
    counts : array of int, shape (n_symbols,)
        How often each symbol was seen; whole numbers of at least 0, one at least positive. Zeros change nothing.
    estimator : {"mle", "miller_madow"}, default "mle"
        ``"mle"`` is the plug-in value -Σ (c/n) log(c/n), ``"miller_madow"`` adds its first-order bias correction.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float
        Entropy in units of ``base``: from 0 to log K for ``"mle"``, where K is the number of symbols seen;
        ``"miller_madow"`` may exceed log K by less than K / (2 n).

    Raises
    ------
    ValueError
        Negative, fractional, NaN or infinite counts; no positive count; more than one axis; an unknown estimator.
    TypeError
        ``counts`` does not hold real numbers.

    Notes
    -----
    With n = Σ c and K symbols seen, the plug-in value is too low by (K_true - 1) / (2 n) + O(1/n²); Miller and Madow
    add (K - 1) / (2 n). Where the coverage (:func:`coverage`) is low, K is far below K_true and both are too low. O(K).

    References
    ----------
    Miller, G. A. (1955). Note on the bias of information estimates. In Information Theory in Psychology, 95-100.

    Examples
    --------
    >>> from hartley import discrete
    >>> round(discrete.entropy_from_counts([2, 1, 1], base="bits"), 12)
    1.5
    >>> round(discrete.entropy_from_counts([2, 1, 1], estimator="miller_madow", base="bits"), 4)
    1.8607
    """
    unit = nats_per_unit(base)
    if estimator not in _ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(_ESTIMATORS)}, got {estimator!r}")
    positive = _checked_counts(counts)
    if positive.size == 1:
        return 0.0
    n_samples = float(positive.sum())
    nats = float(pmf.entropy(positive / n_samples, normalize=True))
    if estimator == "miller_madow":
        nats += (positive.size - 1) / (2.0 * n_samples)
    return nats / unit


def coverage(counts: Any) -> float:
    """Good-Turing estimate of the probability that the next symbol is one already seen.

    Parameters
    ----------
    counts : array of int, shape (n_symbols,)
        How often each symbol was seen; whole numbers of at least 0, at least one of them positive.

    Returns
    -------
    float
        1 - f1 / n, from 0 (every symbol was seen once) to 1 (none was), where f1 symbols were seen once in n samples.

    Raises
    ------
    ValueError, TypeError
        As :func:`entropy_from_counts`.

    Notes
    -----
    Under about 0.5 an entropy estimate says more about the size of the sample than about its source. O(K).

    References
    ----------
    Good, I. J. (1953). The population frequencies of species and the estimation of population parameters.
    Biometrika 40, eq. 9.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.coverage([3, 2, 1, 1, 1])
    0.625
    """
    positive = _checked_counts(counts)
    return 1.0 - float(np.count_nonzero(positive == 1)) / float(positive.sum())
