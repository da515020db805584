"""Divergences between two samples of symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _divergences as divergences
from ._arrays import as_number, to_numpy
from ._codes import code, join, positions
from ._symbols import as_columns, complete_rows
from ._units import Base

_KINDS = {"S": "bytes", "U": "text", "T": "text", "M": "times", "m": "durations", "O": "objects"}


def _both(x: Any, y: Any) -> tuple[NDArray[Any], int]:
    """Both samples one after the other, without a change of any symbol."""
    first, second = to_numpy(x, "x"), to_numpy(y, "y")
    for array, name in ((first, "x"), (second, "y")):
        if array.ndim not in (1, 2) or len(array) == 0:
            raise ValueError(f"{name} must have shape (n_samples,) or (n_samples, n_columns), got {array.shape}")
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"x and y must have equally many columns, got shapes {first.shape} and {second.shape}")
    kinds = {_KINDS.get(array.dtype.kind, "numbers") for array in (first, second)}
    if len(kinds) > 1 and "objects" not in kinds:
        raise TypeError(f"x and y must hold symbols of one type, got {first.dtype} and {second.dtype}")
    rounds = kinds == {"numbers"} and np.result_type(first, second).kind == "f"
    if rounds and any(array.dtype.kind in "iu" and array.dtype.itemsize == 8 for array in (first, second)):
        first, second = first.astype(object), second.astype(object)  # float64 would join large whole numbers
    return np.concatenate([first, second]), len(first)


def _distributions(x: Any, y: Any, alpha: float, nan_policy: str) -> tuple[Any, Any]:
    """Relative frequencies of every symbol of either sample."""
    smoothing = as_number(alpha, "alpha")
    if not 0 <= smoothing < 1e300:
        raise ValueError(f"alpha must be at least 0 and finite, got {alpha!r}")
    both, n_x = _both(x, y)
    complete, present = complete_rows({"x and y": as_columns(both, "x and y")}, nan_policy)
    coded = positions(join([code(column) for column in complete[0]]).codes)
    codes = coded.codes
    n_x = n_x if present is None else int(np.count_nonzero(present[:n_x]))
    if not 0 < n_x < len(codes):
        raise ValueError(f"{'y' if n_x else 'x'} has no sample without a missing value")
    found = (np.bincount(part, minlength=coded.size) + smoothing for part in (codes[:n_x], codes[n_x:]))
    p, q = (counts / counts.sum() for counts in found)
    return p, q


def kl_divergence(x: Any, y: Any, *, alpha: float = 0.0, base: Base = None, nan_policy: str = "raise") -> float:
    """Kullback-Leibler divergence of the plug-in distributions of two samples.

    Parameters
    ----------
    x, y : array of symbols, shape (n_x,) and (n_y,), or (n_x, n_columns) and (n_y, n_columns)
        Two samples over the same kind of symbols.
    alpha : float, default 0
        Added to the count of every symbol that either sample has, in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", samples with a missing value are left out.

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
    Plug-in: too high by about (K - 1)/(2 n_x) + (Σ p/q - 1)/(2 n_y) for alphabets of K symbols that overlap. O(n).

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., eq. 2.26.

    Examples
    --------
    >>> from hartley import discrete
    >>> round(discrete.kl_divergence(["a", "b"], ["a", "b", "b", "b"]), 4)
    0.1438
    """
    return float(divergences.kl_divergence(*_distributions(x, y, alpha, nan_policy), base=base))


def js_divergence(x: Any, y: Any, *, alpha: float = 0.0, base: Base = None, nan_policy: str = "raise") -> float:
    """Jensen-Shannon divergence of the plug-in distributions of two samples.

    Parameters
    ----------
    x, y : array of symbols, shape (n_x,) and (n_y,), or (n_x, n_columns) and (n_y, n_columns)
        Two samples over the same kind of symbols.
    alpha : float, default 0
        Added to the count of every symbol that either sample has, in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", samples with a missing value are left out.

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
    return float(divergences.js_divergence(*_distributions(x, y, alpha, nan_policy), base=base))


def cross_entropy(x: Any, y: Any, *, alpha: float = 0.0, base: Base = None, nan_policy: str = "raise") -> float:
    """Cross-entropy of the plug-in distribution of y relative to that of x.

    Parameters
    ----------
    x, y : array of symbols, shape (n_x,) and (n_y,), or (n_x, n_columns) and (n_y, n_columns)
        Two samples over the same kind of symbols.
    alpha : float, default 0
        Added to the count of every symbol that either sample has, in both.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    nan_policy : {"raise", "omit"}, default "raise"
        With "omit", samples with a missing value are left out.

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
    return float(divergences.cross_entropy(*_distributions(x, y, alpha, nan_policy), base=base))
