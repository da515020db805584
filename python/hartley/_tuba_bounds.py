"""Bounds linear in the partition function, hence free of bias: Nguyen-Wainwright-Jordan, and TUBA with a baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ._arrays import RealArray, as_real, count_and_first
from ._critic_scores import F64, Gradients, as_joint_and_marginal, as_score_matrix, beyond_log, evaluate
from ._pair_bounds import PairTerms, batch_of, bound_from_pairs, n_product_pairs, n_samples
from ._units import Base


def as_log_baseline(log_baseline: Any, shape: tuple[int, ...]) -> F64:
    """Finite log a(y_j), one for each column of scores (..., n, n)."""
    values = as_real(log_baseline, "log_baseline").astype(np.float64, copy=False)
    bad = ~np.isfinite(values)
    if bad.any():
        n_bad, first = count_and_first(bad)
        where = f", first log_baseline[{first}]" if first else ""
        raise ValueError(f"log_baseline must be finite, got {n_bad} NaN or infinite of {values.size} entries{where}")
    try:
        return np.broadcast_to(values, shape[:-1])
    except ValueError:
        raise ValueError(
            f"log_baseline must be a number or have shape {shape[:-1]}, one for each column, got {values.shape}"
        ) from None


def tuba_bound(
    arrays: Sequence[RealArray], gradients: Gradients, with_error: bool, log_baseline: F64 | float
) -> tuple[float, float]:
    """1 + mean(T - log a) over joint pairs - mean exp(T - log a) over the others."""
    log_count = math.log(n_product_pairs(arrays))
    terms = PairTerms(
        joint=lambda t: t - log_baseline + 1.0,
        joint_slope=np.ones_like,
        product=lambda block: np.exp(block - log_baseline - log_count),
        product_slope=lambda _, product: product,
    )
    return bound_from_pairs(arrays, gradients, with_error, terms)


def nwj(
    scores: Any,
    marginal: Any = None,
    *,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Nguyen-Wainwright-Jordan lower bound of mutual information: the f-GAN bound for KL, also called MINE-f.

    Parameters
    ----------
    scores, marginal
        As in :func:`donsker_varadhan`; all scores off the diagonal may be -inf.
    base, return_grad, return_std
        As in :func:`donsker_varadhan`.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, no ceiling
        With ``return_grad`` and ``return_std`` a tuple: value, gradient (in the scores' dtype), standard error. Scores
        whose exponential overflows (from about 710 on, off the diagonal) give -inf, gradient and error too infinite.

    Raises
    ------
    ValueError, TypeError
        Scores that are NaN, +inf, not square or of one pair only, -inf on the diagonal.

    Warns
    -----
    SaturationWarning
        A value of log n or more: no lower bound from n samples holds with confidence much above it.

    Notes
    -----
    I >= E_joint T - E_product exp(T - 1), equal for T = 1 + log p(y|x) / p(y). Unbiased: the expected value of the
    estimate is the bound, at every n. Its variance grows like exp(I) / n. For equal scores it is at most
    :func:`donsker_varadhan`, as log u <= u / e. A critic trained with :func:`jensen_shannon_bound`, whose optimum is
    the log density ratio, goes in with 1 added.

    Standard error: each pair's influence (x_k, y_k) on its row, its column and the diagonal, n independent pairs; with
    ``marginal``, two independent samples. O(n²), in blocks of rows.

    References
    ----------
    Nguyen, X., Wainwright, M. J. & Jordan, M. I. (2010). Estimating divergence functionals and the likelihood ratio by
    convex risk minimization. IEEE Trans. Information Theory 56.
    Nowozin, S., Cseke, B. & Tomioka, R. (2016). f-GAN. NeurIPS; here with the generator of KL.
    Poole, B. et al. (2019). On variational bounds of mutual information. ICML, section 2.2.

    Examples
    --------
    >>> from hartley import variational
    >>> variational.nwj([[1.25, 1.0], [1.0, 1.25]])
    0.25
    """
    arrays = as_joint_and_marginal(scores, marginal, "scores")
    return evaluate(
        partial(tuba_bound, log_baseline=1.0),
        arrays,
        batch_of(arrays),
        name="nwj",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        saturation=beyond_log(n_samples(arrays)),
    )


def tuba(
    scores: Any,
    log_baseline: Any,
    *,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """TUBA lower bound of mutual information: that of Nguyen, Wainwright and Jordan with a baseline a(y).

    Parameters
    ----------
    scores : array of float, shape (..., n, n)
        As in :func:`donsker_varadhan`; all scores off the diagonal may be -inf.
    log_baseline : float, or array of float, shape (..., n)
        log a(y_j) of each column; finite. Any function of y that does not look at the scores of this sample.
    base, return_grad, return_std
        As in :func:`donsker_varadhan`.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, no ceiling
        With ``return_grad`` and ``return_std`` a tuple: value, gradient with respect to ``scores`` (in their dtype),
        standard error. -inf where the exponential overflows.

    Raises
    ------
    ValueError, TypeError
        A baseline that is not finite or not one a column, and what :func:`nwj` raises.

    Warns
    -----
    SaturationWarning
        A value of log n or more: no lower bound from n samples holds with confidence much above it.

    Notes
    -----
    I >= 1 + E_joint [T - log a(y)] - E_product exp(T) / a(y), equal for T - log a = log p(y|x) / p(y). Unbiased at
    every n for a fixed baseline; the best one is a(y) = E_x exp T(x, y). a = e gives :func:`nwj`; the best constant,
    the mean of exp T off the diagonal, gives :func:`donsker_varadhan` and, being fitted to the sample, its bias.

    Scores minus log baseline is all that enters: the gradient with respect to log a(y_j) is minus the sum of column j
    of the gradient with respect to the scores, and the bound of separate samples is ``nwj(t - log_a + 1, ...)``. For a
    baseline of x transpose the scores. Standard error and cost as for :func:`nwj`.

    References
    ----------
    Poole, B. et al. (2019). On variational bounds of mutual information. ICML, section 2.2.

    Examples
    --------
    >>> from hartley import variational
    >>> variational.tuba([[1.0, 0.0], [0.5, 0.75]], log_baseline=[0.5, 0.0])
    0.625
    """
    matrix = as_score_matrix(scores, "scores")

    def estimate(views: Sequence[RealArray], gradients: Gradients, with_error: bool) -> tuple[float, float]:
        return tuba_bound(views[:1], gradients, with_error, views[1].astype(np.float64))

    return evaluate(
        estimate,
        [matrix],
        matrix.shape[:-2],
        name="tuba",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        constants=[as_log_baseline(log_baseline, matrix.shape)],
        saturation=beyond_log(matrix.shape[-1]),
    )
