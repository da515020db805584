"""The most entropy under a constraint."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_result
from ._positive_definite import as_symmetric, cholesky
from ._ranges import FINITE, POSITIVE, as_numbers, as_whole_numbers, require_all
from ._units import Base, nats_per_unit

F64: TypeAlias = NDArray[np.float64]


def maximum_entropy(
    n: Any = None, *, support: Any = None, variance: Any = None, covariance: Any = None, base: Base = None
) -> float | F64:
    """The largest entropy that a variable can have: among n values, on an interval, or with a variance.

    Exactly one of the first four arguments.

    Parameters
    ----------
    n : int or array of int, optional
        Number of values, at least 1: log n, of the uniform distribution.
    support : pair of float or of arrays of float, optional
        Ends (a, b) of an interval, a < b: the differential entropy log(b - a), of the uniform density.
    variance : float or array of float, optional
        Greater than 0: the differential entropy ½ log(2πe σ²), of the normal density.
    covariance : array of float, shape (..., d, d), optional
        Of a vector, symmetric and positive definite: ½ log((2πe)^d det Σ), of the normal density.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    float or ndarray of float64
        In units of ``base``. Differential entropies may be negative.

    Raises
    ------
    ValueError
        None or more than one of the four; a number out of its range; a matrix that is not symmetric or not positive
        definite.
    TypeError
        Arguments that hold no real numbers.

    Notes
    -----
    A variable's own entropy falls short of it by its divergence from the distribution that attains it. O(1) a number,
    O(d³) a matrix.

    References
    ----------
    Cover, T. M. & Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., theorems 2.6.4 and 8.6.5, section
    12.2.

    Examples
    --------
    >>> from hartley import inequalities
    >>> inequalities.maximum_entropy(8, base="bits")
    3.0
    >>> inequalities.maximum_entropy(support=(0, 1))
    0.0
    >>> round(inequalities.maximum_entropy(variance=1.0), 6)
    1.418939
    """
    unit = nats_per_unit(base)
    given = {"n": n, "support": support, "variance": variance, "covariance": covariance}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        told = ", ".join(named) if named else "none"
        raise ValueError(f"exactly one of n, support, variance and covariance must be given, got {told}")
    if n is not None:
        nats = np.log(as_whole_numbers(n, "n", 1))
    elif support is not None:
        nats = _log_length(support)
    elif variance is not None:
        nats = 0.5 * (math.log(2.0 * math.pi) + 1.0 + np.log(as_numbers(variance, "variance", POSITIVE)))
    else:
        matrix = as_symmetric(covariance, "covariance")
        factor = cholesky(matrix, "covariance", "a vector that lies in a plane has differential entropy -inf")
        roots = np.diagonal(factor, axis1=-2, axis2=-1)
        nats = 0.5 * roots.shape[-1] * (math.log(2.0 * math.pi) + 1.0) + np.log(roots).sum(axis=-1)
    return as_result(np.asarray(nats / unit))


def _log_length(support: Any) -> F64:
    if not hasattr(support, "__len__") or len(support) != 2:
        raise ValueError(f"support must be a pair (a, b), got {support!r}")
    a, b = as_numbers(support[0], "support[0]", FINITE), as_numbers(support[1], "support[1]", FINITE)
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ValueError(f"the ends of support must broadcast, got shapes {a.shape} and {b.shape}") from None
    require_all(a < b, b, "the upper end of support", "greater than the lower")
    with np.errstate(over="ignore"):
        length = b - a
    nats: F64 = np.where(np.isfinite(length), np.log(length), np.log(0.5 * b - 0.5 * a) + math.log(2.0))
    return nats
