"""A pair against other partners of one of its members: InfoNCE from below, leave-one-out from above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._arrays import RealArray
from ._critic_scores import (
    F64,
    Gradients,
    as_score_matrix,
    diagonal,
    diagonal_of,
    evaluate,
    exponentials,
    nearly,
    row_blocks,
    variance_of_mean,
)
from ._units import Base


def _contrast(scores: RealArray, gradient: RealArray | None, with_error: bool, weight: float) -> tuple[F64, F64]:
    """log of each joint pair's share of its row, and the column sums of the shares; adds to the gradient."""
    n = len(scores)
    joint = diagonal(scores)
    log_shares, column_sums = np.empty(n), np.zeros(n)
    for rows, block in row_blocks(scores):
        shares, shift, sums = exponentials(block)
        log_shares[rows] = (joint[rows] - shift) - np.log(sums)  # both <= 0: the bound never passes log n
        if gradient is None and not with_error:
            continue
        shares /= sums[:, None]
        if with_error:
            column_sums += shares.sum(axis=0)
        if gradient is not None:
            own = diagonal_of(shares, rows)
            less = own - 1.0
            sure = own > 0.5
            own[...] = 0.0
            less[sure] = -shares[sure].sum(axis=1)  # 1 - share as the sum of the others: exact where it is small
            own[...] = less
            gradient[rows] -= (weight / n) * shares
    return log_shares, column_sums


def _infonce(scores: RealArray, gradient: RealArray | None, with_error: bool, symmetric: bool) -> tuple[float, float]:
    sides = [scores, scores.T] if symmetric else [scores]
    weight = 1.0 / len(sides)
    influence = np.zeros(len(scores))
    value = 0.0
    for side, rates in zip(sides, (gradient, None if gradient is None else gradient.T), strict=False):
        log_shares, column_sums = _contrast(side, rates, with_error, weight)
        value += weight * float(log_shares.mean())
        influence += weight * (log_shares - column_sums)  # a pair is an anchor, and a candidate for all anchors
    return math.log(len(scores)) + value, variance_of_mean(influence) if with_error else math.nan


def infonce(
    scores: Any,
    *,
    symmetric: bool = False,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """InfoNCE lower bound of mutual information: log n minus the cross-entropy of finding the partner among n.

    Parameters
    ----------
    scores : array of float, shape (..., n, n)
        T(x_i, y_j) in row i and column j, n >= 2; the diagonal are the joint pairs. Finite, off the diagonal -inf too
        (no candidate). Each row is contrasted over its columns.
    symmetric : bool, default False
        Average of the bounds over columns and over rows, the objective of CLIP.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the results; nats by default. Scores are natural logarithms.
    return_grad : bool, default False
        Also the gradient with respect to ``scores``.
    return_std : bool, default False
        Also the standard error of the value.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, at most log n
        With ``return_grad`` and ``return_std`` a tuple: value, gradient (in the scores' dtype), standard error.

    Raises
    ------
    ValueError, TypeError
        Scores that are NaN, +inf, not square or of one pair only, -inf on the diagonal.

    Warns
    -----
    SaturationWarning
        A value of 0.9 log n or more: the bound is near its ceiling, the information may be far larger.

    Notes
    -----
    I >= log n + E [T(x_i, y_i) - log Σ_j exp T(x_i, y_j)]. The estimate's expected value is a lower bound at every n;
    it is best for T = log p(y|x) + any function of x, and misses much of the information where that nears log n. Adding
    a constant to a row changes nothing.

    Standard error: delta method (infinitesimal jackknife) with the influence of each pair as an anchor and as a
    candidate of all others, n independent pairs. O(n²), in blocks of rows.

    References
    ----------
    Oord, A. van den, Li, Y. & Vinyals, O. (2018). Representation learning with contrastive predictive coding.
    arXiv:1807.03748.
    Poole, B. et al. (2019). On variational bounds of mutual information. ICML, section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import variational
    >>> value, gradient = variational.infonce([[np.log(3.0), 0.0], [0.0, np.log(3.0)]], base=2, return_grad=True)
    >>> round(value, 4)
    0.585
    >>> np.round(gradient * np.log(2), 4)
    array([[ 0.125, -0.125],
           [-0.125,  0.125]])
    """
    matrix = as_score_matrix(scores, "scores")
    n = matrix.shape[-1]

    def estimate(views: Sequence[RealArray], gradients: Gradients, with_error: bool) -> tuple[float, float]:
        return _infonce(views[0], None if gradients is None else gradients[0], with_error, bool(symmetric))

    return evaluate(
        estimate,
        [matrix],
        matrix.shape[:-2],
        name="infonce",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        saturation=nearly(math.log(n), f"log n for n = {n}"),
    )


def _leave_one_out(log_q: RealArray, gradient: RealArray | None, with_error: bool) -> tuple[float, float]:
    n = len(log_q)
    terms, candidate_sums = diagonal(log_q), np.zeros(n)
    for rows, block in row_blocks(log_q.T):  # y_j in rows
        diagonal_of(block, rows)[...] = -np.inf
        shares, shift, sums = exponentials(block)
        terms[rows] -= shift + np.log(sums) - math.log(n - 1)
        if gradient is None and not with_error:
            continue
        shares /= np.where(sums > 0, sums, 1.0)[:, None]
        candidate_sums += shares.sum(axis=0)
        if gradient is not None:
            diagonal_of(shares, rows)[...] = -1.0
            gradient.T[rows] = shares / -n
    # a pair is an anchor, and a candidate for all others
    return float(terms.mean()), variance_of_mean(terms - candidate_sums) if with_error else math.nan


def leave_one_out_bound(
    log_q: Any,
    *,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Leave-one-out upper bound of mutual information from the conditional log densities of a sample.

    Parameters
    ----------
    log_q : array of float, shape (..., n, n)
        log p(y_j | x_i) in row i and column j, n >= 2; finite, off the diagonal -inf too. Where a whole column is -inf
        off the diagonal the bound is inf.
    base, return_grad, return_std
        As in :func:`infonce`.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, no ceiling
        With ``return_grad`` and ``return_std`` a tuple: value, gradient (in the dtype of ``log_q``), standard error.

    Raises
    ------
    ValueError, TypeError
        Values that are NaN, +inf, not square or of one pair only, -inf on the diagonal.

    Notes
    -----
    I <= E [log p(y_i|x_i) - log mean_{j != i} p(y_i|x_j)]: the mean of the others stands for p(y_i), and the logarithm
    of a mean is too small on average. It holds in expectation at every n, for the true conditional (an encoder's, say)
    only; loose where n is small against exp I. :func:`infonce` of the same matrix, transposed, bounds from below.
    Standard error as there. O(n²), in blocks of columns.

    References
    ----------
    Poole, B. et al. (2019). On variational bounds of mutual information. ICML, section 2.5.

    Examples
    --------
    >>> from hartley import variational
    >>> variational.leave_one_out_bound([[-1.0, -3.0], [-2.0, -1.0]])
    1.5
    """
    matrix = as_score_matrix(log_q, "log_q")

    def estimate(views: Sequence[RealArray], gradients: Gradients, with_error: bool) -> tuple[float, float]:
        return _leave_one_out(views[0], None if gradients is None else gradients[0], with_error)

    return evaluate(
        estimate,
        [matrix],
        matrix.shape[:-2],
        name="leave_one_out_bound",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
    )
