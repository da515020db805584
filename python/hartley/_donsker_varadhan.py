"""Donsker-Varadhan representation: the mean score of joint pairs minus the logarithm of the partition function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ._arrays import RealArray
from ._critic_scores import (
    F64,
    Gradients,
    as_joint_and_marginal,
    beyond_log,
    diagonal_of,
    evaluate,
    log_sums,
    number_between,
    row_blocks,
)
from ._pair_bounds import PairTerms, batch_of, bound_from_pairs, joint_scores, n_product_pairs, n_samples
from ._units import Base


def _log_partition(arrays: Sequence[RealArray], tau: float) -> float:
    """log of the mean of exp(clipped score) over the pairs of the product distribution."""
    if len(arrays) == 2:
        total = log_sums(np.clip(arrays[1].astype(np.float64), -tau, tau)[None])
    else:
        scores = arrays[0]
        by_row = np.empty(len(scores))
        for rows, block in row_blocks(scores):
            np.clip(block, -tau, tau, out=block)
            diagonal_of(block, rows)[...] = -np.inf
            by_row[rows] = log_sums(block)
        total = log_sums(by_row[None])
    if np.isneginf(total[0]):
        raise ValueError("scores of the product distribution are all -inf: one at least must be finite")
    return float(total[0]) - math.log(n_product_pairs(arrays))


def _bound(arrays: Sequence[RealArray], gradients: Gradients, with_error: bool, tau: float) -> tuple[float, float]:
    log_partition = _log_partition(arrays, tau)
    value = float(joint_scores(arrays).mean()) - log_partition
    if gradients is None and not with_error:
        return value, math.nan
    shift = log_partition + math.log(n_product_pairs(arrays))

    def weights(block: F64) -> F64:
        return np.exp(np.clip(block, -tau, tau) - shift)

    def slopes(block: F64, weight: F64) -> F64:
        return weight if tau == math.inf else np.where(np.abs(block) < tau, weight, 0.0)

    # log is linear near its argument: derivatives of the bound are those of mean T - mean exp(T - log partition)
    terms = PairTerms(joint=lambda t: t, joint_slope=np.ones_like, product=weights, product_slope=slopes)
    return value, bound_from_pairs(arrays, gradients, with_error, terms)[1]


def donsker_varadhan(
    scores: Any,
    marginal: Any = None,
    *,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Donsker-Varadhan lower bound of mutual information from critic scores, as in MINE.

    Parameters
    ----------
    scores : array of float, shape (..., n, n), or (..., n) with ``marginal``
        T(x_i, y_j) in row i and column j, n >= 2; the diagonal are the joint pairs, all others stand for the product of
        the marginals. Finite, off the diagonal -inf too (a pair of weight 0).
    marginal : array of float, shape (..., m), optional
        Scores of pairs from the product of the marginals where they come separately (shuffled pairs); ``scores`` are
        then those of joint pairs only.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the results; nats by default. Scores are natural logarithms.
    return_grad : bool, default False
        Also the gradient with respect to ``scores``, a pair with respect to ``scores`` and ``marginal``.
    return_std : bool, default False
        Also the standard error of the value.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, no ceiling
        With ``return_grad`` and ``return_std`` a tuple: value, gradient (in the scores' dtype), standard error.

    Raises
    ------
    ValueError, TypeError
        Scores that are NaN, +inf, not square or of one pair only, -inf on the diagonal or everywhere off it.

    Warns
    -----
    SaturationWarning
        A value of log n or more: no lower bound from n samples holds with confidence much above it.

    Notes
    -----
    I >= E_joint T - log E_product exp(T), equal for T = log p(y|x) / p(y) + constant. The logarithm of a sample's mean
    is too small on average, so the estimate is biased upward, by Var(mean exp T) / (2 (E exp T)²) to first order: it is
    a bound in the limit of large n, not in expectation. Adding a constant to all scores changes nothing.

    Standard error: delta method with the influence of each pair (x_k, y_k) on its row, its column and the diagonal, n
    independent pairs; with ``marginal``, two independent samples. O(n²), in blocks of rows.

    References
    ----------
    Donsker, M. D. & Varadhan, S. R. S. (1983). Asymptotic evaluation of certain Markov process expectations for large
    time IV. Comm. Pure Appl. Math. 36.
    Belghazi, M. I. et al. (2018). Mutual information neural estimation. ICML.
    McAllester, D. & Stratos, K. (2020). Formal limitations on the measurement of mutual information. AISTATS.

    Examples
    --------
    >>> from hartley import variational
    >>> variational.donsker_varadhan([[0.75, 0.25], [0.25, 0.25]])
    0.25
    >>> value, std = variational.donsker_varadhan([1.0, 2.0, 3.0], marginal=[2.0, 2.0, 2.0, 2.0], return_std=True)
    >>> value, round(std, 4)
    (0.0, 0.5774)
    """
    arrays = as_joint_and_marginal(scores, marginal, "scores")
    return evaluate(
        partial(_bound, tau=math.inf),
        arrays,
        batch_of(arrays),
        name="donsker_varadhan",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        saturation=beyond_log(n_samples(arrays)),
    )


def smile(
    scores: Any,
    marginal: Any = None,
    *,
    tau: float = 5.0,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """SMILE estimate of mutual information: Donsker-Varadhan with scores clipped in the partition function.

    Parameters
    ----------
    scores, marginal
        As in :func:`donsker_varadhan`; -inf is clipped to -tau.
    tau : float, default 5
        Scores enter the partition function clipped to [-tau, tau]; > 0, ``inf`` clips nothing.
    base, return_grad, return_std
        As in :func:`donsker_varadhan`.

    Returns
    -------
    float, or ndarray over the leading axes
        As in :func:`donsker_varadhan`. Neither a lower nor an upper bound.

    Raises
    ------
    ValueError, TypeError
        ``tau`` not positive, and what :func:`donsker_varadhan` raises.

    Warns
    -----
    SaturationWarning
        A value of log n or more.

    Notes
    -----
    E_joint T - log E_product exp(clip(T, -tau, tau)). Clipping trades variance for bias: the variance of the mean over
    m independent pairs is at most (e^tau - e^-tau)² / (4 m), the bias is that of the tails cut off, of either sign.
    With ``tau=inf`` it is :func:`donsker_varadhan`. Constants matter: T should be near the log density ratio, as that
    of a critic trained with :func:`jensen_shannon_bound` is.

    The gradient is the value's own, 0 through scores with \\|T\\| >= tau; the authors train with the gradient of
    :func:`jensen_shannon_bound` and evaluate with SMILE. Standard error and cost as in :func:`donsker_varadhan`.

    References
    ----------
    Song, J. & Ermon, S. (2020). Understanding the limitations of variational mutual information estimators. ICLR.

    Examples
    --------
    >>> from hartley import variational
    >>> variational.smile([[0.5, -8.0], [-8.0, 0.5]], tau=0.125)
    0.625
    """
    limit = number_between(tau, "tau", 0.0, math.inf)
    if limit == 0:
        raise ValueError(f"tau must be greater than 0, got {tau!r}")
    arrays = as_joint_and_marginal(scores, marginal, "scores")
    return evaluate(
        partial(_bound, tau=limit),
        arrays,
        batch_of(arrays),
        name="smile",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        saturation=beyond_log(n_samples(arrays)),
    )
