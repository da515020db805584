"""Bounds of the evidence of a variational autoencoder."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arrays import as_number, as_real, as_result, count_and_first, require_finite
from ._normals import F64
from ._units import Base, nats_per_unit

_REDUCTIONS = ("mean", "sum", "none")


def as_finite(x: Any, name: str) -> F64:
    """x in float64, without NaN and inf."""
    array = np.asarray(as_real(x, name), dtype=np.float64)
    require_finite(array, name)
    return array


def paired_rows(log_likelihood: Any, kl: Any) -> tuple[F64, F64]:
    """Both in float64, of shapes that broadcast."""
    likelihood, rate = as_finite(log_likelihood, "log_likelihood"), as_finite(kl, "kl")
    try:
        np.broadcast_shapes(likelihood.shape, rate.shape)
    except ValueError:
        raise ValueError(
            f"log_likelihood and kl must have shapes that fit, got {likelihood.shape} and {rate.shape}"
        ) from None
    return likelihood, rate


def elbo(log_likelihood: Any, kl: Any, *, beta: float = 1.0, base: Base = None) -> Any:
    """Evidence lower bound E_q[log p(x|z)] - β KL.

    Parameters
    ----------
    log_likelihood : float or array of float
        E_q[log p(x|z)] in nats, summed over the dimensions of x: a row each, or the mean.
    kl : float or array of float
        KL from the prior in nats, summed over latents: :func:`kl_standard_normal`, with ``reduction="none"`` for rows.
    beta : float, default 1
        Weight of the KL, at least 0; only up to log p(x) for β >= 1 is it a bound.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default. The arguments are in nats.

    Returns
    -------
    float, or ndarray of float64 of the arguments' broadcast shape
        In units of ``base``.

    Raises
    ------
    ValueError
        NaN or inf; shapes that do not fit; a negative ``beta``.
    TypeError
        Not real numbers.

    Notes
    -----
    The likelihood is a sum over pixels (or tokens), the KL a sum over latents: where one of them is a mean, β is off by
    that factor. O(n).

    References
    ----------
    Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR, eq. 3.
    Higgins, I. et al. (2017). beta-VAE. ICLR, eq. 4.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.vae.elbo(-90.0, 10.0), ht.vae.elbo(-90.0, 10.0, beta=4)
    (-100.0, -130.0)
    """
    weight = as_number(beta, "beta")
    if not 0 <= weight < np.inf:
        raise ValueError(f"beta must be at least 0 and finite, got {beta!r}")
    likelihood, rate = paired_rows(log_likelihood, kl)
    return as_result((likelihood - weight * rate) / nats_per_unit(base))


def _normalized(log_weights: Any, axis: int) -> tuple[F64, F64, F64]:
    """The largest log-weight along axis, log mean weight, and the weights over their sum; axes kept."""
    x = np.asarray(as_real(log_weights, "log_weights"), dtype=np.float64)
    if x.ndim == 0 or not -x.ndim <= axis < x.ndim or x.shape[axis] == 0:
        raise ValueError(f"log_weights must have samples along axis {axis}, got shape {x.shape}")
    bad = np.isnan(x) | (x == np.inf)
    if bad.any():
        n_bad, first = count_and_first(bad)
        raise ValueError(
            f"log_weights must be numbers or -inf, got {n_bad} NaN or inf of {x.size} entries, first "
            f"log_weights[{first}]"
        )
    largest = x.max(axis=axis, keepdims=True)
    none = largest == -np.inf  # all weights 0: they count equally
    weights = np.exp(np.where(none, 0.0, x - np.where(none, 0.0, largest)))
    total = weights.sum(axis=axis, keepdims=True)
    return largest, largest + np.log(total / x.shape[axis]), weights / total


def importance_weighted_bound(
    log_weights: Any, *, axis: int = -1, reduction: str = "mean", base: Base = None, return_grad: bool = False
) -> Any:
    """Importance-weighted bound log (1/k Σ w_i) of log p(x), w_i = p(x, z_i) / q(z_i|x): the IWAE's objective.

    Parameters
    ----------
    log_weights : array of float
        log p(x|z_i) + log p(z_i) - log q(z_i|x) in nats, k samples along ``axis``; -inf is a weight of 0.
    axis : int, default -1
        Axis of the samples; all others are rows.
    reduction : {"mean", "sum", "none"}, default "mean"
        Of the rows.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default. ``log_weights`` are in nats.
    return_grad : bool, default False
        Also return the gradient by ``log_weights``.

    Returns
    -------
    float, or ndarray of float64 in the shape of the rows for "none"
        In units of ``base``.
    gradient : ndarray of float64 in the shape of ``log_weights``, with ``return_grad`` only
        The normalized weights w_i / Σ w, divided by the rows where the value is a mean over them, in units of ``base``.

    Raises
    ------
    ValueError
        NaN or +inf; no samples along ``axis``; an unknown reduction.
    TypeError
        Not real numbers.

    Notes
    -----
    With k = 1 this is the ELBO's estimate; in expectation it grows with k and reaches log p(x). The gap is about
    Var(w) / (2 k p(x)²): see :func:`effective_sample_size`. O(n k).

    References
    ----------
    Burda, Y., Grosse, R. & Salakhutdinov, R. (2016). Importance weighted autoencoders. ICLR, eq. 8 and 14.

    Examples
    --------
    >>> import numpy as np
    >>> import hartley as ht
    >>> round(ht.vae.importance_weighted_bound(np.log([[1.0, 3.0], [2.0, 2.0]]), base="bits"), 12)
    1.0
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(_REDUCTIONS)}, got {reduction!r}")
    unit = nats_per_unit(base)
    _, bound, weights = _normalized(log_weights, axis)
    if bound.size == 0:
        raise ValueError(f"log_weights must have at least one row, got shape {weights.shape}")
    rows = bound.squeeze(axis) / unit
    divisor = unit * (rows.size if reduction == "mean" else 1)
    value = as_result(rows) if reduction == "none" else float(rows.sum() / (divisor / unit))
    return (value, weights / divisor) if return_grad else value


def effective_sample_size(log_weights: Any, *, axis: int = -1) -> Any:
    """Effective number of importance samples (Σ w)² / Σ w².

    Parameters
    ----------
    log_weights : array of float
        Logarithms of the weights in nats, k samples along ``axis``; -inf is a weight of 0.
    axis : int, default -1
        Axis of the samples; all others are rows.

    Returns
    -------
    float, or ndarray of float64 in the shape of the rows
        From 1 (one sample has all the weight) to k (all have the same).

    Raises
    ------
    ValueError
        NaN or +inf; no samples along ``axis``.
    TypeError
        Not real numbers.

    Notes
    -----
    A few of k means that the bound of :func:`importance_weighted_bound` rests on a few samples. O(n k).

    References
    ----------
    Kong, A. (1992). A note on importance sampling using standardized weights. University of Chicago, technical report
    348.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.vae.effective_sample_size([0.0, 0.0, float("-inf"), float("-inf")])
    2.0
    """
    _, _, weights = _normalized(log_weights, axis)
    return as_result(1.0 / (weights**2).sum(axis=axis))
