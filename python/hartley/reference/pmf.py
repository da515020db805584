"""Functionals of probability mass functions, in nats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _terms(weight: Array, log_argument: Array) -> Array:
    """weight * log(log_argument), with 0 log(anything) = 0."""
    positive = weight > 0
    with np.errstate(divide="ignore"):
        return np.where(positive, weight * np.log(np.where(positive, log_argument, 1.0)), 0.0)


def entropy(p: Array, axis: int = -1) -> Any:
    """-Σ p log p."""
    return -_terms(p, p).sum(axis=axis)


def cross_entropy(p: Array, q: Array, axis: int = -1) -> Any:
    """-Σ p log q."""
    return -_terms(p, np.broadcast_to(q, np.broadcast_shapes(p.shape, q.shape))).sum(axis=axis)


def kl_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    """Σ p log(p / q)."""
    p, q = np.broadcast_arrays(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _terms(p, p / q).sum(axis=axis)


def js_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    """H(m) - ½ H(p) - ½ H(q), m = (p + q) / 2."""
    return entropy((p + q) / 2, axis) - entropy(p, axis) / 2 - entropy(q, axis) / 2


def binary_entropy(p: Array) -> Array:
    """-p log p - (1 - p) log(1 - p)."""
    return -_terms(p, p) - _terms(1 - p, 1 - p)


def total_variation(p: Array, q: Array, axis: int = -1) -> Any:
    """½ Σ |p - q|."""
    return 0.5 * np.abs(p - q).sum(axis=axis)


def chi2_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    """Σ (p - q)² / q."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == q, 0.0, (p - q) ** 2 / q).sum(axis=axis)


def squared_hellinger(p: Array, q: Array, axis: int = -1) -> Any:
    """½ Σ (√p - √q)²."""
    return 0.5 * ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis=axis)


def jeffreys_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    """D(p‖q) + D(q‖p)."""
    return kl_divergence(p, q, axis) + kl_divergence(q, p, axis)


def le_cam_divergence(p: Array, q: Array, axis: int = -1) -> Any:
    """½ Σ (p - q)² / (p + q)."""
    with np.errstate(invalid="ignore"):
        return np.where(p == q, 0.0, 0.5 * (p - q) ** 2 / (p + q)).sum(axis=axis)


def power_sum(p: Array, q: Array, a: float, b: float, axis: int = -1) -> Any:
    """Σ p^a q^b over the terms with p > 0."""
    with np.errstate(divide="ignore"):
        return np.where(p > 0, np.where(p > 0, p, 1.0) ** a * q**b, 0.0).sum(axis=axis)
