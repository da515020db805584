"""I_α of Poole et al. 2019: between InfoNCE, of low variance, and TUBA, without a ceiling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import RealArray
from ._critic_scores import (
    F64,
    Saturation,
    as_score_matrix,
    beyond_log,
    diagonal,
    evaluate,
    log_sums,
    nearly,
    number_between,
    row_blocks,
    set_diagonal,
    variance_of_mean,
)
from ._tuba_bounds import as_log_baseline
from ._units import Base


def _log_sums_without_each(block: F64) -> F64:
    """log of the row's sum of exponentials without each entry in turn."""
    position, largest = np.arange(len(block)), block.argmax(axis=1)
    log_sum = log_sums(block.copy())[:, None]
    others = block.copy()
    others[position, largest] = -np.inf
    # an entry other than the largest is at most half of the sum: the difference keeps its digits
    without = log_sum + np.log1p(-np.exp(others - log_sum))
    without[position, largest] = log_sums(others)
    return without


def _log_share(number: float) -> float:
    return math.log(number) if number > 0 else -math.inf


def _interpolate(
    scores: RealArray, log_baseline: F64, alpha: float, gradient: RealArray | None, derivatives: bool
) -> tuple[float, float]:
    n = len(scores)
    log_alpha, log_rest, log_others = _log_share(alpha), _log_share(1 - alpha), math.log(n - 1)
    joint = diagonal(scores)
    joint_terms, product_terms, column_sums = np.empty(n), np.ones(n), np.zeros(n)
    for rows, block in row_blocks(scores.T):  # a row is an anchor y_j, its columns the candidates x_i
        baseline = log_rest + log_baseline[rows, None]
        # y_j with x_j and n - 2 of the others, one left out in turn
        log_a = np.logaddexp(log_alpha + _log_sums_without_each(block) - log_others, baseline)
        set_diagonal(log_a, rows, 0.0)
        joint_terms[rows] = joint[rows] - log_a.sum(axis=1) / (n - 1)
        # y_j with the n - 1 others, which are independent of it
        others = block.copy()
        set_diagonal(others, rows, -np.inf)
        log_mean = log_sums(others.copy())[:, None] - log_others
        log_b = np.logaddexp(log_alpha + log_mean, baseline)
        if alpha < 1:  # else each term is 1, as it stands, also where all others are -inf
            product_terms[rows] = np.exp(log_mean - log_b)[:, 0]
        if not derivatives:
            continue
        log_inverse = -log_a
        set_diagonal(log_inverse, rows, -np.inf)
        log_weight = _log_sums_without_each(log_inverse)  # Σ 1 / a over the sums that hold the candidate
        shares = np.exp(block + log_weight + (log_alpha - 2 * log_others))
        if alpha < 1:
            shares += np.exp(others + (baseline - 2 * log_b - log_others))
        column_sums += shares.sum(axis=0)
        if gradient is not None:
            np.negative(shares, out=shares)
            position = np.arange(len(shares))
            shares[position, rows.start + position] += 1.0
            gradient.T[rows] = shares / n
    value = 1.0 + float(joint_terms.mean() - product_terms.mean())
    return value, variance_of_mean(joint_terms - product_terms - column_sums)


def _saturation(alpha: float, n: int) -> Saturation:
    ceiling = math.log(n - 1) - _log_share(alpha)
    limit = nearly(ceiling, f"log((n - 1) / alpha) for n = {n} and alpha = {alpha:g}")
    return min(limit, beyond_log(n))


def interpolated(
    scores: Any,
    alpha: float,
    *,
    log_baseline: Any = 1.0,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Lower bound I_α of mutual information, between TUBA (alpha = 0) and InfoNCE (alpha = 1).

    Parameters
    ----------
    scores : array of float, shape (..., n, n)
        T(x_i, y_j) in row i and column j, n >= 2; the diagonal are the joint pairs. Finite, off the diagonal -inf too.
        Each column is contrasted over its rows, as published; transpose for the other direction.
    alpha : float, 0 to 1
        Weight of the mean over the candidates in the normaliser.
    log_baseline : float, or array of float, shape (..., n), default 1
        log a(y_j) of each column, the rest of the normaliser; finite. With the default, alpha = 0 is :func:`nwj`.
    base, return_grad, return_std
        As in :func:`infonce`.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, the bound at most log((n - 1) / alpha)
        With ``return_grad`` and ``return_std`` a tuple: value, gradient with respect to ``scores`` (in their dtype),
        standard error.

    Raises
    ------
    ValueError, TypeError
        ``alpha`` outside 0 to 1, a baseline that is not finite or not one a column, and what :func:`infonce` raises.

    Warns
    -----
    SaturationWarning
        A value of 0.9 log((n - 1) / alpha) or of log n, or more.

    Notes
    -----
    I >= 1 + E log(exp T(x_1, y) / A) - E exp T(x_1, y) / A, with A = alpha mean_k exp T(x_k, y) + (1 - alpha) a(y) over
    K candidates, y the partner of x_1 in the first expectation and of none in the second. Unbiased: from n pairs both
    expectations are had for K = n - 1, in the second with the n - 1 candidates that y_j did not come with, in the first
    with x_j and n - 2 others, averaged over which one is left out. (Keeping x_j among the candidates of the second, as
    is sometimes done, makes the value too large, and no bound.) At alpha = 1 this is InfoNCE of n - 1 candidates, at 0
    exactly :func:`tuba`.

    Standard error: delta method with the influence of each pair, to leading order in 1/n. O(n²), in blocks of columns.

    References
    ----------
    Poole, B. et al. (2019). On variational bounds of mutual information. ICML, section 2.4.

    Examples
    --------
    >>> from hartley import variational
    >>> scores = [[2.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    >>> [round(variational.interpolated(scores, alpha), 3) for alpha in (0.0, 0.25, 0.5)]
    [0.806, 0.729, 0.638]
    """
    matrix = as_score_matrix(scores, "scores")
    share = number_between(alpha, "alpha", 0.0, 1.0)

    def estimate(views: Sequence[RealArray], gradients: Sequence[RealArray] | None) -> tuple[float, float]:
        gradient = None if gradients is None else gradients[0]
        return _interpolate(views[0], views[1].astype(np.float64), share, gradient, return_grad or return_std)

    return evaluate(
        estimate,
        [matrix],
        matrix.shape[:-2],
        name="interpolated",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        constants=[as_log_baseline(log_baseline, matrix.shape)],
        saturation=_saturation(share, matrix.shape[-1]),
    )
