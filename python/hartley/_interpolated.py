"""I_α of Poole et al. 2019: between InfoNCE, of low variance, and TUBA, without a ceiling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import RealArray
from ._critic_scores import (
    F64,
    Gradients,
    Saturation,
    as_score_matrix,
    beyond_log,
    diagonal_of,
    evaluate,
    exponentials,
    nearly,
    number_between,
    row_blocks,
    variance_of_mean,
)
from ._tuba_bounds import as_log_baseline, tuba_bound
from ._units import Base


class _Anchors:
    """Anchors y_j, a row each, with their normalisers A and what is left of A without one candidate.

    The partner x_j and the rival, the best of the others, are kept apart, in logarithms. Without any of the rest at
    least half of A remains: there plain numbers, shares of A, lose nothing.
    """

    def __init__(self, block: F64, rows: slice, log_baseline: F64, alpha: float) -> None:
        n = block.shape[1]
        self.rows, self.position, index = rows, np.arange(len(block)), np.arange(rows.start, rows.stop)
        own = diagonal_of(block, rows)
        self.partner = own.copy()
        own[...] = -np.inf
        best = block.argmax(axis=1)
        self.rival_index = np.where(best == index, (index + 1) % n, best)  # where all others are -inf
        self.rival = block[self.position, self.rival_index]
        block[self.position, self.rival_index] = -np.inf
        self.rest, shift, sums = exponentials(block)  # exp(score - shift), 0 for partner and rival
        self.shift = np.where(sums > 0, shift, -np.inf)
        log_rest = shift + np.log(sums)
        log_others = np.logaddexp(log_rest, self.rival)
        self.log_mean = log_others - math.log(n - 1)
        self.log_weight = math.log(alpha) - math.log(n - 1)  # of one candidate
        self.log_fixed = (math.log1p(-alpha) if alpha < 1 else -math.inf) + log_baseline
        self.log_whole = self._normaliser(np.logaddexp(log_others, self.partner))
        self.log_without_rival = self._normaliser(np.logaddexp(log_rest, self.partner))
        self.log_without_partner = self._normaliser(log_others)
        self.shares = self.rest * self._share(self.shift, self.log_whole)[:, None]

    def _normaliser(self, log_sum: F64) -> F64:
        normaliser: F64 = np.logaddexp(self.log_weight + log_sum, self.log_fixed)
        return normaliser

    def _share(self, score: F64, log_normaliser: F64) -> F64:
        share: F64 = np.exp(score + self.log_weight - log_normaliser)
        return share

    def joint_terms(self) -> F64:
        """log(exp T / A) of y_j with x_j, the mean over which of the n - 1 others is left out of A."""
        n = self.rest.shape[1]
        log_normalisers = np.log(1.0 - self.shares).sum(axis=1) + (n - 2) * self.log_whole + self.log_without_rival
        terms: F64 = self.partner - log_normalisers / (n - 1)
        return terms

    def product_terms(self) -> F64:
        """exp T / A of y_j, the mean over the n - 1 others."""
        terms: F64 = np.exp(self.log_mean - self.log_without_partner)
        return terms

    def joint_slopes(self) -> F64:
        """Derivative of the mean of log A, in the joint terms, by each score."""
        inverse = 1.0 / (1.0 - self.shares)  # 1 / A without each, in units of 1 / (whole A)
        diagonal_of(inverse, self.rows)[...] = 0.0
        inverse[self.position, self.rival_index] = 0.0
        total = inverse.sum(axis=1)
        slopes: F64 = self.shares * (total[:, None] - inverse)
        slopes += self.rest * self._share(self.shift, self.log_without_rival)[:, None]
        partner = self._share(self.partner, self.log_whole) * total + self._share(self.partner, self.log_without_rival)
        diagonal_of(slopes, self.rows)[...] = partner
        slopes[self.position, self.rival_index] = self._share(self.rival, self.log_whole) * total
        slopes /= self.rest.shape[1] - 1
        return slopes

    def product_slopes(self) -> F64:
        """Derivative of the product terms by each score."""
        log_scale = self.log_fixed - 2 * self.log_without_partner - math.log(self.rest.shape[1] - 1)
        slopes: F64 = self.rest * np.exp(self.shift + log_scale)[:, None]
        slopes[self.position, self.rival_index] = np.exp(self.rival + log_scale)
        return slopes


def _interpolate(
    scores: RealArray, log_baseline: F64, alpha: float, gradient: RealArray | None, with_error: bool
) -> tuple[float, float]:
    n = len(scores)
    joint_terms, product_terms, slope_sums = np.empty(n), np.ones(n), np.zeros(n)
    for rows, block in row_blocks(scores.T):
        anchors = _Anchors(block, rows, log_baseline[rows], alpha)
        joint_terms[rows] = anchors.joint_terms()
        if alpha < 1:  # else each term is 1
            product_terms[rows] = anchors.product_terms()
        if gradient is None and not with_error:
            continue
        slopes = anchors.joint_slopes()
        if alpha < 1:
            slopes += anchors.product_slopes()
        slope_sums += slopes.sum(axis=0)
        if gradient is not None:
            np.negative(slopes, out=slopes)
            diagonal_of(slopes, rows)[...] += 1.0
            gradient.T[rows] = slopes / n
    value = 1.0 + float(joint_terms.mean() - product_terms.mean())
    # a pair is an anchor, and a candidate for all anchors
    return value, variance_of_mean(joint_terms - product_terms - slope_sums) if with_error else math.nan


def _saturation(alpha: float, n: int) -> Saturation:
    ceiling = math.log(n - 1) - math.log(alpha) if alpha > 0 else math.inf
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

    def estimate(views: Sequence[RealArray], gradients: Gradients, with_error: bool) -> tuple[float, float]:
        baseline = views[1].astype(np.float64)
        if share == 0:
            return tuba_bound(views[:1], gradients, with_error, baseline)
        return _interpolate(views[0], baseline, share, None if gradients is None else gradients[0], with_error)

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
