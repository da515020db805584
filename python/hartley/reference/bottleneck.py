"""The information bottleneck: its iteration in the log domain, and the deterministic one by looking at everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def information(joint: Array) -> float:
    """I of a joint distribution of two variables, in nats."""
    independent = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    there = joint > 0
    return float(np.sum(joint[there] * np.log(joint[there] / independent[there])))


def plane(pxy: Array, encoder: Array) -> tuple[float, float]:
    """I(T;X) and I(T;Y) of an encoder p(t|x), shape (n_x, n_clusters)."""
    return information(encoder * pxy.sum(axis=1)[:, None]), information(encoder.T @ pxy)


def divergences(p: Array, q: Array) -> Any:
    """KL(p_i ‖ q_j) of all pairs of rows; inf where q is 0 and p is not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p[:, None, :] * (np.log(p)[:, None, :] - np.log(q)[None, :, :])
    return np.where(p[:, None, :] > 0, terms, 0.0).sum(axis=2)


def iterate(pxy: Array, encoder: Array, beta: float, n_iter: int, deterministic: bool = False) -> Array:
    """The encoder after n_iter self-consistent updates."""
    y_given_x = pxy / pxy.sum(axis=1, keepdims=True)
    for _ in range(n_iter):
        joint = encoder.T @ pxy
        joint, encoder = joint[joint.sum(axis=1) > 0], encoder[:, joint.sum(axis=1) > 0]
        p_t = joint.sum(axis=1)
        scores = np.log(p_t) - beta * divergences(y_given_x, joint / p_t[:, None])
        if deterministic:
            encoder = np.eye(len(p_t))[scores.argmax(axis=1)]
        else:
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            encoder = weights / weights.sum(axis=1, keepdims=True)
    return encoder


def best_partition(pxy: Array, n_clusters: int, beta: float) -> float:
    """The least H(T) - β I(T;Y) of all maps from x to n_clusters clusters; H(T) = I(T;X) for a map."""
    planes = (plane(pxy, np.eye(n_clusters)[list(t)]) for t in np.ndindex(*[n_clusters] * len(pxy)))
    return min(complexity - beta * relevance for complexity, relevance in planes)


def critical_beta(pxy: Array) -> float:
    """1 / λ with λ the second eigenvalue of p(y'|y) = Σ_x p(y'|x) p(x|y): the square of the maximal correlation."""
    p_x, p_y = pxy.sum(axis=1), pxy.sum(axis=0)
    chain = (pxy / p_x[:, None]).T @ (pxy / p_y)
    return float(1.0 / np.sort(np.linalg.eigvals(chain).real)[-2])


def gaussian_plane(cov: Array, n_x: int, projection: Array) -> tuple[float, float]:
    """I(T;X) and I(T;Y) of T = A X + noise of covariance 1, from determinants; X comes first in cov."""

    def log_det(matrix: Array) -> float:
        return float(np.linalg.slogdet(matrix)[1])

    x, xy, y = cov[:n_x, :n_x], cov[:n_x, n_x:], cov[n_x:, n_x:]
    noise = np.eye(len(projection))
    given_y = x - xy @ np.linalg.solve(y, xy.T)
    total, rest = (log_det(projection @ c @ projection.T + noise) for c in (x, given_y))
    return 0.5 * total, 0.5 * (total - rest)
