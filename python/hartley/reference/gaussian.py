"""Functionals of normal distributions, in nats, as their formulas say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def log_determinant(cov: Array) -> Any:
    """log |Σ| of each matrix."""
    return np.linalg.slogdet(cov)[1]


def entropy(cov: Array) -> Any:
    """½ log((2πe)^d |Σ|)."""
    return 0.5 * (cov.shape[-1] * np.log(2 * np.pi * np.e) + log_determinant(cov))


def kl_divergence(mean_p: Array, cov_p: Array, mean_q: Array, cov_q: Array) -> Any:
    """½ (tr(Σ_q⁻¹ Σ_p) - d + log |Σ_q| - log |Σ_p| + Δᵀ Σ_q⁻¹ Δ)."""
    shift = (mean_p - mean_q)[..., None]
    trace = np.trace(np.linalg.solve(cov_q, cov_p), axis1=-2, axis2=-1)
    mahalanobis = (shift * np.linalg.solve(cov_q, shift)).sum((-2, -1))
    return 0.5 * (trace - cov_p.shape[-1] + log_determinant(cov_q) - log_determinant(cov_p) + mahalanobis)


def whiten(mean_p: Array, cov_p: Array, mean_q: Array, cov_q: Array) -> tuple[Array, Array]:
    """L_q⁻¹ L_p and L_q⁻¹ Δ."""
    p, q = np.linalg.cholesky(cov_p), np.linalg.cholesky(cov_q)
    return np.linalg.solve(q, p), np.linalg.solve(q, (mean_p - mean_q)[..., None])[..., 0]


def information(cov: Array, blocks: list[list[int]], given: list[int]) -> Any:
    """½ (Σ log |Σ_kz| - (m - 1) log |Σ_z| - log |Σ|) over m blocks of variables k, z the given ones."""

    def of(variables: list[int]) -> Any:
        return log_determinant(cov[..., np.array(variables)[:, None], variables]) if variables else 0.0

    everything = given + [variable for block in blocks for variable in block]
    return 0.5 * (sum(of(block + given) for block in blocks) - (len(blocks) - 1) * of(given) - of(everything))


def square_root(cov: Array) -> Array:
    """Σ^½."""
    eigenvalues, axes = np.linalg.eigh(cov)
    root: Array = (axes * np.sqrt(eigenvalues)[..., None, :]) @ np.swapaxes(axes, -1, -2)
    return root


def squared_wasserstein2(mean_p: Array, cov_p: Array, mean_q: Array, cov_q: Array) -> Any:
    """|Δ|² + tr(Σ_p + Σ_q - 2 (Σ_p^½ Σ_q Σ_p^½)^½)."""
    root = square_root(cov_p)
    terms = cov_p + cov_q - 2 * square_root(root @ cov_q @ root)
    return ((mean_p - mean_q) ** 2).sum(-1) + np.trace(terms, axis1=-2, axis2=-1)


def renyi_divergence(mean_p: Array, cov_p: Array, mean_q: Array, cov_q: Array, alpha: float) -> Any:
    """α/2 Δᵀ Σ⁻¹ Δ - log(|Σ| / (|Σ_p|^(1-α) |Σ_q|^α)) / (2 (α - 1)), Σ = α Σ_q + (1 - α) Σ_p."""
    mixed = alpha * cov_q + (1 - alpha) * cov_p
    shift = (mean_p - mean_q)[..., None]
    quadratic = (shift * np.linalg.solve(mixed, shift)).sum((-2, -1))
    logs = log_determinant(mixed) - (1 - alpha) * log_determinant(cov_p) - alpha * log_determinant(cov_q)
    return 0.5 * (alpha * quadratic - logs / (alpha - 1))
