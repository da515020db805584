"""The KL of a variational autoencoder in three parts: index-code information, total correlation, latents' own KL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _dispatch
from ._arrays import as_real, count_and_first, require_finite
from ._normals import F64, as_normals, largest_exponent
from ._symbol_counts import whole_number
from ._threads import get_num_threads
from ._units import Base, nats_per_unit

_METHODS = ("minibatch_weighted", "stratified", "full")
_PIECE = 1 << 18  # numbers that are widened to float64 at a time


@dataclass(frozen=True)
class ElboDecomposition:
    """E_x KL(q(z|x) ‖ p(z)) in three parts, all in one unit.

    Attributes
    ----------
    mutual_information : float
        I(x; z) = KL(q(z, n) ‖ q(z) p(n)): what the code tells of the index of its row; at most log n for "full".
    total_correlation : float
        KL(q(z) ‖ Π_d q(z_d)): dependence among the latents.
    dimension_wise_kl : float
        Σ_d KL(q(z_d) ‖ p(z_d)): the latents' distance from the prior.
    dimension_wise : ndarray of float64, shape (n_latents,)
        The terms of that sum.
    kl : float
        The sum of the three: the Monte-Carlo estimate of the KL by the samples z.
    method : str
        How q(z) was estimated.
    """

    mutual_information: float
    total_correlation: float
    dimension_wise_kl: float
    dimension_wise: F64
    kl: float
    method: str


def _weights(n: int, method: str, dataset_size: int | None) -> tuple[float, float]:
    """Weights of the own posterior and of each of the others."""
    if method not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(_METHODS)}, got {method!r}")
    if method == "full":
        if dataset_size is not None and whole_number(dataset_size, "dataset_size", 1) != n:
            raise ValueError(
                f'dataset_size must be the number of rows, {n}, for method="full", got {dataset_size}: '
                'a part of the data is for "minibatch_weighted" and "stratified"'
            )
        return 1 / n, 1 / n
    if dataset_size is None:
        raise ValueError(
            f'dataset_size must be given for method="{method}": the rows of the data that z is a batch of; '
            'where z is all of them, use method="full"'
        )
    size = whole_number(dataset_size, "dataset_size", 1)
    if size < n:
        raise ValueError(f"dataset_size must be at least the number of rows, {n}, got {size}")
    if method == "minibatch_weighted":
        return 1 / (n * size), 1 / (n * size)
    if n == 1 < size:
        raise ValueError('method="stratified" needs at least two rows, got 1')
    return 1 / size, (size - 1) / (size * max(n - 1, 1))


def _own_over_prior(z: Any, mean: Any, log_variance: Any) -> F64:
    """Mean over rows of log q(z_d|x) - log p(z_d), every latent."""
    n, n_latents = z.shape
    rows = max(1, _PIECE // n_latents)
    total: F64 = np.zeros(n_latents)
    for begin in range(0, n, rows):
        own, mu, lv = (x[begin : begin + rows].astype(np.float64) for x in (z, mean, log_variance))
        with np.errstate(over="ignore", invalid="ignore"):
            total += (own**2 - (own - mu) ** 2 * np.exp(-lv) - lv).sum(axis=0)
    total /= 2 * n
    return total


def _rejected(log_variance: Any) -> None:
    limit = largest_exponent(log_variance.dtype) - 1  # the factor ½ log2 e and squares below 1 stay in range, too
    bad = np.abs(log_variance) > limit
    if bad.any():
        n_bad, first = count_and_first(bad)
        raise ValueError(
            f"log_variance must be within ±{limit:g} in {log_variance.dtype}, or densities overflow (is it log σ²?), "
            f"got {n_bad} beyond of {bad.size}, first log_variance[{first}] = {log_variance[bad][0]:g}"
        )


def elbo_decomposition(
    z: Any,
    mean: Any,
    log_variance: Any,
    *,
    dataset_size: int | None = None,
    method: str = "minibatch_weighted",
    base: Base = None,
) -> ElboDecomposition:
    """Index-code mutual information, total correlation and dimension-wise KL of a VAE with prior N(0, 1).

    Parameters
    ----------
    z : array of float, shape (n, n_latents)
        A sample of each row's posterior.
    mean, log_variance : array of float, shape (n, n_latents)
        The posteriors' means and log-variances log σ²: ``z[i]`` was drawn from N(mean[i], exp(log_variance[i])).
    dataset_size : int, optional
        Rows of the data set that the n rows are a random batch of. Needed for all methods but "full".
    method : {"minibatch_weighted", "stratified", "full"}, default "minibatch_weighted"
        How q(z) = 1/N Σ_j q(z|x_j) is found: from a batch, drawn with or without replacement; or exactly, "full", where
        the n rows are the whole data.
    base : float or {"nats", "bits", "hartleys"}, optional
        Unit of the result; nats by default.

    Returns
    -------
    ElboDecomposition
        ``.mutual_information``, ``.total_correlation``, ``.dimension_wise_kl`` (and ``.dimension_wise`` by latent) and
        their sum ``.kl``, in units of ``base``.

    Raises
    ------
    ValueError
        Unequal shapes; NaN or inf; a log-variance whose density overflows; ``z`` so far from its own posterior that the
        density underflows; a ``dataset_size`` that does not fit the method.
    TypeError
        Not real numbers.

    Notes
    -----
    With weights w_ij, q(z_i) ≈ Σ_j w_ij q(z_i|x_j), and the same of every latent's factor. For N = ``dataset_size``:

    - "full": w = 1/N, exact. What is left is the Monte-Carlo error of one z a row.
    - "minibatch_weighted": w = 1/(n N). A batch always has the row itself, so that the expected estimate of the density
      is (q(z_i|x_i) + (n - 1) q(z_i)) / (n N), too low. The result is that of "full" on the batch alone with log N more
      information, (n_latents - 1) log N more total correlation and log N less KL of each latent: a difference between
      models at one n and N means something, the value does not.
    - "stratified": w_ii = 1/N and w_ij = (N - 1) / (N (n - 1)): an unbiased estimate of q(z_i) for batches without
      replacement, equal to "full" at n = N. It is the published estimator (which gives one of the other rows the rest
      of the weight) averaged over the choice of that row, so that the order of rows does not matter.

    A logarithm of an unbiased estimate is biased (Jensen): log q(z) comes out too low with both, the less the larger n.
    O(n² n_latents) time; densities are formed tile by tile and relative to the row's own, so that memory is three times
    the input and float32 keeps errors of about 1e-6 for tens of latents, 1e-5 for hundreds.

    References
    ----------
    Chen, R. T. Q., Li, X., Grosse, R. & Duvenaud, D. (2018). Isolating sources of disentanglement in variational
    autoencoders. NeurIPS, eq. 2, appendix C.1 (minibatch-weighted) and C.2 (stratified).
    Hoffman, M. D. & Johnson, M. J. (2016). ELBO surgery. NIPS workshop on approximate inference.

    Examples
    --------
    Two rows with codes far apart, which say one bit of which row it was:

    >>> import hartley as ht
    >>> mean = [[5.0, 0.0], [-5.0, 0.0]]
    >>> parts = ht.vae.elbo_decomposition(mean, mean, [[-4.0, 0.0], [-4.0, 0.0]], method="full", base="bits")
    >>> round(parts.mutual_information, 6), round(parts.total_correlation, 6)
    (1.0, 0.0)
    """
    unit = nats_per_unit(base)
    samples = as_real(z, "z")
    q = as_normals(mean, log_variance, ("mean", "log_variance"))
    if samples.shape != q.mean.shape or samples.ndim != 2:
        raise ValueError(
            f"z, mean and log_variance must have one shape (n, n_latents), got {samples.shape} and {q.mean.shape}"
        )
    if samples.dtype != q.mean.dtype:
        samples, q = samples.astype(np.float64, copy=False), q.astype(np.float64)
    own, other = _weights(len(samples), method, dataset_size)
    require_finite(samples, "z")
    q.require_finite()
    _rejected(q.log_variance)
    joint, marginal_sums = _dispatch.kernels.vae_mixture(samples, q.mean, q.log_variance, own, other, get_num_threads())
    information = -float(joint.mean())
    marginals = marginal_sums / len(samples)
    own_parts = _own_over_prior(samples, q.mean, q.log_variance)
    if not (math.isfinite(information) and np.isfinite(marginals).all() and np.isfinite(own_parts).all()):
        raise ValueError(
            f"z must be a sample of its row's posterior: densities are out of the range of {samples.dtype} "
            "(z[i] goes with mean[i] and log_variance[i]; log_variance is log σ²)"
        )
    dimension_wise = marginals + own_parts
    total_correlation = -information - float(marginals.sum())
    dimension_wise_kl = float(dimension_wise.sum())
    return ElboDecomposition(
        mutual_information=information / unit,
        total_correlation=total_correlation / unit,
        dimension_wise_kl=dimension_wise_kl / unit,
        dimension_wise=dimension_wise / unit,
        kl=float(own_parts.sum()) / unit,
        method=method,
    )
