"""Gamma and Dirichlet parameters from their mean parameters, by Newton's method; nan where there are none."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _special
from ._parameters import Array

_STEPS = 100  # seldom more than eight are taken
_CONVERGED = 1e-8  # a relative step this small leaves its square
_HALVINGS = 40
_SMALL = 0.05  # α below it are not near the limit of large ones
_NOISE = 1e-14  # rounding errors of the likelihood, relative to its terms


def gamma_shape(gap: Any) -> Array:
    """The a with log a - ψ(a) = gap, which falls from inf to 0.

    Newton's method in 1 / a (Minka, 2002, Estimating a gamma distribution), which converges from its start always.
    """
    given = np.asarray(gap, dtype=np.float64)
    feasible = (given > 0) & (given < np.inf)
    s = np.where(feasible, given, 1.0)
    root = np.sqrt((s - 3.0) ** 2 + 24.0 * s)
    a = np.where(s > 3.0, 2.0 / (root + s - 3.0), (3.0 - s + root) / (12.0 * s))
    for _ in range(_STEPS):
        step = (_special.digamma_gap(a) - s) / (a * _special.trigamma_gap(a))
        a = a / (1.0 - step)
        if np.all(np.abs(step) <= _CONVERGED):
            break
    return np.where(feasible, a, np.nan)


def dirichlet_concentrations(mean_logs: Array) -> Array:
    """The α (along the last axis) with ψ(α_i) - ψ(Σ α) = mean_logs_i: there is one where Σ exp(mean_logs) < 1.

    Newton's method for the concave likelihood, with the inverse of a diagonal matrix plus a constant (Minka, 2000,
    Estimating a Dirichlet distribution), started at the limits of large and small α; steps are halved until they climb.
    """
    share = np.sum(np.exp(mean_logs), axis=-1, keepdims=True)
    feasible = (share < 1.0) & np.all(np.isfinite(mean_logs), axis=-1, keepdims=True)
    k = mean_logs.shape[-1]
    g = np.where(feasible, mean_logs, -2.0 * np.log(k))
    share = np.sum(np.exp(g), axis=-1, keepdims=True)
    large = np.exp(g) / share * (0.5 * (k - 1) / (1.0 - share))
    small = 1.0 / (1.0 - g)  # ψ(α) is about -1 / α
    a = np.where(np.all(large > _SMALL, axis=-1, keepdims=True), large, small)
    last = np.inf
    for _ in range(_STEPS):
        step = _climb(a, _newton_step(a, g), g)
        a = a + step
        largest = float(np.max(np.abs(step) / a, initial=0.0))
        # for a large sum of α rounding ends the descent of the steps before that
        if largest <= _CONVERGED or (largest < 1e-4 and largest > 0.5 * last):
            break
        last = largest
    return np.where(feasible, a, np.nan)


def _newton_step(a: Array, g: Array) -> Array:
    total = np.sum(a, axis=-1, keepdims=True)
    gradient = g - _special.digamma(a) + _special.digamma(total)
    inverse = 1.0 / _special.trigamma(a)
    denominator = 1.0 / _special.trigamma(total) - np.sum(inverse, axis=-1, keepdims=True)
    return np.asarray(inverse * (gradient + np.sum(gradient * inverse, axis=-1, keepdims=True) / denominator))


def _climb(a: Array, step: Array, g: Array) -> Array:
    """As much of the step as keeps α positive and does not lower the likelihood."""

    def likelihood(at: Array) -> tuple[Array, Array]:
        terms = np.concatenate([g * at, -_special.log_gamma(at), _special.log_gamma(np.sum(at, -1, keepdims=True))], -1)
        return np.sum(terms, axis=-1, keepdims=True), np.sum(np.abs(terms), axis=-1, keepdims=True)

    share = np.minimum(1.0, 0.9 / np.maximum(np.max(-step / a, axis=-1, keepdims=True), 0.9))
    before, size = likelihood(a)
    for _ in range(_HALVINGS):
        lower = likelihood(a + share * step)[0] < before - _NOISE * size
        if not lower.any():
            break
        share = np.where(lower, 0.5 * share, share)
    return np.asarray(share * step)
