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
