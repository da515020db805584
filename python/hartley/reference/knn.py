"""Nearest-neighbour estimates by brute force, O(n²), in nats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def digamma_of_integers(n: int) -> Array:
    """ψ(0), ψ(1), …, ψ(n) with ψ(m) = -γ + Σ 1/j over j < m; ψ(0) is set to NaN."""
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, max(n, 1)))])
    return np.concatenate([[np.nan], harmonic - np.euler_gamma])


def distances(x: Array, metric: str = "chebyshev") -> Array:
    """All distances between the rows of x, in the dtype of x."""
    difference = np.abs(x[:, None, :] - x[None, :, :])
    norm: Array = difference.max(axis=-1) if metric == "chebyshev" else np.sqrt((difference**2).sum(axis=-1))
    return norm


def kth_distance(x: Array, k: int, metric: str = "chebyshev") -> Array:
    """Distance from each row to its k-th nearest other row."""
    others = distances(x, metric)
    np.fill_diagonal(others, np.inf)
    return np.sort(others, axis=1)[:, k - 1]


def log_ball_volume(d: int, metric: str) -> float:
    """log of the volume of the unit ball."""
    if metric == "chebyshev":
        return d * math.log(2.0)
    return d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1)


def entropy_terms(x: Array, k: int, metric: str = "chebyshev") -> Array:
    """ψ(n) - ψ(k) + log c_d + d log ε_i."""
    n, d = x.shape
    psi = digamma_of_integers(n)
    epsilon = kth_distance(x, k, metric).astype(np.float64)
    with np.errstate(divide="ignore"):
        terms: Array = psi[n] - psi[k] + log_ball_volume(d, metric) + d * np.log(epsilon)
    return terms


def mutual_information_terms(x: Array, y: Array, k: int) -> Array:
    """ψ(k) + ψ(n) - ψ(n_x + 1) - ψ(n_y + 1), n_x and n_y counted strictly inside ε_i.

    Where ε_i = 0: ψ(k~) + log n - log(m_x + 1) - log(m_y + 1), all counted at distance 0.
    """
    n = len(x)
    psi = digamma_of_integers(n)
    in_x, in_y = distances(x), distances(y)
    epsilon = kth_distance(np.hstack([x, y]), k)[:, None]

    def others(inside: NDArray[np.bool_]) -> Any:
        return inside.sum(axis=1) - 1

    regular = (epsilon > 0).ravel()
    n_x, n_y = (np.where(regular, others(distance < epsilon), 0) for distance in (in_x, in_y))
    k_tied, m_x, m_y = others(np.maximum(in_x, in_y) == 0), others(in_x == 0), others(in_y == 0)
    untied = psi[k] + psi[n] - psi[n_x + 1] - psi[n_y + 1]
    tied: Array = psi[np.maximum(k_tied, 1)] + np.log(n) - np.log(m_x + 1) - np.log(m_y + 1)
    return np.where(regular, untied, tied)
