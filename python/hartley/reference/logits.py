"""Losses, entropies and divergences of softmax logits, in nats."""

from __future__ import annotations

from typing import Any

import numpy as np


def log_softmax(logits: Any, temperature: float = 1.0) -> Any:
    """z - log Σ e^z along the last axis, z = logits / temperature."""
    z = np.asarray(logits, np.float64) / temperature
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _products(p: Any, x: Any) -> Any:
    """p x with 0 times anything = 0."""
    return np.where(p > 0, p * np.where(p > 0, x, 0.0), 0.0)


def losses(logits: Any, targets: Any, temperature: float = 1.0, smoothing: float = 0.0, weights: Any = None) -> Any:
    """(1 - s) w_y (-log p_y) + (s / K) Σ w_k (-log p_k), one a row."""
    log_p = log_softmax(logits, temperature)
    w = np.ones(log_p.shape[-1]) if weights is None else np.asarray(weights)
    of_target = -np.take_along_axis(log_p, np.expand_dims(targets, -1), -1)[..., 0]
    if smoothing == 0:
        return w[targets] * of_target
    return (1 - smoothing) * w[targets] * of_target + smoothing * _products(w, -log_p).sum(axis=-1) / log_p.shape[-1]


def loss_gradients(
    logits: Any, targets: Any, temperature: float = 1.0, smoothing: float = 0.0, weights: Any = None
) -> Any:
    """Derivative of each row's loss with respect to its logits."""
    p = np.exp(log_softmax(logits, temperature))
    n = p.shape[-1]
    w = np.ones(n) if weights is None else np.asarray(weights)
    wanted = np.broadcast_to(smoothing * w / n, p.shape).copy()
    at_target = np.expand_dims(targets, -1)
    np.put_along_axis(wanted, at_target, np.take_along_axis(wanted, at_target, -1) + (1 - smoothing) * w[at_target], -1)
    return (wanted.sum(axis=-1, keepdims=True) * p - wanted) / temperature


def entropy(logits: Any, temperature: float = 1.0) -> Any:
    """-Σ p log p."""
    log_p = log_softmax(logits, temperature)
    return -_products(np.exp(log_p), log_p).sum(axis=-1)


def kl_divergence(p_logits: Any, q_logits: Any, temperature: float = 1.0) -> Any:
    """Σ p log(p / q)."""
    log_p, log_q = log_softmax(p_logits, temperature), log_softmax(q_logits, temperature)
    p = np.exp(log_p)
    return _products(p, np.where(p > 0, log_p, 0.0) - log_q).sum(axis=-1)


def js_divergence(p_logits: Any, q_logits: Any, temperature: float = 1.0) -> Any:
    """½ Σ p log(p / m) + ½ Σ q log(q / m), m = (p + q) / 2."""
    log_p, log_q = log_softmax(p_logits, temperature), log_softmax(q_logits, temperature)
    log_m = np.logaddexp(log_p, log_q) - np.log(2.0)
    p, q = np.exp(log_p), np.exp(log_q)
    terms = _products(p, np.where(p > 0, log_p, 0.0) - log_m) + _products(q, np.where(q > 0, log_q, 0.0) - log_m)
    return 0.5 * terms.sum(axis=-1)


def binary_cross_entropy(logits: Any, targets: Any, pos_weight: Any = 1.0) -> Any:
    """w y log(1 + e^-z) + (1 - y) log(1 + e^z), entry by entry."""
    z, y = np.asarray(logits, np.float64), np.asarray(targets, np.float64)
    return pos_weight * y * np.logaddexp(0.0, -z) + (1 - y) * np.logaddexp(0.0, z)


def binary_gradient(logits: Any, targets: Any, pos_weight: Any = 1.0) -> Any:
    """(1 - y) σ(z) - w y σ(-z)."""
    z, y = np.asarray(logits, np.float64), np.asarray(targets, np.float64)
    return (1 - y) / (1 + np.exp(-z)) - pos_weight * y / (1 + np.exp(z))
