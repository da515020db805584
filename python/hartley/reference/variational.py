"""Variational bounds of mutual information from critic scores, in nats, pair by pair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _diagonal_and_rest(scores: Array) -> tuple[Array, Array]:
    joint = np.eye(len(scores), dtype=bool)
    return scores[joint], scores[~joint]


def donsker_varadhan(scores: Array) -> Any:
    """mean T - log mean exp T."""
    joint, product = _diagonal_and_rest(scores)
    return joint.mean() - np.log(np.exp(product).mean())


def smile(scores: Array, tau: float) -> Any:
    """mean T - log mean exp clip(T)."""
    joint, product = _diagonal_and_rest(scores)
    return joint.mean() - np.log(np.exp(product.clip(-tau, tau)).mean())


def nwj(scores: Array) -> Any:
    """mean T - mean exp(T - 1)."""
    joint, product = _diagonal_and_rest(scores)
    return joint.mean() - np.exp(product - 1).mean()


def tuba(scores: Array, log_baseline: Array) -> Any:
    """1 + mean (T - log a) - mean exp(T) / a, a(y_j) of column j."""
    joint, product = _diagonal_and_rest(scores - log_baseline)
    return 1 + joint.mean() - np.exp(product).mean()


def infonce(scores: Array) -> Any:
    """mean log of exp T_ii / (mean exp T_ij over j)."""
    return np.mean(np.diag(scores) - np.log(np.exp(scores).mean(axis=1)))


def interpolated(scores: Array, alpha: float, log_baseline: Array) -> Any:
    """1 + mean log(exp T / A) - mean exp(T) / A, A = alpha (mean over n - 1 candidates) + (1 - alpha) a."""
    n, u, a = len(scores), np.exp(scores), np.exp(log_baseline)
    joint, product = [], []
    for j in range(n):
        others = [i for i in range(n) if i != j]
        for left_out in others:  # y_j with its x_j and n - 2 others
            candidates = [i for i in range(n) if i != left_out]
            joint.append(np.log(u[j, j] / (alpha * u[candidates, j].mean() + (1 - alpha) * a[j])))
        for i in others:  # y_j with the n - 1 others
            product.append(u[i, j] / (alpha * u[others, j].mean() + (1 - alpha) * a[j]))
    return 1 + np.mean(joint) - np.mean(product)


def jensen_shannon_bound(scores: Array) -> Any:
    """log 2 - ½ mean log(1 + exp -T) - ½ mean log(1 + exp T)."""
    joint, product = _diagonal_and_rest(scores)
    return np.log(2) - np.log1p(np.exp(-joint)).mean() / 2 - np.log1p(np.exp(product)).mean() / 2


def club(log_q: Array) -> Any:
    """mean of the diagonal - mean of all."""
    return np.diag(log_q).mean() - log_q.mean()


def club_of_others(log_q: Array) -> Any:
    """mean of the diagonal - mean of the rest."""
    joint, rest = _diagonal_and_rest(log_q)
    return joint.mean() - rest.mean()


def leave_one_out_bound(log_q: Array) -> Any:
    """mean log of exp T_jj / (mean exp T_ij over i != j)."""
    others = np.exp(log_q)
    np.fill_diagonal(others, 0.0)
    return np.mean(np.diag(log_q) - np.log(others.sum(axis=0) / (len(log_q) - 1)))


def barber_agakov(log_q: Array, entropy: float) -> Any:
    """mean log q + H."""
    return log_q.mean() + entropy


def information_bottleneck_bound(log_q: Array, kl: Array, beta: float, entropy: float) -> Any:
    """(mean log q + H) - beta mean KL."""
    return log_q.mean() + entropy - beta * kl.mean()


def jackknife_variance(bound: Callable[[Array], Any], scores: Array) -> Any:
    """Variance of a bound by leaving out one pair, its row and its column, at a time."""
    n = len(scores)
    left = np.array([bound(np.delete(np.delete(scores, k, axis=0), k, axis=1)) for k in range(n)])
    return (n - 1) / n * np.sum((left - left.mean()) ** 2)
