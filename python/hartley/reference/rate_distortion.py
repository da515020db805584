"""Rate-distortion and capacity by the iterations of Blahut and Arimoto, in the linear and in the log domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def blahut(p: Array, distortion: Array, beta: float, n_iter: int) -> tuple[float, float, float]:
    """(rate, distortion, gap) in nats after n_iter updates; R(distortion) >= rate - gap.

    Every update takes two matrix-vector products. F(q) - log max c is a lower bound of R + beta D.
    """
    kernel = np.exp(-beta * distortion)
    q = np.full(distortion.shape[1], 1 / distortion.shape[1])
    for _ in range(n_iter):
        q *= kernel.T @ (p / (kernel @ q))
    sums = kernel @ q
    gains = kernel.T @ (p / sums)
    joint = p[:, None] * kernel * q[None, :] / sums[:, None]
    bound = -(p @ np.log(sums)) - np.log(gains.max())
    rate, cost = mutual_information(joint), float((joint * distortion).sum())
    return rate, cost, float(rate + beta * cost - bound)


def log_blahut(p: Array, distortion: Array, beta: float, n_iter: int) -> tuple[float, float, float]:
    """The same with logarithms of sums of exponentials: right for any beta."""
    log_q = np.full(distortion.shape[1], -np.log(distortion.shape[1]))
    log_p = np.log(p)[:, None]
    for _ in range(n_iter):
        log_sums = log_sum_exp(log_q[None, :] - beta * distortion, axis=1)
        log_q = log_q + log_sum_exp(log_p - beta * distortion - log_sums[:, None], axis=0)
    log_sums = log_sum_exp(log_q[None, :] - beta * distortion, axis=1)
    gains = log_sum_exp(log_p - beta * distortion - log_sums[:, None], axis=0)
    joint = np.exp(log_p + log_q[None, :] - beta * distortion - log_sums[:, None])
    bound = -(p @ log_sums) - gains.max()
    rate, cost = mutual_information(joint), float((joint * distortion).sum())
    return rate, cost, float(rate + beta * cost - bound)


def arimoto(W: Array, n_iter: int) -> tuple[float, float]:  # noqa: N803
    """(lower, upper) bound of the capacity in nats after n_iter updates."""
    p = np.full(len(W), 1 / len(W))
    for _ in range(n_iter):
        divergences = relative_entropies(W, p @ W)
        p *= np.exp(divergences - divergences.max())
        p /= p.sum()
    divergences = relative_entropies(W, p @ W)
    return float(p @ divergences), float(divergences.max())


def relative_entropies(W: Array, r: Array) -> Array:  # noqa: N803
    """D(W_x ‖ r) of every row."""
    ratios = np.divide(W, r[None, :], out=np.ones_like(W), where=W > 0)
    result: Array = (W * np.log(ratios)).sum(axis=1)
    return result


def mutual_information(joint: Array) -> float:
    """I in nats, 0 log 0 = 0."""
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    ratios = np.divide(joint, product, out=np.ones_like(joint), where=joint > 0)
    return float((joint * np.log(ratios)).sum())


def log_sum_exp(x: Array, axis: int) -> Array:
    """log Σ e^x along an axis."""
    largest = x.max(axis=axis, keepdims=True)
    result: Array = np.log(np.exp(x - largest).sum(axis=axis)) + largest.squeeze(axis)
    return result
