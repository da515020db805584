"""Divergences between two samples of symbols."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import _divergences as divergences
from ._arrays import as_real, to_numpy
from ._symbol_counts import as_rows
from ._units import Base


def _both(x: Any, y: Any) -> Any:
    """Both samples one after the other."""
    first, second = to_numpy(x, "x"), to_numpy(y, "y")
    for array, name in ((first, "x"), (second, "y")):
        if array.ndim not in (1, 2) or len(array) == 0:
            raise ValueError(
                f"{name} must be samples of symbols, shape (n,) or (n, n_columns), got shape {array.shape}"
            )
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"x and y must have equally many columns, got shapes {first.shape} and {second.shape}")
    of_text = [array.dtype.kind in "SUT" for array in (first, second)]
    if of_text[0] != of_text[1] and "O" not in (first.dtype.kind, second.dtype.kind):
        raise TypeError(f"x and y must hold symbols of one type, got {first.dtype} and {second.dtype}")
    return np.concatenate([first, second]), len(first)


def _distributions(x: Any, y: Any, alpha: float) -> tuple[Any, Any]:
    """Relative frequencies of every symbol of either sample."""
    smoothing = float(as_real(alpha, "alpha"))
    if not 0 <= smoothing < math.inf:
        raise ValueError(f"alpha must be at least 0 and finite, got {alpha!r}")
    both, n_x = _both(x, y)
    codes = as_rows({"x and y": both}, "raise").variables[0].codes
    _, codes = np.unique(codes, return_inverse=True)
    size = int(codes.max()) + 1
    found = (np.bincount(part, minlength=size) + smoothing for part in (codes[:n_x], codes[n_x:]))
    p, q = (counts / counts.sum() for counts in found)
    return p, q


def kl_divergence(x: Any, y: Any, *, alpha: float = 0.0, base: Base = None) -> float:
    """Kullback-Leibler divergence of the plug-in distributions of two samples.

    Parameters
    ----------
    x, y : array of symbols, shape (n_x,) and (n_y,), or (n_x, n_columns) and (n_y, n_columns)
        Two samples over the same kind of symbols.
    alpha : float, default 0
        Added to the count of every symbol that either sample has, in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float
        At least 0 in units of ``base``; ``inf`` where x has a symbol that y lacks and ``alpha`` is 0.

    Raises
    ------
    ValueError
        No samples; missing values; ``alpha`` below 0; different numbers of columns.
    TypeError
        Symbols of a type that cannot be compared, or of different types in x and y.

    Notes
    -----
    Plug-in: too high by about (K - 1)/2 (1/n_x + 1/n_y) for overlapping alphabets of K symbols. O(n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.26.

    Examples
    --------
    >>> from hartley import discrete
    >>> round(discrete.kl_divergence(["a", "b"], ["a", "b", "b", "b"]), 4)
    0.1438
    """
    return float(divergences.kl_divergence(*_distributions(x, y, alpha), base=base))


def js_divergence(x: Any, y: Any, *, alpha: float = 0.0, base: Base = None) -> float:
    """Jensen-Shannon divergence of the plug-in distributions of two samples.

    Parameters
    ----------
    x, y : array of symbols, shape (n_x,) and (n_y,), or (n_x, n_columns) and (n_y, n_columns)
        Two samples over the same kind of symbols.
    alpha : float, default 0
        Added to the count of every symbol that either sample has, in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float
        From 0 to log 2 (1 bit), in units of ``base``.

    Raises
    ------
    ValueError
        No samples; missing values; ``alpha`` below 0; different numbers of columns.
    TypeError
        Symbols of a type that cannot be compared, or of different types in x and y.

    Notes
    -----
    Plug-in, with equal weights whatever the sample sizes; too high for small samples. O(n).

    References
    ----------
    Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Trans. Inf. Theory 37, eq. 4.1.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.js_divergence([0, 0], [1, 1, 1], base="bits")
    1.0
    """
    return float(divergences.js_divergence(*_distributions(x, y, alpha), base=base))


def cross_entropy(x: Any, y: Any, *, alpha: float = 0.0, base: Base = None) -> float:
    """Cross-entropy of the plug-in distribution of y relative to that of x.

    Parameters
    ----------
    x, y : array of symbols, shape (n_x,) and (n_y,), or (n_x, n_columns) and (n_y, n_columns)
        Two samples over the same kind of symbols.
    alpha : float, default 0
        Added to the count of every symbol that either sample has, in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float
        At least H(x) in units of ``base``; ``inf`` where x has a symbol that y lacks and ``alpha`` is 0.

    Raises
    ------
    ValueError
        No samples; missing values; ``alpha`` below 0; different numbers of columns.
    TypeError
        Symbols of a type that cannot be compared, or of different types in x and y.

    Notes
    -----
    -Σ p log q with the frequencies p of x and q of y. O(n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorem 5.4.3.

    Examples
    --------
    >>> from hartley import discrete
    >>> discrete.cross_entropy([0, 1], [0, 1, 1, 0], base="bits")
    1.0
    """
    return float(divergences.cross_entropy(*_distributions(x, y, alpha), base=base))
