"""Bounds from conditional log densities: Barber-Agakov, as in InfoGAN, and the variational information bottleneck."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ._arrays import RealArray, as_result, count_and_first
from ._critic_scores import (
    F64,
    as_score_list,
    number_between,
    per_batch,
    variance_of_mean,
)
from ._units import Base, nats_per_unit


def _mean_and_error(terms: F64, unit: float) -> tuple[Any, Any]:
    """Mean over the last axis and its standard error, in units."""
    batch, n = terms.shape[:-1], terms.shape[-1]
    variances = np.array([variance_of_mean(row) for row in terms.reshape(-1, n)]).reshape(batch)
    return as_result(terms.mean(axis=-1) / unit), as_result(np.sqrt(variances) / unit)


def _plus(values: RealArray, constant: Any) -> F64:
    """Terms with the constant of their batch added."""
    return values.astype(np.float64) + per_batch(constant, "entropy", values.shape[:-1])[..., None]


def barber_agakov(
    log_q: Any,
    entropy: Any,
    *,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Barber-Agakov lower bound E log q(c|x) + H(c) of mutual information: InfoGAN's, of code and generated sample.

    Parameters
    ----------
    log_q : array of float, shape (..., n)
        Natural logarithms of q(c_i | x_i), of the code that x_i was generated from; probabilities, or densities of a
        continuous code. -inf where q gives no weight to what occurred: the bound is then -inf.
    entropy : float, or array of float over the leading axes
        H(c) of the code's prior in nats, or its differential entropy; finite.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the results; nats by default.
    return_grad : bool, default False
        Also the gradient with respect to ``log_q``.
    return_std : bool, default False
        Also the standard error of the value.

    Returns
    -------
    float, or ndarray over the leading axes; any sign, for a discrete code at most H(c)
        With ``return_grad`` and ``return_std`` a tuple: value, gradient (in the dtype of ``log_q``), standard error.

    Raises
    ------
    ValueError, TypeError
        ``log_q`` empty, NaN or +inf; ``entropy`` not finite or not one for each bound.

    Notes
    -----
    I(c; x) - bound = E KL(p(c|x) ‖ q(c|x)): equal for the posterior. Unbiased; the ceiling H(c) is that of the
    information itself. Standard error: s / √n. O(n).

    References
    ----------
    Barber, D. & Agakov, F. (2003). The IM algorithm: a variational approach to information maximization. NeurIPS.
    Chen, X. et al. (2016). InfoGAN. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from hartley import variational
    >>> log_q = np.log([0.9, 0.8, 0.95, 0.6])
    >>> round(variational.barber_agakov(log_q, entropy=np.log(10), base=2), 4)
    3.0007
    """
    values = as_score_list(log_q, "log_q", allow_minus_inf=True)
    unit = nats_per_unit(base)
    value, error = _mean_and_error(_plus(values, entropy), unit)
    gradient = np.full_like(values, 1.0 / values.shape[-1] / unit)
    result = [value, *[gradient] * return_grad, *[error] * return_std]
    return tuple(result) if len(result) > 1 else value


class BottleneckBound(NamedTuple):
    """The variational information bottleneck's objective and its two bounds.

    Attributes
    ----------
    objective : float, or ndarray over the leading axes
        relevance - beta complexity: a lower bound of I(Z;Y) - beta I(X;Z).
    relevance : float, or ndarray over the leading axes
        Lower bound of I(Z;Y).
    complexity : float, or ndarray over the leading axes
        Upper bound of I(X;Z).
    """

    objective: Any
    relevance: Any
    complexity: Any


def _as_kl(kl: Any) -> RealArray:
    values = as_score_list(kl, "kl", allow_minus_inf=True)
    negative = values < 0
    if negative.any():
        n_bad, first = count_and_first(negative)
        raise ValueError(f"kl must be at least 0, got {n_bad} below of {values.size} entries, first kl[{first}]")
    return values


def information_bottleneck_bound(
    log_q: Any,
    kl: Any,
    *,
    beta: float,
    entropy: Any = None,
    base: Base = None,
    return_grad: bool = False,
    return_std: bool = False,
) -> Any:
    """Variational information bottleneck: a lower bound of I(Z;Y) - beta I(X;Z), and the bounds of both terms.

    Parameters
    ----------
    log_q : array of float, shape (..., n)
        Natural logarithms of the decoder's q(y_i | z_i), z_i drawn from the encoder p(z | x_i); -inf gives -inf.
    kl : array of float, shape (..., n)
        KL(p(z | x_i) ‖ r(z)) of the encoder to any fixed r(z) of each sample, in nats, at least 0.
    beta : float, >= 0
        Price of complexity.
    entropy : float, or array of float over the leading axes, optional
        H(Y) in nats; finite. Without it this constant is left out: relevance is then minus the cross-entropy, still a
        lower bound for a discrete Y, whose entropy is not negative.
    base, return_grad, return_std
        As in :func:`barber_agakov`.

    Returns
    -------
    BottleneckBound
        ``objective``, ``relevance`` (at most H(Y) for a discrete Y), ``complexity`` (>= 0): floats, or ndarrays over
        the leading axes. With ``return_grad`` and ``return_std`` a tuple: bounds, gradients of the objective with
        respect to ``log_q`` and to ``kl`` (in their dtype), standard errors as a BottleneckBound.

    Raises
    ------
    ValueError, TypeError
        ``log_q`` or ``kl`` empty, NaN, +inf or of different shapes; a negative ``kl`` or ``beta``; ``entropy`` not
        finite.

    Notes
    -----
    I(Z;Y) >= H(Y) + E log q(y|z), equal for q = p(y|z); I(X;Z) <= E KL(p(z|x) ‖ r(z)), equal for r = p(z). Both means
    are unbiased, no ceiling but that of the information itself. The loss of the paper is minus the objective. Standard
    errors: s / √n of the n paired terms. O(n).

    References
    ----------
    Alemi, A. A. et al. (2017). Deep variational information bottleneck. ICLR.
    Tishby, N., Pereira, F. C. & Bialek, W. (1999). The information bottleneck method. Allerton.

    Examples
    --------
    >>> from hartley import variational
    >>> bound = variational.information_bottleneck_bound([-0.25, -0.75], [2.0, 3.0], beta=0.125, entropy=1.0)
    >>> bound
    BottleneckBound(objective=0.1875, relevance=0.5, complexity=2.5)
    """
    price = number_between(beta, "beta", 0.0, math.inf)
    if math.isinf(price):
        raise ValueError("beta must be finite, got inf")
    arrays = [as_score_list(log_q, "log_q", allow_minus_inf=True), _as_kl(kl)]
    if arrays[0].shape != arrays[1].shape:
        raise ValueError(f"log_q and kl must have equal shapes, got {arrays[0].shape} and {arrays[1].shape}")
    unit, n = nats_per_unit(base), arrays[0].shape[-1]
    relevance = _plus(arrays[0], 0.0 if entropy is None else entropy)
    complexity = arrays[1].astype(np.float64)
    parts = [_mean_and_error(terms, unit) for terms in (relevance - price * complexity, relevance, complexity)]
    bound, errors = (BottleneckBound(*column) for column in zip(*parts, strict=True))
    gradients = tuple(np.full_like(array, rate / n / unit) for array, rate in zip(arrays, (1.0, -price), strict=True))
    result = [bound, *[gradients] * return_grad, *[errors] * return_std]
    return tuple(result) if len(result) > 1 else bound
