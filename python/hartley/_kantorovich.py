"""Kantorovich-Rubinstein duality: what a critic's values say about the Wasserstein distance W_1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._arrays import as_column, require_finite
from ._clouds import F64, as_weights, positive


class LowerBound(float):
    """A lower bound estimated from samples: a float that knows its standard error.

    Attributes
    ----------
    standard_error : float
        Standard error of the estimate from independent samples, in units of the bound; NaN where a side has no two
        samples of positive weight.
    """

    standard_error: float


def _mean_and_variance(values: F64, weights: F64) -> tuple[float, float]:
    """Weighted mean, and the variance of that mean: Σ w² (f - mean)² / (1 - Σ w²), which is s²/n for equal weights."""
    w = weights / weights.sum()
    mean = float(np.sum(w * values))
    rest = 1.0 - float(np.sum(w * w))
    if np.count_nonzero(w) < 2 or rest <= 0:
        return mean, math.nan
    return mean, float(np.sum((w * (values - mean)) ** 2)) / rest


def kantorovich_rubinstein_bound(
    f_x: Any, f_y: Any, lipschitz: float = 1.0, *, x_weights: Any = None, y_weights: Any = None
) -> LowerBound:
    """Lower bound (E f(x) - E f(y)) / K of W_1 by the values of a K-Lipschitz function: a WGAN critic's.

    Parameters
    ----------
    f_x, f_y : array of float, shape (n,) and (m,)
        Values of one function f at samples of either distribution, finite.
    lipschitz : float
        K > 0 with |f(u) - f(v)| <= K |u - v|. It is taken on trust: where f is steeper, this is no bound.
    x_weights, y_weights : array of float, shape (n,) and (m,), optional
        Weights of the samples, non-negative with a positive sum, by which each is divided; equal by default.

    Returns
    -------
    LowerBound
        A float in units of the distance that ``lipschitz`` is measured in, with the attribute ``standard_error``. As an
        estimate it may exceed W_1 by its error; the expected value never does. A negative bound says no more than 0:
        then -f is the better critic.

    Raises
    ------
    ValueError, TypeError
        Empty samples, NaN or inf, ``lipschitz <= 0``, weights that are negative, all 0 or not as many as values.

    Notes
    -----
    W_1(P, Q) = sup (E_P f - E_Q f) over all 1-Lipschitz functions f. The values of both samples are taken for
    independent of each other and of the choice of f: a critic should be judged on data that it was not trained on.

    References
    ----------
    Kantorovich, L. V. & Rubinstein, G. S. (1958). On a space of completely additive functions. Vestnik Leningrad. Univ.
    13.
    Arjovsky, M., Chintala, S. & Bottou, L. (2017). Wasserstein generative adversarial networks. ICML, eq. 3.

    Examples
    --------
    >>> import hartley as ht
    >>> bound = ht.transport.kantorovich_rubinstein_bound([3.0, 5.0], [1.0, 1.0], lipschitz=2.0)
    >>> float(bound), bound.standard_error
    (1.5, 0.5)
    """
    sides = []
    for given, name in ((f_x, "f_x"), (f_y, "f_y")):
        values = as_column(given, name).astype(np.float64, copy=False)
        require_finite(values, name)
        sides.append(values)
    constant = positive(lipschitz, "lipschitz")
    largest = max(float(np.abs(values).max()) for values in sides)
    scale = math.ldexp(1.0, min(math.frexp(largest)[1], 1023))  # a power of 2: squares of values over it are plain
    (mean_x, variance_x), (mean_y, variance_y) = (
        _mean_and_variance(values / scale, as_weights(weights, len(values), name, points))
        for values, weights, name, points in zip(
            sides, (x_weights, y_weights), ("x_weights", "y_weights"), ("f_x", "f_y"), strict=True
        )
    )
    bound = LowerBound((mean_x - mean_y) / constant * scale)
    bound.standard_error = math.sqrt(variance_x + variance_y) / constant * scale
    return bound
