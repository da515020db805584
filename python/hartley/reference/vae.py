"""Quantities of variational autoencoders with diagonal normal posteriors, in nats; z, mean, log_variance are (n, d)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def kl_standard_normal(mean: Array, log_variance: Array) -> Array:
    """½ (μ² + σ² - 1 - log σ²) of every row and latent."""
    return 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)


def kl_diagonal_normal(mean_p: Array, log_variance_p: Array, mean_q: Array, log_variance_q: Array) -> Array:
    """½ (log σ_q²/σ_p² + (σ_p² + (μ_p - μ_q)²) / σ_q² - 1) of every row and latent."""
    ratio = (np.exp(log_variance_p) + (mean_p - mean_q) ** 2) / np.exp(log_variance_q)
    return 0.5 * (log_variance_q - log_variance_p + ratio - 1)


def log_normal(z: Array, mean: Any, log_variance: Any) -> Array:
    """Log-density of a normal distribution, elementwise."""
    density: Array = -0.5 * ((z - mean) ** 2 * np.exp(-log_variance) + log_variance + np.log(2 * np.pi))
    return density


def log_sum_exp(x: Array, axis: int) -> Any:
    """log Σ e^x."""
    largest = x.max(axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.exp(x - largest).sum(axis=axis))


def importance_weights(n: int, method: str, dataset_size: int) -> Array:
    """w of q(z_i) ≈ Σ_j w_ij q(z_i|x_j): Chen et al. (2018), appendix C; the weight of all others is shared evenly."""
    if method == "full":
        return np.full((n, n), 1 / n)
    if method == "minibatch_weighted":
        return np.full((n, n), 1 / (n * dataset_size))
    w = np.full((n, n), (dataset_size - 1) / (dataset_size * max(n - 1, 1)))
    np.fill_diagonal(w, 1 / dataset_size)
    return w


def elbo_decomposition(z: Array, mean: Array, log_variance: Array, weights: Array) -> tuple[float, float, Array]:
    """Index-code mutual information, total correlation, KL of each latent, with all n × n × d densities in memory."""
    log_density = log_normal(z[:, None], mean[None], log_variance[None])  # sample i under posterior j
    log_q_given_x = np.einsum("iid->id", log_density)
    log_q = log_sum_exp(np.log(weights) + log_density.sum(axis=2), axis=1)
    log_q_latents = log_sum_exp(np.log(weights)[:, :, None] + log_density, axis=1)
    information = np.mean(log_q_given_x.sum(axis=1) - log_q)
    total_correlation = np.mean(log_q - log_q_latents.sum(axis=1))
    return float(information), float(total_correlation), np.mean(log_q_latents - log_normal(z, 0.0, 0.0), axis=0)


def importance_weighted_bound(log_weights: Array, axis: int = -1) -> Any:
    """log (1/k Σ w) over k importance weights."""
    return log_sum_exp(log_weights, axis) - np.log(log_weights.shape[axis])


def mutual_information_gap(codes: Array, factors: NDArray[Any], bins: int = 20) -> Array:
    """(I_1 - I_2) / H of every factor, codes in bins of equal width."""
    gaps = []
    for factor in factors.T:
        information = []
        for code in codes.T:
            p = np.histogram2d(code, np.unique(factor, return_inverse=True)[1], bins=(bins, len(np.unique(factor))))[0]
            p /= p.sum()
            independent = p.sum(axis=1, keepdims=True) * p.sum(axis=0)
            information.append(float((p[p > 0] * np.log(p[p > 0] / independent[p > 0])).sum()))
        second, first = sorted(information)[-2:]
        share = np.unique(factor, return_counts=True)[1] / len(factor)
        gaps.append((first - second) / -(share * np.log(share)).sum())
    return np.array(gaps)
