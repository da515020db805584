"""The estimator of Nemenman, Shafee & Bialek: the posterior mean of the entropy under a mixture of Dirichlet priors.

The mixture's weight makes the prior of the entropy nearly flat: dξ/dβ with the expected entropy
ξ(β) = ψ(Kβ + 1) - ψ(β + 1) of K symbols under a Dirichlet prior with parameter β.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ._count_estimators import CountTable
from ._special import digamma, log_rising, trigamma

F64: TypeAlias = NDArray[np.float64]

_NEGLIGIBLE = 46.0  # e^-46 = 1e-20: what the integrand may lose against its peak
_POINTS = 96  # of a search for the interval; the integral itself takes four times as many
_MOST_ROUNDS = 80


class _Posterior:
    """Evidence and moments of the entropy for Dirichlet parameters β = e^t."""

    def __init__(self, table: CountTable) -> None:
        self.k, self.n = float(table.n_symbols), table.n
        unseen = table.n_symbols - table.n_seen
        self.counts = np.append(table.counts, 0.0) if unseen else table.counts
        self.multiplicity = np.append(table.multiplicity, float(unseen)) if unseen else table.multiplicity

    def log_weight(self, t: F64) -> F64:
        """Log of evidence × dξ/dβ × β (the last for the integral over t)."""
        beta = np.exp(t)
        kappa = self.k * beta
        seen = self.counts > 0
        grown = log_rising(beta[:, None], self.counts[seen])
        evidence = grown @ self.multiplicity[seen] - log_rising(kappa, self.n)
        slope = self.k * trigamma(kappa + 1.0) - trigamma(beta + 1.0)
        # for large β the two terms agree to more and more digits: what is left of their asymptotic series
        tail = (1.0 - 1.0 / self.k) / (2.0 * beta**2) - (1.0 - 1.0 / self.k**2) / (6.0 * beta**3)
        return evidence + np.log(np.where(beta > 1e4, tail, np.maximum(slope, 1e-300))) + t

    def moments(self, t: F64) -> tuple[F64, F64]:
        """Mean and variance of the entropy given β (Wolpert & Wolf 1995), in a form without cancellation.

        With a_i = n_i + β, A = Σ a_i, w_i = a_i / A and b_i = ψ(a_i + 1): mean ψ(A + 1) - Σ w b, variance
        (Σ a (b - Σ w b)² + Σ a (a + 1) ψ'(a + 1)) / (A (A + 1)) - ψ'(A + 1).
        """
        a = self.counts + np.exp(t)[:, None]
        total = self.n + self.k * np.exp(t)
        b = digamma(a + 1.0)
        center = (a * b) @ self.multiplicity / total
        spread = (a * (b - center[:, None]) ** 2 + a * (a + 1.0) * trigamma(a + 1.0)) @ self.multiplicity
        variance = spread / (total * (total + 1.0)) - trigamma(total + 1.0)
        return digamma(total + 1.0) - center, np.maximum(variance, 0.0)


def _interval(posterior: _Posterior) -> tuple[float, float]:
    """Where the integrand is not negligible, found on ever finer grids around its peak."""
    # at worst the integrand falls like β below 1 / K and like 1 / β above N²
    low, high = -1.2 * _NEGLIGIBLE - math.log(posterior.k), 1.2 * _NEGLIGIBLE + 2.0 * math.log(posterior.n + 1.0)
    for _ in range(_MOST_ROUNDS):
        t = np.linspace(low, high, _POINTS)
        weight = posterior.log_weight(t)
        # past 10^13 samples the logarithm itself is rounded to more than that
        negligible = max(_NEGLIGIBLE, 16.0 * math.ulp(float(weight.max())))
        inside = np.flatnonzero(weight >= weight.max() - negligible)
        first, last = max(inside[0] - 1, 0), min(inside[-1] + 1, _POINTS - 1)
        if last - first > _POINTS // 3:
            return float(t[first]), float(t[last])
        low, high = float(t[first]), float(t[last])
    return low, high


def nsb(table: CountTable) -> tuple[float, float]:
    """Posterior mean and standard deviation of the entropy in nats."""
    if table.n_symbols == 1:
        return 0.0, 0.0
    posterior = _Posterior(table)
    t = np.linspace(*_interval(posterior), 4 * _POINTS)
    log_weight = posterior.log_weight(t)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean, variance = posterior.moments(t)
    value = float(weight @ mean)
    return value, math.sqrt(float(weight @ (variance + (mean - value) ** 2)))
