"""KL divergences between diagonal normal distributions, with their gradients."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from ._arrays import RealArray
from ._normals import F64, Normals, as_normals, kl_sums
from ._units import Base, nats_per_unit

_REDUCTIONS = ("mean", "sum", "none", "dimensions")


class NormalGradient(NamedTuple):
    """Derivatives by the parameters of the posterior, in their shape and precision."""

    mean: RealArray
    log_variance: RealArray


class NormalPairGradient(NamedTuple):
    """Derivatives by the parameters of p and of q, each in the shape of its parameter."""

    mean_p: RealArray
    log_variance_p: RealArray
    mean_q: RealArray
    log_variance_q: RealArray


def _reduced(
    p: Normals, q: Normals | None, reduction: str, base: Base, return_grad: bool
) -> tuple[float | F64, tuple[Any, ...]]:
    if reduction not in _REDUCTIONS:
        raise ValueError(f"reduction must be one of {', '.join(_REDUCTIONS)}, got {reduction!r}")
    unit = nats_per_unit(base)
    n_rows = p.mean.size // p.mean.shape[-1]
    divisor = unit * (n_rows if reduction in ("mean", "dimensions") else 1)
    over = {"none": "latents", "dimensions": "rows"}.get(reduction, "both")
    sums = kl_sums(p, q, over, wants_gradient=return_grad, scale=1.0 / divisor)
    if reduction == "none":
        return sums.values.reshape(p.mean.shape[:-1]) / divisor, sums.gradient
    if reduction == "dimensions":
        return sums.values / divisor, sums.gradient
    return float(sums.values.sum()) / divisor, sums.gradient


def kl_standard_normal(
    mean: Any, log_variance: Any, *, reduction: str = "mean", base: Base = None, return_grad: bool = False
) -> Any:
    """KL(N(mean, exp(log_variance)) ‖ N(0, 1)): a VAE's rate, summed over latents and averaged over rows.

    Parameters
    ----------
    mean, log_variance : array of float, shape (..., n_latents)
        Means and log-variances log σ² of diagonal normal posteriors; all axes but the last are rows. At least two axes,
        finite; ``log_variance`` at most 88 (709 in float64).
    reduction : {"mean", "sum", "none", "dimensions"}, default "mean"
        Latents are always summed, except for "dimensions": the mean over rows of each latent. "mean" averages the rows,
        "sum" adds them, "none" keeps them.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    return_grad : bool, default False
        Also return the gradient, from the same pass.

    Returns
    -------
    float, or ndarray of float64, shape (...,) for "none" and (n_latents,) for "dimensions"
        In units of ``base``, at least 0.
    gradient : NormalGradient, with ``return_grad`` only
        ``.mean`` (μ) and ``.log_variance`` (½ (σ² - 1)), divided by the rows where the value is a mean over them, in
        units of ``base``. For "none" and "dimensions" of the one value that each entry has a part in.

    Raises
    ------
    ValueError
        Unequal shapes; fewer than two axes; NaN or inf; a log-variance whose exponential overflows.
    TypeError
        Not real numbers.

    Notes
    -----
    ½ Σ (μ² + σ² - 1 - log σ²). Computed as μ² + (e^x - 1 - x), the bracket without cancellation, so that a collapsed
    latent (σ² near 1) has all its digits: an entry's relative error is at most 9 eps of the dtype, and sums are in
    float64. float16 and bfloat16 are read as float32. The most common mistake is a mean over latents *and* rows, which
    is this value divided by ``n_latents``. O(n n_latents), one pass over memory.

    References
    ----------
    Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR, appendix B.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.vae.kl_standard_normal([[1.0, 0.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 0.0]])
    2.5
    >>> ht.vae.kl_standard_normal([[1.0, 0.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 0.0]], reduction="dimensions")
    array([0.25, 2.25])
    """
    p = as_normals(mean, log_variance, ("mean", "log_variance"))
    value, gradient = _reduced(p, None, reduction, base, return_grad)
    if not return_grad:
        return value
    return value, NormalGradient(*(array.reshape(p.mean.shape) for array in gradient))


def kl_diagonal_normal(
    mean_p: Any,
    log_variance_p: Any,
    mean_q: Any,
    log_variance_q: Any,
    *,
    reduction: str = "mean",
    base: Base = None,
    return_grad: bool = False,
) -> Any:
    """KL(p‖q) of diagonal normal distributions: the rate against a learned or conditional prior q.

    Parameters
    ----------
    mean_p, log_variance_p : array of float, shape (..., n_latents)
        Means and log-variances log σ² of p; all axes but the last are rows. At least two axes, finite.
    mean_q, log_variance_q : array of float, the shape of p's or (n_latents,)
        Those of q: one for each row, or one for all.
    reduction : {"mean", "sum", "none", "dimensions"}, default "mean"
        Latents are always summed, except for "dimensions": the mean over rows of each latent. "mean" averages the rows,
        "sum" adds them, "none" keeps them.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.
    return_grad : bool, default False
        Also return the gradient, from the same pass.

    Returns
    -------
    float, or ndarray of float64, shape (...,) for "none" and (n_latents,) for "dimensions"
        In units of ``base``, at least 0.
    gradient : NormalPairGradient, with ``return_grad`` only
        By all four parameters, each in its parameter's shape (summed over the rows where q is one for all), in units of
        ``base``. For "none" and "dimensions" of the sum of the values that each entry has a part in.

    Raises
    ------
    ValueError
        Shapes that do not fit; NaN or inf; log-variances for which σ_p²/σ_q² or 1/σ_q² overflows.
    TypeError
        Not real numbers.

    Notes
    -----
    ½ Σ ((μ_p - μ_q)²/σ_q² + σ_p²/σ_q² - 1 - log σ_p²/σ_q²), without cancellation where p is near q. An entry's relative
    error is at most 9 eps of the dtype. O(n n_latents), one pass over memory.

    References
    ----------
    Kullback, S. (1959). Information Theory and Statistics. Wiley, chapter 9, eq. 1.4.

    Examples
    --------
    >>> import hartley as ht
    >>> ht.vae.kl_diagonal_normal([[1.0], [3.0]], [[0.0], [0.0]], [1.0], [0.0])
    1.0
    """
    p = as_normals(mean_p, log_variance_p, ("mean_p", "log_variance_p"))
    q = as_normals(mean_q, log_variance_q, ("mean_q", "log_variance_q"), one_row=True)
    n_latents = p.mean.shape[-1]
    if q.mean.shape != p.mean.shape and q.mean.shape != (1, n_latents):
        raise ValueError(f"mean_q must have the shape of mean_p, {p.mean.shape}, or ({n_latents},), got {q.mean.shape}")
    value, gradient = _reduced(p, q, reduction, base, return_grad)
    if not return_grad:
        return value
    of_p = [array.reshape(p.mean.shape) for array in gradient[:2]]
    of_q = gradient[2:]
    if q.mean.shape == p.mean.shape:
        of_q = tuple(array.reshape(p.mean.shape) for array in of_q)
    else:
        shape = (n_latents,) if np.ndim(mean_q) == 1 else q.mean.shape
        of_q = tuple(array.sum(axis=0, dtype=np.float64).reshape(shape).astype(array.dtype) for array in of_q)
    return value, NormalPairGradient(*cast(Any, (*of_p, *of_q)))
