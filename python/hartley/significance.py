"""How surprising estimates are under independence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import as_real
from ._multiple_testing import false_discovery_rate
from ._permutation_tests import PermutationTest, permutation_test
from ._subsampling import SubsampleError, bootstrap_interval, subsample_error

__all__ = [
    "PermutationTest",
    "SubsampleError",
    "benjamini_hochberg",
    "bootstrap_interval",
    "permutation_test",
    "subsample_error",
]


def benjamini_hochberg(p_values: Any) -> NDArray[np.float64]:
    """False-discovery-rate adjusted p-values (q-values) of many tests.

    Parameters
    ----------
    p_values : array of float, any shape
        p-values from 0 to 1, one for each test.

    Returns
    -------
    ndarray of float64, shape of p_values
        q-values from 0 to 1: rejecting the tests with q <= a keeps the expected share of false rejections at a or less.

    Raises
    ------
    ValueError
        An entry outside 0 to 1, or NaN.
    TypeError
        ``p_values`` does not hold real numbers.

    Notes
    -----
    With the m p-values in ascending order, q(i) = min over j >= i of m p(j) / j. Holds for independent tests and for
    tests that depend positively (each p-value is stochastically increasing in the others). O(m log m).

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. J. Royal Statistical Society B 57.

    Examples
    --------
    >>> from hartley import significance
    >>> significance.benjamini_hochberg([0.01, 0.04, 0.5])
    array([0.03, 0.06, 0.5 ])
    """
    p = as_real(p_values, "p_values").astype(np.float64, copy=False)
    flat = p.reshape(-1)
    valid = (flat >= 0) & (flat <= 1)
    if not valid.all():
        index = int(np.argmin(valid))
        raise ValueError(f"p_values must be from 0 to 1, got {flat[index]!s} at position {index}")
    return false_discovery_rate(p)
