"""Bounds that are means of pairs throughout: Jensen-Shannon from a discriminator's logits, and CLUB from above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ._arrays import RealArray
from ._critic_scores import F64, Gradients, as_joint_and_marginal, diagonal, evaluate, nearly, variance_of_mean
from ._pair_bounds import PairTerms, batch_of, bound_from_pairs, n_product_pairs
from ._units import Base

_NEGATIVES = ("all", "others")


def _softplus(t: F64) -> F64:
    """log(1 + e^t) without overflow, and without loss for t << 0."""
    return np.maximum(t, 0.0) + np.log1p(np.exp(-np.abs(t)))


def _sigmoid(t: F64) -> F64:
    """1 / (1 + e^-t) without overflow, and without loss for t << 0."""
    small = np.exp(-np.abs(t))
    return np.where(t < 0, small, 1.0) / (1.0 + small)


def _jensen_shannon(arrays: Sequence[RealArray], gradients: Gradients, with_error: bool) -> tuple[float, float]:
    count = n_product_pairs(arrays)
    terms = PairTerms(
        joint=lambda t: math.log(2.0) - 0.5 * _softplus(-t),
        joint_slope=lambda t: 0.5 * _sigmoid(-t),
        product=lambda block: _softplus(block) * (0.5 / count),
        product_slope=lambda block, _: _sigmoid(block) * (0.5 / count),
    )
    return bound_from_pairs(arrays, gradients, with_error, terms)


def jensen_shannon_bound(
    scores: Any,
    marginal: Any = None,
    *,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Lower bound of the Jensen-Shannon divergence of joint and product distribution, from a discriminator's logits.

    Parameters
    ----------
    scores, marginal
        As in :func:`donsker_varadhan`: the logits of "joint" against "product"; all off the diagonal may be -inf.
    base, return_grad, return_std
        As in :func:`donsker_varadhan`.

    Returns
    -------
    float, or ndarray over the leading axes; at most log 2
        Of the divergence, not of mutual information. With ``return_grad`` and ``return_std`` a tuple: value, gradient
        (in the scores' dtype), standard error.

    Raises
    ------
    ValueError, TypeError
        Scores that are NaN, +inf, not square or of one pair only, -inf on the diagonal.

    Warns
    -----
    SaturationWarning
        A value of 0.9 log 2 or more.

    Notes
    -----
    JS(P_XY, P_X P_Y) >= log 2 - ½ E_joint softplus(-T) - ½ E_product softplus(T), equal for T = log p(y|x) / p(y): log
    2 minus the discriminator's mean cross-entropy, the GAN objective. Twice it, less 2 log 2, is what Deep InfoMax
    trains with. Unbiased, with a variance that stays bounded however large the information: good to train a
    critic by, whose scores then go into :func:`smile`, or with 1 added into :func:`nwj`.

    Standard error as for :func:`nwj`. O(n²), in blocks of rows.

    References
    ----------
    Nowozin, S., Cseke, B. & Tomioka, R. (2016). f-GAN. NeurIPS; with the generator of the GAN.
    Hjelm, R. D. et al. (2019). Learning deep representations by mutual information estimation and maximization.
    ICLR.

    Examples
    --------
    >>> from hartley import variational
    >>> variational.jensen_shannon_bound([[0.0, 0.0], [0.0, 0.0]])
    0.0
    >>> round(variational.jensen_shannon_bound([[2.0, -1.0], [-1.0, 2.0]], base=2), 4)
    0.6825
    """
    arrays = as_joint_and_marginal(scores, marginal, "scores")
    return evaluate(
        _jensen_shannon,
        arrays,
        batch_of(arrays),
        name="jensen_shannon_bound",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
        saturation=nearly(math.log(2.0), "log 2"),
    )


def _club_of_all(scores: RealArray, gradient: RealArray | None, with_error: bool) -> tuple[float, float]:
    joint, n = diagonal(scores), len(scores)
    row_means = scores.mean(axis=1, dtype=np.float64)
    if gradient is not None:
        gradient[...] = -1.0 / n**2
        np.fill_diagonal(gradient, (1.0 - 1.0 / n) / n)
    value = float(joint.mean() - row_means.mean())
    if not with_error:
        return value, math.nan
    return value, variance_of_mean(joint - row_means - scores.mean(axis=0, dtype=np.float64))


def _club(arrays: Sequence[RealArray], gradients: Gradients, with_error: bool, negatives: str) -> tuple[float, float]:
    if len(arrays) == 1 and negatives == "all":
        return _club_of_all(arrays[0], None if gradients is None else gradients[0], with_error)
    count = n_product_pairs(arrays)
    terms = PairTerms(
        joint=lambda t: t,
        joint_slope=np.ones_like,
        product=lambda block: block / count,
        product_slope=lambda block, _: np.full_like(block, 1.0 / count),
    )
    return bound_from_pairs(arrays, gradients, with_error, terms)


def club(
    log_q: Any,
    marginal: Any = None,
    *,
    negatives: str = "all",
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """CLUB, an upper bound of mutual information from the conditional log densities of a sample.

    Parameters
    ----------
    log_q : array of float, shape (..., n, n), or (..., n) with ``marginal``
        log q(y_j | x_i) in row i and column j, n >= 2; finite, off the diagonal -inf too, which makes the bound inf.
    marginal : array of float, shape (..., m), optional
        log q(y | x) of pairs from the product of the marginals, where ``log_q`` holds the joint pairs only. With one
        random y for each x this is the sampled variant, vCLUB-S.
    negatives : {"all", "others"}, default "all"
        What the second mean is over: all n² pairs, as published, or the n(n - 1) off the diagonal. Of no effect with
        ``marginal``.
    base, return_grad, return_std
        As in :func:`donsker_varadhan`.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, no ceiling
        With ``return_grad`` and ``return_std`` a tuple: value, gradient (in the dtype of ``log_q``), standard error.

    Raises
    ------
    ValueError, TypeError
        Values that are NaN, +inf, not square or of one pair only, -inf on the diagonal; another ``negatives``.

    Notes
    -----
    I <= E_joint log q(y|x) - E_product log q(y|x) for q = p(y|x); for an approximation only where it is nearer to the
    joint than to the product: KL(p(x,y) ‖ q(y|x) p(x)) <= KL(p(x) p(y) ‖ q(y|x) p(x)). A critic's scores are no log
    densities, and give neither bound.

    "others" is unbiased. "all" is exactly (1 - 1/n) times it, biased downward by a share of 1/n, and may so
    miss the information where the bound is tight. Standard error as for :func:`nwj`. O(n²).

    References
    ----------
    Cheng, P. et al. (2020). CLUB: a contrastive log-ratio upper bound of mutual information. ICML.

    Examples
    --------
    >>> from hartley import variational
    >>> log_q = [[-1.0, -3.0], [-2.0, -1.0]]
    >>> variational.club(log_q), variational.club(log_q, negatives="others")
    (0.75, 1.5)
    """
    if negatives not in _NEGATIVES:
        raise ValueError(f'negatives must be "all" or "others", got {negatives!r}')
    arrays = as_joint_and_marginal(log_q, marginal, "log_q")
    return evaluate(
        partial(_club, negatives=negatives),
        arrays,
        batch_of(arrays),
        name="club",
        base=base,
        return_grad=return_grad,
        return_std=return_std,
    )
